"""A study's figures, tables and verdicts as a page and contact sheets; reads only the store and imports no torch."""

from barestyle.report.write import write_report

__all__ = ["write_report"]
