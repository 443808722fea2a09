"""The operations of instant pictures: choose a trained style, show a picture at once, keep it, enlarge it."""

from __future__ import annotations

import contextlib
import shutil
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from barestyle import samples
from barestyle.atomic_files import write_atomically
from barestyle.feed_forward.image_sizes import SMALLEST_SIDE
from barestyle.images import Picture, read, target_size
from barestyle.images.decode import check_pixels
from barestyle.ui import previews
from barestyle.ui.earlier_results import replace_fields
from barestyle.ui.errors import PageError
from barestyle.ui.form import INSTANT, Form, InstantChoice
from barestyle.ui.form_values import check_size
from barestyle.ui.instant_painter import InstantPainter
from barestyle.ui.instant_previews import InstantPreviews
from barestyle.ui.instant_results import TITLE, find_equal, make_caption, make_key, save_instant
from barestyle.ui.page_options import SLIDER_SIZE
from barestyle.ui.page_service import PageService
from barestyle.ui.page_session import PageSession
from barestyle.ui.result_store import ResultInfo, StoredResult
from barestyle.ui.status_text import format_rounded, format_short
from barestyle.ui.trained_styles import TrainedStyleFile, find_name, find_shipped, read_style_file
from barestyle.ui.uploads import link_file, read_upload

CACHED_PHOTOS = 4
"""Photos that are kept for previews, reduced to the largest size of the slider: at most 50 MB each."""

SAMPLE = "coffee"
"""The photo that shows what an uploaded style looks like."""

DRAFT_NOTE = "This is a smaller copy, with broader strokes; the full size follows."
REDUCED_NOTE = (
    f"This is shown at {previews.RESULT_SIDE} pixels, with broader strokes; the picture that is kept or downloaded has "
    "the full size."
)

SAMPLE_SECONDS = 0.1
"""About what a sample takes."""

AT_ONCE_SECONDS = 1.5
"""Time up to which the page does not say how long a picture takes."""


