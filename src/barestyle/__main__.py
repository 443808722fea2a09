"""`python -m barestyle` is the command line."""

import sys

from barestyle.cli import main

sys.exit(main())
