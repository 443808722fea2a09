"""An earlier run from its record: the same plan, from the same files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from barestyle.errors import RecordError
from barestyle.images import Picture
from barestyle.networks import Size
from barestyle.networks.vgg19 import TrainedLayers
from barestyle.run import record as records
from barestyle.run.memory_plan import MemoryPlan
from barestyle.run.plan import Plan, prepare
from barestyle.run.record import Input, MemoryPlanRecord, Record
from barestyle.run.request import Request
from barestyle.spec import MAX_PIXELS, with_settings


@dataclass(frozen=True)
class RelocatedFiles:
    """Where files of an earlier run lie now; None, or nothing, for where the record saw them."""

    content: Path | None = None
    styles: tuple[Path, ...] = ()
    masks: tuple[Path, ...] = ()
    keep: Path | None = None
    start: Path | None = None
    trained: Path | None = None


def plan_rerun(
    record: Record,
    earlier: Path,
    elsewhere: RelocatedFiles | None = None,
    *,
    device: str | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Plan:
    """The run of a record that lies beside, or in, the file `earlier`.

    Raises RecordError where a file is missing or is not the one of then, and what `prepare` raises.
    """
    elsewhere = elsewhere or RelocatedFiles()
    _check_needed(record, earlier, elsewhere)
    folder = earlier.resolve().parent

    def found(option: str, source: Input | None, now: Path | None) -> Path | None:
        return None if source is None else records.locate_input(option, source, now, folder)

    content = records.locate_input("content", record.content, elsewhere.content, folder)
    styles = [
        records.locate_input("style", one, now, folder)
        for one, now in zip(record.styles, _each(elsewhere.styles, len(record.styles)), strict=True)
    ]
    masked = [one.mask for one in record.styles if one.mask is not None]
    lying = iter(_each(elsewhere.masks, len(masked)))
    masks = [None if one.mask is None else found("mask", one.mask, next(lying)) for one in record.styles]
    trained = found("trained", record.weights, elsewhere.trained)
    spec = record.spec if trained is None else with_settings(record.spec, {"network.trained_file": str(trained)})
    plan = prepare(
        Request(
            content,
            styles,
            spec,
            weights=None if len(styles) == 1 else [one.weight for one in record.styles],
            masks=masks if masked else None,
            keep=found("keep", record.keep, elsewhere.keep),
            start=found("start", record.start, elsewhere.start),
            seed=record.seed,
            device=device or record.device,
            precision=record.precision,
            max_pixels=max_pixels,
        ),
        memory_plans=tuple(_fit(one) for one in record.memory_plans),
    )
    _check_same(record, plan, earlier)
    return plan


def _check_needed(record: Record, earlier: Path, elsewhere: RelocatedFiles) -> None:
    """Refuse a file that the run had no use for. Raises RecordError."""
    for option, source, now, what in (
        ("trained", record.weights, elsewhere.trained, "trained weights"),
        ("keep", record.keep, elsewhere.keep, "a mask of what is kept"),
        ("start", record.start, elsewhere.start, "a picture to begin with"),
    ):
        if source is None and now is not None:
            raise RecordError(f"{str(earlier)!r} was made without {what}; leave --{option} out")
    masks = sum(one.mask is not None for one in record.styles)
    for option, files, count in (
        ("style", elsewhere.styles, len(record.styles)),
        ("mask", elsewhere.masks, masks),
    ):
        if files and len(files) != count:
            raise RecordError(
                f"{str(earlier)!r} was made with {count} {option}{'s' * (count != 1)}, not {len(files)}; "
                f"name each with --{option}, in their order"
            )


def _each(files: tuple[Path, ...], count: int) -> list[Path | None]:
    return list(files) or [None] * count


def _check_same(record: Record, plan: Plan, earlier: Path) -> None:
    """Refuse files that are not those of then. Raises RecordError."""
    pairs: list[tuple[str, Input | None, Picture | TrainedLayers | None]] = [
        ("content", record.content, plan.content),
        ("keep", record.keep, plan.keep),
        ("start", record.start, plan.start),
        ("trained", record.weights, plan.trained),
    ]
    for then, now in zip(record.styles, plan.styles, strict=True):
        pairs += [("style", then, now.picture), ("mask", then.mask, now.mask)]
    for option, source, present in pairs:
        if source is None or source.path is None or present is None:
            continue  # nothing was taken, or it was in memory, and its hash is not a file's
        if source.sha256 != present.sha256:
            raise RecordError(
                f"{str(present.path)!r} is not the {option} that {str(earlier)!r} was made from; "
                f"name the right file with --{option}"
            )


def _fit(one: MemoryPlanRecord) -> MemoryPlan:
    tile = Size(one.tile_height, one.tile_width) if one.tile_height and one.tile_width else None
    return MemoryPlan(tile, one.held, one.history)