class InstantService:
    """The operations of instant pictures. Refused requests raise a BarestyleError."""

    def __init__(self, page_service: PageService, painter: InstantPainter) -> None:
        self._pages = page_service
        self._service = page_service.service
        self._painter = painter
        self._previews = InstantPreviews(painter)
        self._read_photo = lru_cache(CACHED_PHOTOS)(self._read_reduced)
        self._unfinished: set[tuple[object, ...]] = set()

    async def add_style(self, session: PageSession, upload: Path) -> list[dict[str, Any]]:
        """Store an uploaded file, and return its styles. Raise StyleFileError or PageError if it cannot be used."""
        claimed = self._service.sessions.claim_upload(upload)
        style = await self._service.run_in_reader(lambda: session.trained_styles.add(claimed))
        seconds = SAMPLE_SECONDS * len(style.info.names)
        await self._painter.run(lambda: self._paint_samples(style), seconds, session)
        return style.describe()

    def _paint_samples(self, style: TrainedStyleFile) -> None:
        """Paint a small picture in each style of a file, from which the next pictures' times are estimated, too."""
        photo = read(samples.photo(SAMPLE))
        photo = photo.resize(*target_size(photo.height, photo.width, previews.THUMBNAIL_SIDE))
        for number, name in enumerate(style.info.names):
            if not style.sample(number).exists():
                painted = self._painter.paint(style, self._painter.find_painter(style, name, photo), photo)
                write_atomically(style.sample(number), previews.to_jpeg(painted.pixels))

    async def preview(
        self, session: PageSession, form: Form, *, is_settled: bool, known_photo: str = "", known_side: int = 0
    ) -> dict[str, Any]:
        """Return the picture of a form for the screen, and the photo unless the page has it; see `InstantPreviews`.

        Args:
            session: of the browser.
            form: photo, trained style, strength and size.
            is_settled: whether the form has not changed for a moment.
            known_photo: id of the photo that the page shows beside the picture; empty for none.
            known_side: pixels of its long side.
        """
        style, name = _find_style(session, form)
        height, width = await self._find_shape(session, form)
        is_reduced = form.size > previews.RESULT_SIDE
        shape = _reduce_shape(height, width) if is_reduced else (height, width)
        file = self._pages.find_file(session, form.photo)

        def read_photo() -> Picture:
            return self._read_photo(file, file.stat().st_mtime_ns)

        sha256 = await self._service.run_in_reader(lambda: read_photo().sha256)
        painting = await self._previews.find_painting(
            style, name, sha256, read_photo, shape, is_settled=is_settled, owner=session
        )
        preview = await self._previews.encode(
            painting,
            form.instant.strength,
            is_settled=is_settled,
            known_side=known_side if known_photo == form.photo else 0,
            owner=session,
        )
        return {
            "picture": preview.picture,
            "photo": preview.photo,
            "photo_side": preview.side,
            "width": width,
            "height": height,
            "title": TITLE,
            "caption": make_caption(style, name, form, width, height),
            "note": DRAFT_NOTE if preview.is_draft else REDUCED_NOTE if is_reduced else "",
        }

    async def _find_shape(self, session: PageSession, form: Form) -> tuple[int, int]:
        """Return height and width of the form's picture. Raise PageError without a photo, and as `_check_shape`."""
        if not form.photo:
            raise PageError("choose a photo first; there are samples below its box")
        info = await self._pages.choose(session, form.photo)
        return self._check_shape(target_size(info.height, info.width, form.size))

    def _check_shape(self, shape: tuple[int, int]) -> tuple[int, int]:
        """Return height and width of a result. Raise PageError or PixelLimitError if they are too large or small."""
        limits = self._service.limits
        height, width = shape
        check_size(max(shape), limits)
        check_pixels(width, height, limits.max_pixels, "the result")
        if min(height, width) < SMALLEST_SIDE:
            raise PageError(
                f"the result would have {width} × {height} pixels, and a trained style needs at least {SMALLEST_SIDE} "
                "per side; choose a larger size"
            )
        return height, width

    def _read_reduced(self, file: Path, _modified: int) -> Picture:
        photo = read_upload(file, self._service.limits)
        if max(photo.height, photo.width) <= SLIDER_SIZE:
            return photo
        return photo.resize(*target_size(photo.height, photo.width, SLIDER_SIZE))

    async def keep(self, session: PageSession, form: Form) -> str:
        """Paint the picture of a form as `barestyle apply` does, and return the id of the result.

        An equal result is returned as it is. Raise PageError if an equal one is being painted.
        """
        style, name = _find_style(session, form)
        known = find_equal(session, form, style)
        if known is not None:
            return known
        key = (session.folder, *make_key(form, style))
        if key in self._unfinished:
            raise PageError("this picture is being painted already")
        self._unfinished.add(key)
        try:
            return (await self._paint_result(session, form, style, name)).id
        finally:
            self._unfinished.discard(key)

    async def _paint_result(self, session: PageSession, form: Form, style: TrainedStyleFile, name: str) -> ResultInfo:
        shape = await self._find_shape(session, form)
        file = self._pages.find_file(session, form.photo)
        folder = session.results.new_folder()
        try:
            info = await self._paint_files(folder, form, style, name, file, shape, session)
            if session not in self._service.sessions.pages:
                raise PageError("the page was closed meanwhile; paint the picture again")
            session.results.insert(info)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._service.job_queue.changes.notify()
        return info

    async def _paint_files(
        self,
        folder: Path,
        form: Form,
        style: TrainedStyleFile,
        name: str,
        file: Path,
        shape: tuple[int, int],
        owner: object,
    ) -> ResultInfo:
        """Paint a photo at a shape (height, width) as `barestyle apply` does, and write the files into a folder."""

        def paint() -> ResultInfo:
            # Read here, so that pictures that wait take no memory.
            photo = read_upload(file, self._service.limits)
            started = time.perf_counter()
            resized = photo.resize_samples(*shape)
            painter = self._painter.create_painter(style, name, form.instant.strength)
            painted = self._painter.paint(style, painter, resized)
            seconds = time.perf_counter() - started
            return save_instant(folder, form, style, painter, resized, painted, seconds)

        return await self._painter.run(paint, self._painter.expect(style, shape[0] * shape[1]), owner)

    async def enlarge(self, session: PageSession, result_id: str, size: int) -> str | None:
        """Paint an instant result again with a long side of `size` pixels, and return the id of the new one.

        Return None if the result is of a search, whose enlargement is queued. Raise a BarestyleError.
        """
        form = Form(**self._pages.get_result(session, result_id).info.form)
        return await self.keep(session, replace_fields(form, {"size": size})) if form.is_instant else None

    async def apply(
        self,
        session_id: str | None,
        photo: Path,
        style_file: Path | None,
        style_name: str,
        size: int | None,
        strength: float,
    ) -> Path:
        """Paint an uploaded photo for an API client, and return the PNG; its record is beside it.

        Args:
            session_id: of the client.
            photo: the upload.
            style_file: an uploaded .style file, or None for one that comes with barestyle.
            style_name: of the style in that file, empty for the first one; or of the one that comes with barestyle.
            size: long side of the result in pixels, None for the photo's.
            strength: 0 (the photo) to 1 (all style).

        Raise a BarestyleError for what cannot be painted.
        """
        sessions = self._service.sessions
        client = sessions.get_client(session_id)
        uploads = [sessions.claim_upload(upload) for upload in (photo, style_file) if upload is not None]
        with client.picture_folder() as folder:
            content, *own = (link_file(upload, folder / str(number)) for number, upload in enumerate(uploads))

            def read_inputs() -> tuple[int, int, TrainedStyleFile]:
                style = read_style_file(own[0]) if own else find_shipped(style_name)
                picture = read_upload(content, self._service.limits)
                return picture.height, picture.width, style

            height, width, style = await self._service.run_in_reader(read_inputs)
            name = find_name(style, style_name if own else "")
            side = max(height, width) if size is None else size
            choice = InstantChoice(style=style.info.id, name=name, strength=strength)
            form = Form(photo=content.name, look=INSTANT, instant=choice, size=side)
            shape = self._check_shape(target_size(height, width, form.size))
            info = await self._paint_files(folder, form, style, name, content, shape, client)
            return StoredResult(info, folder).file("picture")

    async def estimate(self, session: PageSession, form: Form) -> str:
        """Return what a form's instant picture takes, such as '4 s'; 'at once' if it is short or not known."""
        seconds = await self._estimate_seconds(session, form)
        return format_short(seconds) if seconds is not None and seconds > AT_ONCE_SECONDS else "at once"

    async def estimate_sizes(self, session: PageSession, result_id: str, sizes: list[int]) -> dict[str, str] | None:
        """Return what an instant result takes at larger sizes; None if it is of a search. Raise PageError."""
        form = Form(**self._pages.get_result(session, result_id).info.form)
        if not form.is_instant:
            return None
        seconds = {
            size: await self._estimate_seconds(session, form.model_copy(update={"size": size})) for size in sizes
        }
        return {
            str(size): f"about {format_rounded(duration)}" for size, duration in seconds.items() if duration is not None
        }

    async def _estimate_seconds(self, session: PageSession, form: Form) -> float | None:
        info = self._pages.describe_picture(session, form.photo)
        if info is None:
            return None
        with contextlib.suppress(PageError):  # a style that is not chosen, or not there, is refused when it paints
            style, _ = _find_style(session, form)
            height, width = target_size(info.height, info.width, form.size)
            return self._painter.estimate(style, height * width)
        return None


def _reduce_shape(height: int, width: int) -> tuple[int, int]:
    """Return height and width at RESULT_SIDE; the short side of a panorama stays as long as the network needs it."""
    reduced_height, reduced_width = target_size(height, width, previews.RESULT_SIDE)
    return max(SMALLEST_SIDE, reduced_height), max(SMALLEST_SIDE, reduced_width)


def _find_style(session: PageSession, form: Form) -> tuple[TrainedStyleFile, str]:
    """Return the file of the form's trained style, and the style's name. Raise PageError if it is not there."""
    if not form.instant.style:
        raise PageError("choose a trained style first")
    style = session.trained_styles.find(form.instant.style)
    if style is None:
        raise PageError("the trained style is not on the server any more; upload its file again")
    return style, find_name(style, form.instant.name)
