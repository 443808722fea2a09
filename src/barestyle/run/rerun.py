"""An earlier run from its record: the same plan, from the same files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from barestyle.distributed import ALONE, ProcessGroup
from barestyle.errors import RecordError
from barestyle.images import ColorMask, MaskSource, Picture
from barestyle.limits import MAX_PIXELS
from barestyle.networks.vgg19 import TrainedLayers
from barestyle.run import record as records
from barestyle.run.plan import Plan, prepare
from barestyle.run.record import Input, MaskInput, Record
from barestyle.run.request import Request
from barestyle.spec import with_settings


@dataclass(frozen=True)
class RelocatedFiles:
    """New paths of an earlier run's files; None, or an empty tuple, if they are still where the record says."""

    content: Path | None = None
    styles: tuple[Path, ...] = ()
    masks: tuple[Path, ...] = ()
    keep: Path | None = None
    start: Path | None = None
    trained: Path | None = None


def plan_rerun(
    record: Record,
    record_path: Path,
    relocated: RelocatedFiles | None = None,
    *,
    device: str | None = None,
    max_pixels: int = MAX_PIXELS,
    group: ProcessGroup = ALONE,
) -> Plan:
    """Return the plan of a record that was read from `record_path`, a picture, a JSON file or a checkpoint.

    `device` replaces the record's, and `group` are the processes that paint it. Raises RecordError if a file is missing
    or has changed, and what `prepare` raises.
    """
    relocated = relocated or RelocatedFiles()
    folder = record_path.resolve().parent

    def locate(option: str, source: Input | None, new_path: Path | None) -> Path | None:
        return None if source is None else records.locate_input(option, source, new_path, folder)

    def locate_mask(option: str, source: MaskInput, new_path: Path | None) -> MaskSource:
        path = records.locate_input(option, source, new_path, folder)
        return ColorMask(path, *source.colors) if source.colors else path

    # 1. Find every file.
    check_relocated(record, record_path, relocated)
    content = records.locate_input("content", record.content, relocated.content, folder)
    style_paths = relocated.styles or (None,) * len(record.styles)
    styles = [
        records.locate_input("style", style, path, folder)
        for style, path in zip(record.styles, style_paths, strict=True)
    ]
    masked = sum(style.mask is not None for style in record.styles)
    mask_paths = iter(relocated.masks or (None,) * masked)
    masks = [
        None if style.mask is None else locate_mask("mask", style.mask, next(mask_paths)) for style in record.styles
    ]
    trained = locate("trained", record.weights, relocated.trained)
    spec = record.spec if trained is None else with_settings(record.spec, {"network.trained_file": str(trained)})
    # 2. Plan the same run.
    request = Request(
        content,
        styles,
        spec,
        weights=None if len(styles) == 1 else [style.weight for style in record.styles],
        masks=masks if masked else None,
        keep=None if record.keep is None else locate_mask("keep", record.keep, relocated.keep),
        start=locate("start", record.start, relocated.start),
        seed=record.seed,
        device=device or record.device,
        precision=record.precision,
        max_pixels=max_pixels,
        group=group,
    )
    # Another number of processes has other parts, for which it plans itself.
    plan = prepare(request, memory_plans=record.memory_plans if record.processes == group.size else ())
    # 3. Refuse files that have changed.
    check_hashes(record, plan, record_path)
    return plan


def check_relocated(record: Record, record_path: Path, relocated: RelocatedFiles) -> None:
    """Raise RecordError if new paths do not match the files that the run used."""
    for option, source, new_path, what in (
        ("trained", record.weights, relocated.trained, "trained weights"),
        ("keep", record.keep, relocated.keep, "a keep mask"),
        ("start", record.start, relocated.start, "a start image"),
    ):
        if source is None and new_path is not None:
            raise RecordError(f"{str(record_path)!r} was made without {what}; leave out --{option}")
    masks = sum(style.mask is not None for style in record.styles)
    for option, paths, count in (
        ("style", relocated.styles, len(record.styles)),
        ("mask", relocated.masks, masks),
    ):
        if paths and not count:
            raise RecordError(f"{str(record_path)!r} was made without {option}s; leave out --{option}")
        if paths and len(paths) != count:
            raise RecordError(
                f"{str(record_path)!r} was made with {count} {option}{'s' * (count != 1)}, not {len(paths)}; "
                f"name each with --{option}, in the same order"
            )


def check_hashes(record: Record, plan: Plan, record_path: Path) -> None:
    """Raise RecordError if a file differs from the one that the run used."""
    pairs: list[tuple[str, Input | None, Picture | TrainedLayers | None]] = [
        ("content", record.content, plan.content),
        ("keep", record.keep, plan.keep),
        ("start", record.start, plan.start),
        ("trained", record.weights, plan.trained),
    ]
    for recorded, style in zip(record.styles, plan.styles, strict=True):
        pairs += [("style", recorded, style.picture), ("mask", recorded.mask, style.mask)]
    for option, source, present in pairs:
        if source is None or source.path is None or present is None:
            continue  # not used, or only in memory, where the hash is not a file's
        if source.sha256 != present.sha256:
            raise RecordError(
                f"{str(present.path)!r} is not the {option} that {str(record_path)!r} was made from; "
                f"name the right file with --{option}"
            )
