"""A trained style as the start of a run."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
import torch
from PIL import Image

from barestyle import transfer
from barestyle.distributed import ProcessGroup, RowShard
from barestyle.errors import RecordError, SpecError, StyleFileError
from barestyle.images import read
from barestyle.networks import Size
from barestyle.run import record as records
from barestyle.run.plan import prepare
from barestyle.run.request import Request
from barestyle.run.rerun import plan_rerun
from barestyle.run.runner import run
from barestyle.run.stages import plan_stages
from barestyle.run.style_start import paint_start
from barestyle.spec import StyleStart
from tests.feed_forward.cases import make_style
from tests.run.conftest import input_spec, small_spec


@pytest.fixture
def style_file(tmp_path: Path) -> Path:
    path = tmp_path / "sunset.style"
    make_style().save(path)
    return path


def test_the_start_is_what_the_style_paints(
    content_image: Image.Image, style_image: Image.Image, style_file: Path
) -> None:
    plan = prepare(Request(content_image, style_image, input_spec(), start=style_file))
    style = make_style()
    assert plan.start is not None
    torch.testing.assert_close(plan.start.pixels, style.network(plan.content.pixels, style.mix()), atol=1e-4, rtol=0)
    assert plan.spec.start == StyleStart()
    picture = prepare(Request(content_image, style_image, input_spec(), start=plan.start.pixels))
    assert picture.spec.start.kind == "picture"


def test_a_rerun_paints_the_same_pixels(
    content_image: Image.Image, style_image: Image.Image, style_file: Path, tmp_path: Path
) -> None:
    for name, image in (("content", content_image), ("style", style_image)):
        image.save(tmp_path / f"{name}.png")
    files = tmp_path / "content.png", tmp_path / "style.png"
    spec = input_spec("bare", optimizer__steps=2, scales__finest_steps=2)
    result = transfer(*files, spec, start=style_file)
    out = result.save(tmp_path / "out.png")
    record = records.find(out)
    assert record.start is not None
    assert (record.start.path, record.spec.start) == ("sunset.style", StyleStart())
    assert run(plan_rerun(record, out)).record.image_sha256 == record.image_sha256
    # Another style's file is another start, and is noticed.
    make_style(seed=1).save(style_file)
    with pytest.raises(RecordError, match=r"sunset.style' is not the start that .*; name the right file with --start"):
        plan_rerun(record, out)


def test_the_run_has_the_last_scales_only() -> None:
    scales = {"scales": "coarse-to-fine", "scales__count": 4, "scales__finest_steps": 2}
    size = Size(96, 72)
    whole = plan_stages(small_spec(**scales), size, [size], "float32")
    assert len(whole) == 3
    for count in (1, 2, 3, 9):
        spec = small_spec(**scales, start="style", start__scales=count)
        assert plan_stages(spec, size, [size], "float32") == whole[-count:]


def test_refused(content_image: Image.Image, style_image: Image.Image, style_file: Path, tmp_path: Path) -> None:
    def plan(**values: object) -> None:
        arguments = {"spec": input_spec(), "start": style_file, **values}
        prepare(Request(content_image, style_image, **arguments))  # type: ignore[arg-type]

    with pytest.raises(SpecError, match="both from noise and from an image"):
        plan(spec=input_spec(start="noise"))
    with pytest.raises(SpecError, match="start=style needs a trained style; name its file with --start"):
        plan(spec=input_spec(start="style"), start=None)
    with pytest.raises(StyleFileError, match="there is no file"):
        plan(start=tmp_path / "none.style")
    content = read(content_image)
    object.__setattr__(
        content, "shard", RowShard(cast(ProcessGroup, type("Two", (), {"size": 2, "rank": 0})()), (0, 24, 48))
    )
    with pytest.raises(
        SpecError, match="needs the whole picture in one process; paint it with `barestyle apply` first"
    ):
        paint_start(style_file, content)
