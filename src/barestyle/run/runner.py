"""The main job, top to bottom: two pictures and a spec to a Result."""

from __future__ import annotations

import hashlib
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from barestyle.errors import DeviceError, OutputError, SpecError
from barestyle.images import Picture, Source
from barestyle.networks import build, normalized
from barestyle.networks import vgg19 as pretrained
from barestyle.objective import is_out_of_memory
from barestyle.optimize import Iterate, Restarts
from barestyle.presets import DEFAULT_PRESET
from barestyle.run import checkpoint as checkpoints
from barestyle.run import preprocess as painting
from barestyle.run.checkpoint import Checkpoint
from barestyle.run.inputs import Style
from barestyle.run.memory_plan import MemoryPlan
from barestyle.run.multiscale import MultiscaleMinimizer
from barestyle.run.plan import Plan, prepare
from barestyle.run.progress import CHECKPOINT_EVERY, Progress
from barestyle.run.record import Input, MemoryPlanRecord, Record, StyleInput, package_versions
from barestyle.run.request import Request
from barestyle.run.rerun import plan_rerun
from barestyle.run.result import Result
from barestyle.run.stages import fraction_done
from barestyle.spec import MAX_PIXELS, VGG, PaperLBFGS, Spec
from barestyle.stop_reasons import StopReason, explain

PERTURBATION = 0.1
"""Share of uniform noise in a perturbed start: the paper's 10 % (section 3), which it does not define further."""

OnProgress = Callable[[Progress], None]


def transfer(
    content: Source,
    style: Source | Sequence[Source],
    spec: Spec | str = DEFAULT_PRESET,
    *,
    weights: Sequence[float] | None = None,
    masks: Sequence[Source | None] | None = None,
    keep: Source | None = None,
    start: Source | None = None,
    seed: int = 0,
    on_progress: OnProgress | None = None,
    should_stop: Callable[[], bool] | None = None,
    device: str = "auto",
    precision: str = "auto",
    memory: str = "auto",
    max_pixels: int = MAX_PIXELS,
    checkpoint: str | Path | None = None,
    checkpoint_every: int = CHECKPOINT_EVERY,
) -> Result:
    """Repaint `content` in the style of `style`.

    Args:
        content: a path, PIL image, array (H, W[, channels]; uint8, uint16 or floats in 0..1) or tensor
            ([1,] channels, H, W). The result has its proportions, and its transparency.
        style: likewise, or a list of several, whose statistics are pooled; each is resized to the result's long side
            times `spec.style_scale`, in its own proportions, and what is transparent in it does not count.
        spec: a Spec, or a preset's name.
        weights: one positive number for each of several styles; they are normalized.
        masks: one for each style, white where it is asked for, gray where in part; None for all that the other masks
            leave. They have the content's proportions.
        keep: a mask that is white where the content stays as it is.
        start: a picture of the content's proportions to begin with, as an earlier result; for noise, `spec.start`.
        seed: of the network's random weights, from 0 to 2**63 - 1; a restart uses the next one.
        on_progress: called with a Progress after every iterate.
        should_stop: asked after every iterate; the best picture so far is returned, marked as interrupted.
        device: auto, cpu, cuda or mps.
        precision: float32, bf16, mixed (bf16, and float32 at the end), or auto: mixed where the device is made for
            it, float32 elsewhere and with the paper's optimizer.
        memory: that the process may take, or that may be allocated on a GPU, like 4GiB; auto: most of what is free.
            Pictures that would need more are worked on in tiles, with the same loss and gradient to rounding; where
            that is not enough, the robust L-BFGS remembers less.
        max_pixels: larger pictures are refused.
        checkpoint: a file that is kept up to date with the run's state, from which `resume` goes on.
        checkpoint_every: after so many iterations it is written anew; it is as large as what the optimizer remembers.

    Raises:
        SpecError, ImageError, WeightsError, DeviceError: before any heavy work.
        DivergedError: the loss exploded at every restart that the spec allows.
    """
    plan = prepare(
        Request(
            content,
            style,
            spec,
            weights=weights,
            masks=masks,
            keep=keep,
            start=start,
            seed=seed,
            device=device,
            precision=precision,
            memory=memory,
            max_pixels=max_pixels,
        )
    )
    checkpoint_config = None if checkpoint is None else CheckpointConfig(Path(checkpoint), checkpoint_every)
    return run(plan, on_progress=on_progress, should_stop=should_stop, checkpoint_config=checkpoint_config)


