"""Paint in trained styles beside the queue: threads, networks that are kept, and estimates from earlier pictures."""

from __future__ import annotations

import asyncio
import concurrent.futures
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import torch

from barestyle.errors import ImageError
from barestyle.feed_forward import StylePainter, TrainedStyle
from barestyle.feed_forward.image_sizes import MEASURED_PIXELS, SMALLEST_SIDE
from barestyle.hardware.memory import parse_memory
from barestyle.images import Picture
from barestyle.ui.compute import Compute
from barestyle.ui.errors import PageError, strip_folder
from barestyle.ui.job_queue import CLOSING
from barestyle.ui.trained_styles import TrainedStyleFile, load_style_file

DRAFT_SECONDS = 0.3
"""Time that a picture may take while a slider moves; if the full size takes longer, a smaller copy is painted."""

FIRST_DRAFT_PIXELS = 256 * 256
"""Pixels of the first copy, when it is not known yet how long a style takes."""

PIXEL_SECONDS = 3e-6
"""Seconds of a pixel in a style that has not painted yet, on a slow processor: the thread is chosen by it."""

LANES = {"quick": 1.0, "moderate": 10.0, "slow": math.inf}
"""Threads, and the longest pictures in seconds that each is for. So nobody waits for a much larger picture."""

MAX_OWN_WAITING = 8
"""Pictures of one session that may wait, so that it leaves room for others."""

CACHED_STYLES = 16
"""Networks that are kept, of some 2 MB each."""

CACHED_PAINTERS = 4
"""Painters that are kept; with ONNX Runtime each keeps the memory of its largest picture, 80 MB at 512 x 341 pixels."""

CACHED_PIXELS = MEASURED_PIXELS
"""Larger pictures, which are painted in tiles, get a painter that is not kept."""

T = TypeVar("T")


