"""Images read and written by several processes: those of one process."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from barestyle.distributed import ALONE, ProcessGroup, RowShard
from barestyle.errors import ImageError, OutputError, PixelLimitError
from barestyle.images import ColorMask, LabelMaps, Source, encode, read, read_split, save_split
from barestyle.images.split_write import PNGWriter
from barestyle.images.tiff_rows import read_header, read_rows
from tests.distributed.processes import run_processes

HEIGHT, WIDTH = 301, 270
"""More than a slab and a tile, and no multiple of either."""


def draw(channels: int, bits: int) -> np.ndarray:
    random = np.random.default_rng(0)
    return random.integers(0, 2**bits, (HEIGHT, WIDTH, channels)).astype(np.uint8 if bits == 8 else np.uint16)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same kinds of files as people have."""
    folder = tmp_path_factory.mktemp("files")
    rgb, deep, clear = draw(3, 8), draw(3, 16), draw(4, 8)
    clear[:150, :, 3] = 255  # only the last rows are transparent
    Image.fromarray(rgb).save(folder / "rgb.png")
    Image.fromarray(clear).save(folder / "clear.png")
    Image.fromarray(rgb[..., 0]).save(folder / "gray.jpg")
    turned = Image.Exif()
    turned[274] = 6
    Image.fromarray(rgb).save(folder / "turned.jpg", exif=turned)
    tifffile.imwrite(folder / "tiles.tif", rgb, tile=(64, 48), photometric="rgb", compression="adobe_deflate")
    tifffile.imwrite(folder / "strips.tif", deep, rowsperstrip=7, photometric="rgb")
    tifffile.imwrite(folder / "clear.tif", clear, tile=(64, 64), photometric="rgb", extrasamples=["unassalpha"])
    tifffile.imwrite(folder / "gray.tif", rgb[..., 0], rowsperstrip=50, photometric="minisblack")
    tifffile.imwrite(
        folder / "predicted.tif", deep, tile=(64, 64), photometric="rgb", predictor=True, compression="lzw"
    )
    tifffile.imwrite(folder / "floats.tif", rgb.astype(np.float32) / 255, photometric="rgb")
    tifffile.imwrite(folder / "planes.tif", rgb.transpose(2, 0, 1), photometric="rgb", planarconfig="separate")
    return folder


def test_only_plain_tiffs_are_read_by_rows(files: Path) -> None:
    headers = {path.name: read_header(path) for path in files.iterdir()}
    plain = {name for name, header in headers.items() if header is not None}
    assert plain == {"tiles.tif", "strips.tif", "clear.tif", "gray.tif", "predicted.tif"}
    assert headers["strips.tif"] == (HEIGHT, WIDTH, 3, 16, 1)


@pytest.mark.parametrize("name", ["tiles.tif", "strips.tif", "clear.tif", "gray.tif", "predicted.tif"])
@pytest.mark.parametrize(("top", "bottom"), [(0, 301), (0, 1), (63, 65), (130, 300), (300, 301), (40, 40)])
def test_rows_of_a_tiff(files: Path, name: str, top: int, bottom: int) -> None:
    whole = tifffile.imread(files / name)
    whole = whole[..., None] if whole.ndim == 2 else whole
    np.testing.assert_array_equal(read_rows(files / name, top, bottom), whole[top:bottom])


def test_processes_read_what_one_does(files: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(files, tmp_path / "files"))
    (folder / "cut.tif").write_bytes((files / "tiles.tif").read_bytes()[:-90_000])
    for outcome in run_processes(_read_all, 3, folder):
        assert outcome == "done"


def _read_all(group: ProcessGroup, folder: Path) -> str:
    good = [path for path in sorted(folder.iterdir()) if path.name != "cut.tif"]
    assert len(good) == 11
    for path in good:
        whole, own = read(path), read_split(path, group)
        assert own.shard is not None
        assert (own.height, own.width, own.bits, own.sha256) == (whole.height, whole.width, whole.bits, whole.sha256)
        assert torch.equal(own.pixels, own.shard.crop(whole.pixels)), path.name
        assert (own.alpha is None) == (whole.alpha is None)
        if own.alpha is not None and whole.alpha is not None:
            assert torch.equal(own.alpha, own.shard.crop(whole.alpha))
        small, expected = own.resize(64, 50), whole.resize(64, 50)
        assert small.shard is not None
        assert torch.equal(small.pixels, small.shard.crop(expected.pixels)), path.name
    Image.new("RGB", (1, 1)).save(folder / f"dot{group.rank}.png")
    with pytest.raises(ImageError, match=r"1 x 1 pixels, which is too small for 3 processes; use a larger image"):
        read_split(folder / "dot0.png", group)
    array = read_split(draw(3, 8), group)
    assert array.shard is not None
    assert torch.equal(array.pixels, array.shard.crop(read(draw(3, 8)).pixels))
    for name, kind in (("cut.tif", ImageError), ("missing.png", ImageError), ("missing.tif", ImageError)):
        with pytest.raises(kind, match=name):
            read_split(folder / name, group)
    for name in ("tiles.tif", "rgb.png"):
        with pytest.raises(PixelLimitError, match=name):
            read_split(folder / name, group, max_pixels=1000)
    return "done"


