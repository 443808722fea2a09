"""The finished frames of a clip, kept on disk until all are finished, and the state after the last one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from barestyle.atomic_files import write_atomically, write_error
from barestyle.clips.frame import Frame
from barestyle.errors import OutputError
from barestyle.images import encode

SUFFIX = ".resume"
"""Appended to the name of the output."""

BYTES_PER_PIXEL = 2.2
"""Size of a painted frame as PNG: brush strokes compress little. The video itself takes a tenth of it."""


class StoredFrame(NamedTuple):
    """A finished frame: its file, and when and how long it is shown, in units of the clip's time base."""

    path: Path
    pts: int
    duration: int


class WorkFolder:
    """A folder beside the output, OUT.resume: a PNG file for each finished frame, and a state after the last one.

    A frame counts as finished once the state after it is written. So a process that is killed at any time loses at most
    the frame that it was painting, and another one with the same inputs and options continues behind the last one.

    Args:
        output: the file or folder that the frames are for.
        key: JSON values that two processes with the same inputs and options share.
        frames: folder for the PNG files, named by the frames; None for one in the work folder, with times in the names.
    """

    def __init__(self, output: Path, key: Mapping[str, object], frames: Path | None = None) -> None:
        named = output.resolve() if output.name in ("", "..") else output  # the folder . has no name
        self.path = named.with_name(named.name + SUFFIX)
        self._key = json.dumps(key, indent=1, sort_keys=True)
        self._has_times = frames is None
        self._frames = self.path / "frames" if frames is None else frames
        self.finished = 0
        """Number of finished frames."""

    def open(self, *, force: bool) -> dict[str, Tensor]:
        """Create the folder, or continue with an earlier one; return the state after the last frame, or {}.

        Raises OutputError if it belongs to other inputs or options, unless `force` allows to delete it.
        """
        try:
            if self.path.exists() and not self._is_same():
                if not force:
                    raise OutputError(
                        f"{str(self.path)!r} has frames of other inputs or options; repeat the earlier command to "
                        "finish them, or start over with --force"
                    )
                shutil.rmtree(self.path)
            if self.path.exists() and not self._frames.exists():
                shutil.rmtree(self.path)  # its frames were deleted
            self.path.mkdir(exist_ok=True)
            self._frames.mkdir(exist_ok=True)
        except OSError as error:
            raise write_error(self.path, error) from None
        if not self._is_same():
            write_atomically(self.path / "key.json", self._key.encode())
        return self._load_state()

    def _is_same(self) -> bool:
        with suppress(OSError):
            return (self.path / "key.json").read_text(encoding="utf-8") == self._key
        return False

    def _load_state(self) -> dict[str, Tensor]:
        state = self.path / "state.safetensors"
        if not state.exists():
            return {}
        try:
            with safe_open(state, framework="pt") as file:
                self.finished = int((file.metadata() or {})["finished"])
                return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, KeyError, ValueError) as error:
            raise OutputError(f"{str(state)!r} is damaged ({error}); start over with --force") from None

    def add(self, frame: Frame, image: Tensor, state: Mapping[str, Tensor]) -> None:
        """Write a finished frame, (1, 3, H, W) in 0..1, and the state after it. Raises OutputError."""
        name = f"{frame.number:08}_{frame.pts}_{frame.duration}" if self._has_times else frame.name
        write_atomically(self._frames / f"{name}.png", encode(image, None, ".png"))
        contiguous = {key: tensor.contiguous() for key, tensor in state.items()}
        data = save(contiguous, metadata={"finished": str(frame.number + 1)})
        write_atomically(self.path / "state.safetensors", data)
        self.finished = frame.number + 1

    def list_frames(self) -> list[StoredFrame]:
        """Return the finished frames with their times, in order."""
        frames = []
        for path in sorted(self._frames.glob("*_*_*.png")):
            number, pts, duration = path.stem.split("_")
            if int(number) < self.finished:
                frames.append(StoredFrame(path, int(pts), int(duration)))
        return frames

    def delete(self) -> None:
        """Delete the folder; errors are ignored, as the output is finished."""
        shutil.rmtree(self.path, ignore_errors=True)


def check_space(folder: WorkFolder, frames: int | None, size: tuple[int, int]) -> None:
    """Raise OutputError if the disk has too little room for what is left of a number of frames (height, width).

    A folder without frames is deleted then.
    """
    left = 0 if frames is None else max(frames - folder.finished, 0)
    needed = left * size[0] * size[1] * BYTES_PER_PIXEL
    free = shutil.disk_usage(folder.path).free
    if needed > free:
        if not folder.finished:
            folder.delete()
        raise OutputError(
            f"the disk of {str(folder.path)!r} has {free / 2**30:.1f} GiB free, but {left} frames of "
            f"{size[1]} x {size[0]} pixels need about {needed / 2**30:.1f} GiB; free some space, or choose a smaller "
            "--size or --to"
        )