class InstantPainter:
    """Paints photographs in trained styles, in threads that do not wait for jobs of the queue.

    `run`, `estimate`, `expect`, `choose_draft` and `shut_down` are for the server's event loop. `find_painter`,
    `create_painter` and `paint` are for tasks of `run`, in its threads. `close` is called after the loop has ended.
    """

    def __init__(self, compute: Compute) -> None:
        self._max_waiting = compute.limits.max_waiting
        self._memory = parse_memory(compute.memory)
        self._lanes = {name: ThreadPoolExecutor(1, thread_name_prefix=f"instant-{name}") for name in LANES}
        self._running: dict[Future[Any], object] = {}  # with their owners; those that wait, too
        self._is_shut_down = False
        self._pixel_seconds: dict[str, float] = {}
        self._load = lru_cache(CACHED_STYLES)(_load)
        self._find_painter = lru_cache(CACHED_PAINTERS)(self._create_painter)

    def shut_down(self) -> None:
        """Take no more pictures, and drop those that wait; the running ones end."""
        self._is_shut_down = True
        for lane in self._lanes.values():
            lane.shutdown(wait=False, cancel_futures=True)

    def close(self, timeout: float) -> bool:
        """Shut down, wait up to `timeout` seconds for the running pictures, and return whether all have ended."""
        self.shut_down()
        return not concurrent.futures.wait(list(self._running), timeout).not_done

    def estimate(self, style: TrainedStyleFile, pixels: int) -> float | None:
        """Return the seconds that a picture takes, from the last one in this style; None before the first one."""
        seconds = self._pixel_seconds.get(style.info.sha256)
        return None if seconds is None else seconds * _count_pixels(pixels)

    def expect(self, style: TrainedStyleFile, pixels: int) -> float:
        """Return the seconds by which `run` chooses the thread of a picture: as `estimate`, with a guess for None."""
        seconds = self.estimate(style, pixels)
        return PIXEL_SECONDS * _count_pixels(pixels) if seconds is None else seconds

    def choose_draft(self, style: TrainedStyleFile, height: int, width: int) -> float:
        """Return the factor, at most 1, by which a copy is smaller that takes DRAFT_SECONDS."""
        seconds = self.estimate(style, height * width)
        share = FIRST_DRAFT_PIXELS / (height * width) if seconds is None else DRAFT_SECONDS / max(seconds, 1e-9)
        return math.sqrt(min(1.0, share))

    async def run(self, task: Callable[[], T], seconds: float, owner: object) -> T:
        """Run a task in the thread for pictures that take so long.

        `owner` is the session that asks. Raise PageError if too many pictures wait, or the server shuts down.
        """
        if self._is_shut_down:
            raise PageError(CLOSING)
        self._check_capacity(owner)
        lane = next(name for name, limit in LANES.items() if seconds <= limit)
        future = self._lanes[lane].submit(task)
        self._running[future] = owner
        future.add_done_callback(lambda done: self._running.pop(done, None))
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            request = asyncio.current_task()
            if request is not None and request.cancelling():  # the client has disconnected
                raise
            raise PageError(CLOSING) from None  # dropped by `shut_down`

    def _check_capacity(self, owner: object) -> None:
        # A copy, as threads remove what they have finished.
        owners = [other for future, other in list(self._running.items()) if not (future.running() or future.done())]
        if owners.count(owner) >= MAX_OWN_WAITING:
            raise PageError(f"{owners.count(owner)} of your instant pictures wait already; try again in a moment")
        if len(owners) >= self._max_waiting:
            raise PageError(f"{len(owners)} instant pictures wait already; try again in a moment")

    def find_painter(self, style: TrainedStyleFile, name: str, picture: Picture) -> StylePainter:
        """Return a painter at full strength for a picture; `name` is one of the file's styles.

        The last ones for small pictures are kept. Raises StyleFileError or SpecError.
        """
        if picture.height * picture.width > CACHED_PIXELS:
            return self.create_painter(style, name, 1.0)
        # One for each thread, as a painter keeps what it computes of a picture.
        return self._find_painter(style.file, style.info.sha256, name, threading.get_ident())

    def create_painter(self, style: TrainedStyleFile, name: str, strength: float) -> StylePainter:
        """Return a new painter, ready to paint. Raises StyleFileError or SpecError."""
        return self._start_painter(style.file, style.info.sha256, name, strength)

    def paint(self, style: TrainedStyleFile, painter: StylePainter, picture: Picture) -> Picture:
        """Return a painted picture, and note how long it took. Raises ImageError or DeviceError."""
        return self._measure(style, picture, lambda: painter.paint_picture(picture))

    def compute_output(self, style: TrainedStyleFile, painter: StylePainter, picture: Picture) -> Picture:
        """The same for a picture with the network's output, which is finished for each strength."""
        return self._measure(style, picture, lambda: replace(picture, pixels=painter.compute_output(picture.pixels)))

    def _measure(self, style: TrainedStyleFile, picture: Picture, paint: Callable[[], Picture]) -> Picture:
        started = time.perf_counter()
        try:
            painted = paint()
        except ImageError as error:
            raise ImageError(strip_folder(str(error), *([picture.path] if picture.path else []))) from None
        seconds = time.perf_counter() - started
        self._pixel_seconds[style.info.sha256] = seconds / _count_pixels(picture.height * picture.width)
        return painted

    def _create_painter(self, file: Path, sha256: str, name: str, _thread: int) -> StylePainter:
        return self._start_painter(file, sha256, name, 1.0)

    def _start_painter(self, file: Path, sha256: str, name: str, strength: float) -> StylePainter:
        trained = self._load(file, sha256)
        painter = StylePainter(trained, trained.mix({name: 1.0}, strength), memory=self._memory)
        painter.paint(torch.zeros(1, 3, SMALLEST_SIDE, SMALLEST_SIDE))  # it starts the engine, which is not timed
        return painter


def _count_pixels(pixels: int) -> int:
    """Return the pixels that the network computes: of a large picture, also those of the copy that is measured."""
    return pixels if pixels <= MEASURED_PIXELS else pixels + MEASURED_PIXELS


def _load(file: Path, _sha256: str) -> TrainedStyle:
    return load_style_file(file)
