"""Routes for the files of a session: previews of pictures, and results in the formats that people download."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, Response

from barestyle.errors import BarestyleError
from barestyle.images import encode, read
from barestyle.ui.page_service import PageService
from barestyle.ui.page_session import PageSession
from barestyle.ui.result_store import StoredResult
from barestyle.ui.session_cookie import COOKIE, check_session_id

SCREEN_KINDS = {"before", "after", "thumbnail"}
DOWNLOAD_KINDS = {"picture": ".png", "record": ".png.json", "film": ".mp4"}
CONVERTED_KINDS = {"jpg": "image/jpeg", "tif": "image/tiff"}
CACHE = {"Cache-Control": "private, max-age=3600"}


def create_router(service: PageService) -> APIRouter:
    """Return the routes; a browser reaches only the files of its own session."""
    router = APIRouter()

    def find_session(request: Request) -> PageSession:
        session = service.service.sessions.find_page(check_session_id(request.cookies.get(COOKIE)))
        if session is None:
            raise HTTPException(404, "there is no such session; load the page again")
        return session

    @router.get("/session/pictures/{picture_id:path}")
    async def get_preview(picture_id: str, request: Request) -> Response:
        session = find_session(request)
        entry = service.library.get(picture_id)
        if entry is not None:
            try:
                preview = await service.service.run_in_reader(lambda: service.library.preview(entry))
            except BarestyleError as error:
                raise HTTPException(404, str(error)) from None
            return Response(preview, media_type="image/jpeg", headers=CACHE)
        stored = session.pictures.get(picture_id)
        if stored is None:
            raise HTTPException(404, "there is no such picture")
        return FileResponse(stored.preview, headers=CACHE)

    @router.get("/session/trained-styles/{style_id}/{number}")
    async def get_sample(style_id: str, number: int, request: Request) -> Response:
        style = find_session(request).trained_styles.find(style_id)
        if style is None or not style.sample(number).is_file():
            raise HTTPException(404, "there is no such trained style")
        return FileResponse(style.sample(number), headers=CACHE)

    @router.get("/session/results/{result_id}/{kind}")
    async def get_result(result_id: str, kind: str, request: Request) -> Response:
        result = find_session(request).results.get(result_id)
        if result is None:
            raise HTTPException(404, "there is no such picture; it may have been deleted")
        return await _respond(result, kind, service)

    return router


async def _respond(result: StoredResult, kind: str, service: PageService) -> Response:
    name = result.info.name
    if kind in SCREEN_KINDS and (path := result.file(kind)).exists():
        return FileResponse(path, headers=CACHE)
    if kind in DOWNLOAD_KINDS and (path := result.file(kind)).exists():
        return FileResponse(path, filename=f"{name}{DOWNLOAD_KINDS[kind]}", headers=CACHE)
    if kind in CONVERTED_KINDS:
        try:
            data = await service.service.run_in_reader(lambda: _convert(result.file("picture"), f".{kind}"))
        except BarestyleError as error:
            raise HTTPException(404, str(error)) from None
        headers = {**CACHE, "Content-Disposition": f"attachment; filename*=UTF-8''{quote(f'{name}.{kind}')}"}
        return Response(data, media_type=CONVERTED_KINDS[kind], headers=headers)
    raise HTTPException(404, "there is no such file of this picture")


def _convert(picture: Path, extension: str) -> bytes:
    """Return a PNG in another format; it has no more pixels than the page allows, as the page has painted it."""
    image = read(picture, max_pixels=sys.maxsize)
    return encode(image.pixels, image.alpha, extension, bits=image.bits)
