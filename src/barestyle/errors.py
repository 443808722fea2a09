"""Exceptions. Their text is one sentence with the value, what is allowed, and the remedy."""

from __future__ import annotations

from barestyle.stop_reasons import Ending, StopReason


class BarestyleError(Exception):
    """Base class of all errors of barestyle.

    `is_shared` tells that all processes that compute a picture together raise the same one.
    """

    is_shared = False


class SpecError(BarestyleError, ValueError):
    """A spec, preset, setting or option that is not valid."""


class ImageError(BarestyleError):
    """An image that cannot be read, is too large, or is too small for the network."""


class PixelLimitError(ImageError):
    """An image with more pixels than the limit."""


class WeightsError(BarestyleError):
    """A weights file that is missing, unreadable, or not VGG-19's."""


class StyleFileError(BarestyleError):
    """A trained style's file that is missing, unreadable, damaged, or of another version."""


class WebRuntimeError(BarestyleError):
    """Files of ONNX Runtime for browsers that are missing, damaged, or cannot be downloaded."""


class VideoError(BarestyleError):
    """A video that cannot be read, or that has no frames."""


class OutputError(BarestyleError):
    """An output path to which the result cannot be written."""


class RecordError(BarestyleError):
    """A record of an earlier run that is missing or unreadable, or whose images have changed."""


class DeviceError(BarestyleError):
    """A device that is not available, or too little memory."""


class ProcessGroupError(BarestyleError):
    """Processes that cannot compute a picture together, or one that ended or does not answer."""


class DivergedError(BarestyleError):
    """An optimization whose loss, or the style's features, became infinite or NaN, at every restart it was allowed."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending)
        self.ending = ending

    @property
    def stop_reason(self) -> StopReason:
        """The code of what went wrong."""
        return self.ending.reason


class TrainingError(BarestyleError):
    """A training of a feed-forward network whose loss became infinite or NaN."""


class StudyError(BarestyleError):
    """A study that is not valid, or cannot be stored, run or reported."""


class StorageError(StudyError):
    """A study's database failed during use; its content is preserved."""
