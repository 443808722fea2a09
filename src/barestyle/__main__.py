"""Run the command line with `python -m barestyle`."""

import sys

from barestyle.cli import main

sys.exit(main())
