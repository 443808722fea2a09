"""What can go wrong: every error is one sentence with the value, what is allowed, and the remedy."""

from __future__ import annotations

from barestyle.stop_reasons import Ending, StopReason


class BarestyleError(Exception):
    """Anything that barestyle refuses or cannot do; its text is one sentence for a person."""


class SpecError(BarestyleError, ValueError):
    """A spec, preset, field or value that cannot be used."""


class ImageError(BarestyleError):
    """A picture that cannot be read, is too large, or is too small for the network."""


class PixelLimitError(ImageError):
    """A picture with more pixels than the limit."""


class WeightsError(BarestyleError):
    """A file of trained weights that is missing, unreadable, or not VGG-19."""


class OutputError(BarestyleError):
    """A place where the result cannot be written."""


class RecordError(BarestyleError):
    """A record of an earlier run that is missing, unreadable, or does not fit its pictures."""


class DeviceError(BarestyleError):
    """A device that this machine does not have."""


class DivergedError(BarestyleError):
    """An optimization whose loss, or the style's features, became infinite or NaN, at every restart it was allowed."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending)
        self.ending = ending

    @property
    def stop_reason(self) -> StopReason:
        """The code of what went wrong."""
        return self.ending.reason


class StudyError(BarestyleError):
    """A study that cannot be declared, stored, run or reported."""


class StorageError(StudyError):
    """A study's database failed while it was being used; what is in it is kept."""
