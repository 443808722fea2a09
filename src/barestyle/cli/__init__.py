"""The command line."""

from barestyle.cli.app import main

__all__ = ["main"]