def resume(
    path: str | Path,
    *,
    on_progress: OnProgress | None = None,
    should_stop: Callable[[], bool] | None = None,
    checkpoint_every: int | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Result:
    """Go on with a run from its checkpoint, and end as it would have ended, bit for bit on the same machine.

    Args:
        path: of the checkpoint; it is kept up to date meanwhile.
        on_progress: as for `transfer`.
        should_stop: likewise.
        checkpoint_every: another number of iterations than before.
        max_pixels: larger pictures are refused.

    Raises RecordError where it is no checkpoint, or of other pictures or versions, and what `transfer` raises.
    """
    path = Path(path)
    found = checkpoints.load(path)
    plan = plan_rerun(found.record, path, max_pixels=max_pixels)
    checkpoint_config = CheckpointConfig(path, checkpoint_every or found.every)
    threads = torch.get_num_threads()
    # Sums are split among threads, so their number shows in the last bit.
    torch.set_num_threads(found.record.threads)
    try:
        return run(
            plan, on_progress=on_progress, should_stop=should_stop, checkpoint_config=checkpoint_config, resumed=found
        )
    finally:
        torch.set_num_threads(threads)


@dataclass
class CheckpointConfig:
    """Where a run's checkpoint lies, and after how many iterations it is written anew."""

    path: Path
    every: int

    def __post_init__(self) -> None:
        if isinstance(self.every, bool) or not isinstance(self.every, int) or self.every < 1:
            raise SpecError(f"a checkpoint cannot be written every {self.every!r} iterations; give 1 or more")


def run(
    plan: Plan,
    *,
    on_progress: OnProgress | None = None,
    should_stop: Callable[[], bool] | None = None,
    checkpoint_config: CheckpointConfig | None = None,
    resumed: Checkpoint | None = None,
) -> Result:
    """Do what `prepare` has checked; see `transfer`. With a keeper it can be resumed, and with `resumed` it is."""
    # Whatever a caller has switched off, here gradients are needed.
    with torch.inference_mode(False), torch.enable_grad():
        return _run(plan, on_progress, should_stop, checkpoint_config, resumed)


def _run(
    plan: Plan,
    on_progress: OnProgress | None,
    should_stop: Callable[[], bool] | None,
    checkpoint_config: CheckpointConfig | None,
    resumed: Checkpoint | None,
) -> Result:
    began = time.perf_counter()
    attempts = _attempts(plan)
    losses: list[float] = []
    if resumed is not None:
        attempts.resume(resumed.state)
        losses += resumed.record.losses
        began -= resumed.record.seconds
    restarts = attempts.count
    interrupted = False
    # TF32 rounds to 10 bits: no float32, but good enough where most of the way was in bfloat16's 8.
    repeatable = {"benchmark": False, "deterministic": True, "allow_tf32": plan.precision != "float32"}
    with torch.backends.cudnn.flags(enabled=True, **repeatable), _told_of_memory(plan):
        for iterate in attempts:
            if attempts.count > restarts:
                restarts = attempts.count
                losses.clear()  # of an attempt that exploded
            losses.append(iterate.loss)
            if on_progress is not None:
                on_progress(_progress(plan, attempts, iterate, time.perf_counter() - began))
            interrupted = should_stop is not None and should_stop()
            if checkpoint_config is not None and (interrupted or len(losses) % checkpoint_config.every == 0):
                record = _record(plan, attempts, attempts.best.image, losses, interrupted, time.perf_counter() - began)
                _keep(checkpoint_config, Checkpoint(record, checkpoint_config.every, attempts.state()))
            if interrupted:
                break
    return _result(plan, attempts, tuple(losses), interrupted, time.perf_counter() - began)


def _keep(checkpoint_config: CheckpointConfig, found: Checkpoint) -> None:
    """Write a checkpoint; where that fails the run is worth more than its checkpoint."""
    try:
        checkpoints.save(checkpoint_config.path, found)
    except OutputError as error:
        warnings.warn(f"{error}; the run goes on, and could be resumed from before only", stacklevel=2)


@contextmanager
def _told_of_memory(plan: Plan) -> Iterator[None]:
    """Turn PyTorch's page about memory into a sentence with a remedy."""
    try:
        yield
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        height, width = plan.size
        raise DeviceError(
            f"{plan.device} has too little memory for this network at {width} x {height} pixels, even in the smallest "
            "tiles; choose a smaller --size (size in the spec) or fewer network.channels"
        ) from error


def _attempts(plan: Plan) -> Restarts[MultiscaleMinimizer]:
    """Searches for the plan's picture, each with the network of its seed."""
    pictures = painting.pictures(plan)
    trained = _trained(plan)
    spec = plan.spec

    def attempt(seed: int, perturbed: bool) -> MultiscaleMinimizer:
        network = build(spec.network, seed=seed, deepest_tap=spec.deepest_tap, trained=trained).to(plan.device)
        return MultiscaleMinimizer(
            spec,
            plan.stages,
            network,
            pictures,
            start=partial(painting.start, seed=seed, share=PERTURBATION if perturbed else 0.0),
            asked_memory=plan.memory,
            memory_plans=plan.memory_plans,
        )

    restarts = spec.optimizer.restarts if isinstance(spec.optimizer, PaperLBFGS) else 0
    return Restarts(attempt, plan.seed, restarts)


def _trained(plan: Plan) -> pretrained.TrainedLayers | None:
    """The trained layers, rescaled over the run's own pictures where the spec or their size asks for it.

    Deviation: the paper uses torchvision's weights as they are; so do we with those, and not with Oxford's.
    """
    if plan.trained is None or not isinstance(plan.spec.network, VGG):
        return None
    images = [normalized(picture.pixels) for picture in (plan.content, *(style.picture for style in plan.styles))]
    wanted = plan.spec.network.rescale
    if wanted is True or (wanted == "auto" and pretrained.is_far_from_unit_scale(plan.trained, images)):
        return pretrained.rescaled(plan.trained, images)
    return plan.trained


def _progress(plan: Plan, attempts: Restarts[MultiscaleMinimizer], iterate: Iterate, seconds: float) -> Progress:
    kept = attempts.kept
    return Progress(
        step=iterate.step,
        steps=plan.steps,
        done=fraction_done(plan.stages, iterate.step),
        evaluations=iterate.evaluations,
        loss=iterate.loss,
        parts=iterate.parts,
        gradient_norm=iterate.gradient_norm,
        seconds=seconds,
        restarts=attempts.count,
        picture=lambda: painting.finished(plan, kept.image.cpu().clone()),
    )


def _result(
    plan: Plan, attempts: Restarts[MultiscaleMinimizer], losses: tuple[float, ...], interrupted: bool, seconds: float
) -> Result:
    # The paper's method shows its last picture; whoever stops it half-way gets the best one so far.
    image = painting.finished(plan, (attempts.best if interrupted else attempts.kept).image.cpu())
    record = _record(plan, attempts, image, losses, interrupted, seconds)
    return Result(
        image=image,
        alpha=plan.content.alpha,
        bits=plan.content.bits,
        spec=plan.spec,
        losses=losses,
        evaluations=attempts.evaluations,
        restarts=attempts.count,
        stop_reason=record.stop_reason,
        reason=record.reason,
        interrupted=interrupted,
        seconds=seconds,
        record=record,
    )


def _record(
    plan: Plan,
    attempts: Restarts[MultiscaleMinimizer],
    image: Tensor,
    losses: Sequence[float],
    interrupted: bool,
    seconds: float,
) -> Record:
    ending = explain(StopReason.INTERRUPTED) if interrupted else attempts.ending
    return Record(
        digest=plan.spec.digest,
        spec=plan.spec,
        seed=plan.seed,
        network_seed=attempts.seed,
        perturbed=attempts.perturbed,
        content=_input(plan.content),
        styles=tuple(_style(one) for one in plan.styles),
        keep=plan.keep and _input(plan.keep),
        start=plan.start and _input(plan.start),
        weights=plan.trained and Input(path=str(plan.trained.path.resolve()), sha256=plan.trained.sha256),
        width=plan.size[1],
        height=plan.size[0],
        device=str(plan.device),
        precision=plan.precision,
        memory_plans=tuple(_fitting(one) for one in attempts.current.memory_plans) if attempts.current else (),
        threads=torch.get_num_threads(),
        versions=package_versions(),
        evaluations=attempts.evaluations,
        restarts=attempts.count,
        interrupted=interrupted,
        stop_reason=ending.reason,
        reason=ending.sentence,
        seconds=round(seconds, 3),
        losses=tuple(losses),
        image_sha256=hashlib.sha256(image.cpu().contiguous().numpy().data).hexdigest(),
    )


def _fitting(one: MemoryPlan) -> MemoryPlanRecord:
    height, width = one.tile or (None, None)
    return MemoryPlanRecord(tile_height=height, tile_width=width, held=one.held, history=one.history)


def _style(one: Style) -> StyleInput:
    source = _input(one.picture)
    return StyleInput(path=source.path, sha256=source.sha256, weight=one.weight, mask=one.mask and _input(one.mask))


def _input(picture: Picture) -> Input:
    return Input(path=picture.path and str(picture.path.resolve()), sha256=picture.sha256)
