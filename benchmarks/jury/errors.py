"""The error of a jury."""

from barestyle.errors import BarestyleError


class JuryError(BarestyleError):
    """A step of a jury that is not possible yet, or no longer."""
