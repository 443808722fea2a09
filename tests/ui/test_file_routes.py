"""A browser gets its own files in every format, and nobody else's."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image
from starlette.testclient import TestClient

from barestyle.run import record as records
from barestyle.ui.file_routes import create_router
from barestyle.ui.page_service import PageService
from barestyle.ui.session_cookie import COOKIE, SessionCookie, find_session_id
from tests.ui.test_page_service import start, wait_for


@pytest.fixture
def client(page_service: PageService) -> Iterator[TestClient]:
    app = FastAPI()
    app.add_middleware(SessionCookie)
    app.include_router(create_router(page_service))

    @app.get("/")
    async def index() -> str:
        return "page"

    with TestClient(app) as client:
        yield client


def test_the_cookie_is_set_once_and_not_readable_by_scripts(client: TestClient) -> None:
    header = client.get("/").headers["set-cookie"]
    assert re.fullmatch(rf"{COOKIE}=[\w-]{{32}}; Path=/; Max-Age=\d+; HttpOnly; SameSite=Lax", header)
    assert "set-cookie" not in client.get("/").headers
    client.cookies.clear()
    client.cookies.set(COOKIE, "../../etc")
    assert "set-cookie" in client.get("/").headers, "an id that is none is replaced"
    assert find_session_id("a=b; barestyle-session=short") is None


def test_results_are_downloaded_in_every_format(client: TestClient, page_service: PageService, tmp_path: Path) -> None:
    client.get("/")
    session = page_service.get_session(client.cookies[COOKIE])
    wait_for(start(page_service, session, film=True))
    (result,) = session.results.all
    url = f"/session/results/{result.info.id}"
    picture = client.get(f"{url}/picture")
    assert f"{result.info.name}.png" in picture.headers["content-disposition"]
    file = tmp_path / f"{result.info.name}.png"
    file.write_bytes(picture.content)
    assert records.find(file).seed == 0
    pixels = np.asarray(Image.open(file).convert("RGB")).astype(int)
    for kind, tolerance in (("jpg", 12), ("tif", 0)):
        answer = client.get(f"{url}/{kind}")
        assert answer.headers["content-disposition"].endswith(f"{result.info.name}.{kind}")
        converted = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB")).astype(int)
        assert np.abs(converted - pixels).mean() <= tolerance
    assert client.get(f"{url}/record").json()["kind"] == "barestyle-record"
    assert client.get(f"{url}/film").headers["content-type"] == "video/mp4"
    for kind in ("before", "after", "thumbnail"):
        assert Image.open(io.BytesIO(client.get(f"{url}/{kind}").content)).format == "JPEG"
    for missing in (f"{url}/secret", "/session/results/unknown/picture", "/session/pictures/unknown"):
        assert client.get(missing).status_code == 404
    assert client.get("/session/pictures/photo:coffee").headers["content-type"] == "image/jpeg"


def test_another_browser_gets_nothing(client: TestClient, page_service: PageService) -> None:
    client.get("/")
    session = page_service.get_session(client.cookies[COOKIE])
    wait_for(start(page_service, session))
    url = f"/session/results/{session.results.all[0].info.id}/picture"
    assert client.get(url).status_code == 200
    client.cookies.clear()
    assert client.get(url).status_code == 404
    client.get("/")
    page_service.get_session(client.cookies[COOKIE])
    assert client.get(url).status_code == 404
