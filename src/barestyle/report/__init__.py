"""A study's figures, tables and verdicts as a page and sheets; it reads the store alone and knows no torch."""

from barestyle.report.write import write

__all__ = ["write"]
