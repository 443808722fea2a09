"""Requests are checked and their images read, each once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from barestyle.errors import DeviceError, ImageError
from barestyle.images import Picture, Source
from barestyle.images import read as read_image
from barestyle.run.plan import Plan, prepare
from barestyle.run.request import Request
from barestyle.spec import with_settings
from barestyle.ui import compute as compute_module
from barestyle.ui import uploads as module
from barestyle.ui.compute import Compute
from tests.ui.conftest import TINY
from tests.ui.test_jobs import make_request


def test_a_missing_device_is_refused_before_the_page_starts() -> None:
    with pytest.raises(DeviceError, match="'abacus'"):
        Compute(device="abacus").check()
    Compute().check()


def test_each_file_is_read_once_for_all_requests(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files: list[Source] = []

    def read(source: Source, *, max_pixels: int) -> Picture:
        files.append(source)
        return read_image(source, max_pixels=max_pixels)

    monkeypatch.setattr(module, "read", read)
    content, style = pictures / "content.png", pictures / "style.jpg"
    specs = [with_settings(TINY, {"size": 48, "network.channels": channels}) for channels in (4, 8)]
    plans = Compute().prepare([make_request(pictures, spec, 7) for spec in specs])
    assert files == [content, style]
    first, second = plans
    assert isinstance(first, Plan)
    assert isinstance(second, Plan)
    assert first.content is second.content
    assert first.style is second.style, "memory holds them once"
    for plan, spec in zip((first, second), specs, strict=True):
        expected = prepare(Request(content, style, spec, seed=7))
        assert plan.run_key == expected.run_key
        assert plan.files == expected.files
        assert plan.content.pixels.equal(expected.content.pixels)
        assert plan.style.pixels.equal(expected.style.pixels)


def test_pictures_of_different_sizes_are_not_shared(pictures: Path) -> None:
    requests = [make_request(pictures, with_settings(TINY, {"size": size})) for size in (48, 64)]
    plans = [plan for plan in Compute().prepare(requests) if isinstance(plan, Plan)]
    assert [plan.content.width for plan in plans] == [48, 64]
    assert [plan.style.height for plan in plans] == [48, 64]


def test_errors_take_the_place_of_plans_and_name_no_folder(pictures: Path, tmp_path: Path) -> None:
    letter = tmp_path / "letter.png"
    letter.write_text("not a picture")
    files = [letter, pictures / "content.png"]
    error, plan = Compute().prepare([replace(make_request(pictures), content=file) for file in files])
    assert isinstance(plan, Plan)
    assert isinstance(error, ImageError)
    assert str(error).startswith("'letter.png'")


def test_the_hardware_is_measured_before_the_first_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[str] = []
    monkeypatch.setattr(compute_module, "get_speed", lambda _device, precision: measured.append(precision))
    Compute(precision="float32").measure_speed()
    assert measured == ["float32"]