def test_processes_read_masks_and_several_pages_as_one_does(tmp_path: Path) -> None:
    labels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    labels[100:250, 30:200] = (255, 0, 0)
    Image.fromarray(labels).save(tmp_path / "map.png")
    Image.fromarray(labels).save(tmp_path / "map.jpg")
    tifffile.imwrite(tmp_path / "map.tif", labels, tile=(64, 64), photometric="rgb")
    tifffile.imwrite(tmp_path / "pages.tif", np.stack([labels, labels[::-1]]), rowsperstrip=7, photometric="rgb")
    for outcome in run_processes(_read_masks, 3, tmp_path):
        assert outcome == "done"


def _read_masks(group: ProcessGroup, folder: Path) -> str:
    sources: list[Source] = [folder / name for name in ("map.png", "map.jpg", "map.tif")]
    sources.append(np.asarray(Image.open(folder / "map.png")))
    for source in sources:
        mask = ColorMask(source, "#ff0000")
        whole, own = LabelMaps(ALONE, 10**6).read(mask), LabelMaps(group, 10**6).read(mask)
        assert own.shard is not None
        assert torch.equal(own.pixels, own.shard.crop(whole.pixels))
        assert (own.sha256, own.map_colors, own.path) == (whole.sha256, ("#ff0000",), whole.path)
        with pytest.raises(ImageError, match="has no pixel of the color #00ff00"):
            LabelMaps(group, 10**6).read(ColorMask(source, "#00ff00"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pages = read_split(folder / "pages.tif", group)
    assert pages.frames == 2
    assert [str(warning.message) for warning in caught if "pages; the first one is used" in str(warning.message)] == (
        [f"{str(folder / 'pages.tif')!r} has 2 pages; the first one is used"] if group.rank == 0 else []
    )
    return "done"


def test_processes_write_what_one_does(tmp_path: Path) -> None:
    for outcome in run_processes(_write_all, 3, tmp_path):
        assert outcome == "done"
    for bits in (8, 16):
        for channels in (3, 4):
            samples = draw(channels, bits)
            png, tif = (read(tmp_path / f"{bits}-{channels}{suffix}") for suffix in (".png", ".tif"))
            expected = read(samples)
            for picture in (png, tif):
                assert torch.equal(picture.pixels, expected.pixels)
                assert picture.bits == bits
                assert (picture.alpha is None) == (channels == 3)
            with tifffile.TiffFile(tmp_path / f"{bits}-{channels}.tif") as file:
                assert file.pages.first.is_tiled
    with Image.open(tmp_path / "8-3.png") as image:
        assert image.info["barestyle"] == '{"a": 1}'
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".png"] * 4 + [".tif"] * 4, "nothing else is left"


def _write_all(group: ProcessGroup, folder: Path) -> str:
    for bits in (8, 16):
        for channels in (3, 4):
            samples = torch.from_numpy(draw(channels, bits).astype(np.float64)) / (2**bits - 1)
            planes = samples.permute(2, 0, 1)[None].float()
            shard = RowShard.split(HEIGHT, group)
            pixels, alpha = shard.crop(planes[:, :3]), shard.crop(planes[:, 3:]) if channels == 4 else None
            for suffix in (".png", ".tif"):
                record = '{"a": 1}' if suffix == ".png" else None
                path = folder / f"{bits}-{channels}{suffix}"
                save_split(path, pixels, alpha, shard, bits=8 if bits == 8 else 16, record=record)
    with pytest.raises(OutputError, match=r"nowhere.a\.png"):
        save_split(folder / "nowhere" / "a.png", pixels, None, shard)
    return "done"


def test_a_png_is_about_as_small_as_the_library_makes_it(tmp_path: Path) -> None:
    """On a smooth picture, for which the filter matters."""
    ramp = torch.linspace(0, 1, 400).expand(1, 3, 300, 400)
    wave = (torch.arange(300) / 20).sin()[:, None] * 0.1 + ramp * 0.8 + 0.1
    path = tmp_path / "wave.png"
    levels = (wave[0].permute(1, 2, 0) * 255).round().byte().numpy()
    with PNGWriter(path, (300, 400, 3), 8, None) as png:
        png.write(levels[:100])
        png.write(levels[100:])
    assert torch.equal(read(path).pixels, read(levels).pixels)
    assert path.stat().st_size < 1.5 * len(encode(wave, None, ".png"))
