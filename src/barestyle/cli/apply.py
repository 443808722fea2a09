"""`barestyle apply`: paint photos in a trained style, each in one pass of a network."""

from __future__ import annotations

import glob
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from barestyle.cli import options
from barestyle.cli.batch_pairs import Pair, find_images
from barestyle.cli.clip_options import Every, FirstTime, LastTime
from barestyle.cli.clip_output import parse_selection
from barestyle.cli.display_options import DisplayOptions
from barestyle.cli.input_files import check_exist
from barestyle.cli.interrupt import Interrupt
from barestyle.cli.json_output import print_json
from barestyle.cli.output_option import create_folders, default_output
from barestyle.cli.standard_streams import STANDARD_STREAM, StandardInput
from barestyle.cli.trained_style import locate_style, parse_mix
from barestyle.errors import ImageError, OutputError, SpecError
from barestyle.hardware.engines import EngineName
from barestyle.limits import MAX_PIXELS

if TYPE_CHECKING:
    from barestyle.cli.paint_photo import PaintedPhoto, PhotoPainter


def apply(  # long: its options and their description
    style: options.TrainedStyle,
    photos: Annotated[
        list[str],
        typer.Argument(
            metavar="PHOTO",
            help="Images, folders or quoted patterns to paint; - for standard input; or one video.",
            show_default=False,
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="Output image of a single photo, or - for standard output; for several photos a folder, which is "
            "created if necessary; for a video a video, or a folder for frames, with a slash at its end (default: "
            "PHOTO-STYLE.png, or PHOTO-STYLE.mp4, in the current folder).",
            show_default=False,
        ),
    ] = None,
    mix: Annotated[
        list[str] | None,
        typer.Option(
            "--style",
            metavar="NAME=WEIGHT,...",
            help="Which of the file's styles, and in which proportions (default: the first one). May be repeated.",
            show_default=False,
        ),
    ] = None,
    strength: Annotated[float, typer.Option(metavar="X", help="Strength of the style, from 0 (the photo) to 1.")] = 1.0,
    size: Annotated[
        int | None,
        typer.Option(
            "--size",
            "-s",
            metavar="N",
            min=1,
            help="Longer side of the result in pixels (default: the photo's).",
            show_default=False,
        ),
    ] = None,
    engine: Annotated[
        EngineName,
        typer.Option(metavar="E", help="torch, onnx (ONNX Runtime), or auto: onnx if it is installed."),
    ] = "auto",
    memory: options.Memory = "auto",
    max_pixels: options.MaxPixels = MAX_PIXELS,
    start: FirstTime = None,
    end: LastTime = None,
    every: Every = 1,
    force: options.Force = False,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> int:
    """Paint every PHOTO in a trained style.

    There is no optimization: a photo of 512 pixels takes a fraction of a second. Of several photos, finished results
    are skipped, and one that fails does not stop the others; the exit code is then 1.

    A video is painted frame by frame.
    """
    is_clip = check_videos(photos)
    if not is_clip and (start, end, every) != (None, None, 1):
        raise SpecError("--from, --to and --every choose frames of a video; leave them out for photos")
    style_file = locate_style(style)
    if is_single(photos):
        check_exist([Path(photos[0])])  # before PyTorch may be imported
    selection = parse_selection(start, end, every) if is_clip else None
    from barestyle.cli.paint_photo import PhotoPainter  # with NumPy and Pillow

    painter = PhotoPainter(
        style_file,
        mix=parse_mix(mix),
        strength=strength,
        engine=engine,
        memory=memory,
        size=size,
        max_pixels=max_pixels,
    )
    display = DisplayOptions(quiet, as_json)
    if selection is not None:
        from barestyle.cli.apply_to_clip import apply_to_clip

        return apply_to_clip(painter, style_file, Path(photos[0]), selection, output, force=force, display=display)
    if is_single(photos):
        return apply_to_photo(painter, style_file, Path(photos[0]), output, force=force, display=display)
    return apply_to_photos(painter, style_file, photos, output, force=force, display=display)


def check_videos(photos: Sequence[str]) -> bool:
    """Return whether the only input is a video. Raise ImageError if a video is one of several inputs."""
    from barestyle.images.video_files import is_video_file

    videos = [photo for photo in photos if is_video_file(Path(photo))]
    if videos and len(photos) > 1:
        raise ImageError(f"{videos[0]!r} is a video, which is painted by itself; give it alone")
    return bool(videos)


def is_single(photos: Sequence[str]) -> bool:
    """Return whether the inputs are one file, rather than several, a folder or a pattern."""
    if len(photos) > 1:
        return False
    path = Path(photos[0])
    return path.is_file() or not (path.is_dir() or glob.has_magic(photos[0]))


def apply_to_photo(
    painter: PhotoPainter, style_file: Path, photo: Path, output: str | None, *, force: bool, display: DisplayOptions
) -> int:
    """Paint one photo, report it, and return the exit code."""
    target = default_output(output, (photo, style_file))
    standard_input = StandardInput([photo])
    if target.is_standard:
        display.check_standard_output()
    target.check_image(force=force, inputs=(photo, style_file))
    standard_input.read(max_pixels=painter.max_pixels)
    with create_folders([target]):
        painted = painter.paint(standard_input.replace(photo), target.path)
    report(painted, display)
    return 0


def report(painted: PaintedPhoto, display: DisplayOptions) -> None:
    """Print where the picture is; if it went to standard output, nothing else does."""
    if display.as_json:
        print_json(painted.describe())
    elif not display.quiet:
        is_standard = painted.path == STANDARD_STREAM
        name, file = ("standard output", sys.stderr) if is_standard else (painted.path, sys.stdout)
        print(f"{name}  {painted.width} x {painted.height} pixels in {painted.seconds:.1f} s", file=file)


def apply_to_photos(
    painter: PhotoPainter,
    style_file: Path,
    photos: Sequence[str],
    output: str | None,
    *,
    force: bool,
    display: DisplayOptions,
) -> int:
    """Paint several photos into a folder, print a summary, and return the exit code."""
    from barestyle.cli.batch import check_folder, check_outputs, create_folder, paint_all
    from barestyle.feed_forward.painting_record import read_painting_record

    folder = parse_folder(output)
    pairs = pair_outputs(
        [photo for photo in find_images(photos) if read_painting_record(photo) is None], style_file, folder
    )
    check_folder(folder, "-o")
    check_outputs(pairs)
    is_silent = display.quiet or display.as_json
    with Interrupt("the current photo will be finished", silent=is_silent) as interrupt:

        def paint(pair: Pair) -> PaintedPhoto | None:
            exists = pair.output.exists()
            if exists and not force and painter.is_finished(pair.content, pair.output):
                return None
            create_folder(pair.output.parent, "-o")
            painted = replace(painter.paint(pair.content, pair.output), interrupted=interrupt.requested)
            report(painted, DisplayOptions(quiet=is_silent))
            return painted

        return paint_all(pairs, paint, display)


def parse_folder(output: str | None) -> Path:
    """Return the folder that -o names, by default the current one. Raise OutputError if it names something else."""
    from barestyle.images import EXTENSIONS

    path = Path(output or ".")
    if path == STANDARD_STREAM or (path.suffix.lower() in EXTENSIONS and not path.is_dir()):
        raise OutputError(f"-o {output} is a single output, but several photos need a folder; name one with -o")
    return path


def pair_outputs(photos: Sequence[Path], style_file: Path, folder: Path) -> list[Pair]:
    """Return each photo with its output in a folder. Raise OutputError if two have the same, or ImageError for none."""
    pairs = [Pair(photo, style_file, folder / f"{photo.stem}-{style_file.stem}.png") for photo in photos]
    if not pairs:
        raise ImageError("all of these pictures were made by `barestyle apply`; give photos")
    photo_of: dict[Path, Path] = {}
    for pair in pairs:
        other = photo_of.setdefault(pair.output, pair.content)
        if other != pair.content:
            raise OutputError(
                f"{str(other)!r} and {str(pair.content)!r} would have the same result {str(pair.output)!r}; "
                "paint them into two folders"
            )
    return pairs
