"""The public functions: `transfer` starts a run, `resume` continues one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from barestyle.distributed import ALONE, ProcessGroup
from barestyle.hardware.threads import use_threads
from barestyle.images import MaskSource, Source
from barestyle.limits import MAX_PIXELS
from barestyle.presets import DEFAULT_PRESET
from barestyle.run.checkpoint import CheckpointConfig
from barestyle.run.plan import prepare
from barestyle.run.progress import CHECKPOINT_EVERY
from barestyle.run.request import Request
from barestyle.run.rerun import plan_rerun
from barestyle.run.result import Result
from barestyle.run.runner import OnProgress, run
from barestyle.run.split_checkpoint import agree_on_checkpoint
from barestyle.spec import Spec


def transfer(  # long: its arguments and their description
    content: Source,
    style: Source | Sequence[Source],
    spec: Spec | str = DEFAULT_PRESET,
    *,
    weights: Sequence[float] | None = None,
    masks: Sequence[MaskSource | None] | None = None,
    keep: MaskSource | None = None,
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
    group: ProcessGroup | None = None,
) -> Result:
    """Paint `content` in the style of `style`.

    Args:
        content: a path, PIL image, array (H, W[, channels]; uint8, uint16 or floats in 0..1) or tensor
            ([1,] channels, H, W). The result has its proportions and its transparency.
        style: one such picture, or a list of several whose statistics are pooled. Each is resized to the result's
            long side times `spec.style_scale`, in its own proportions. Its transparent pixels do not count.
        spec: a Spec, or the name of a preset.
        weights: a positive number for each of several styles; they are normalized.
        masks: a mask for each style: white where the style applies, gray where it applies in part; None for
            everything that the other masks leave. A `ColorMask` is a region of a segmentation map. Masks have the
            content's proportions, and are gray; transparent pixels count as black.
        keep: a mask, or a `ColorMask`, that is white where the content stays unchanged.
        start: a picture with the content's proportions to start from, such as an earlier result. To start from noise
            set `spec.start` instead.
        seed: seed of the network's random weights, from 0 to 2**63 - 1; a restart uses the next one.
        on_progress: called with a Progress after every iterate.
        should_stop: called after every iterate; if it returns True, the best picture so far is returned, marked as
            interrupted.
        device: auto, cpu, cuda or mps.
        precision: float32, bf16, mixed (bf16 first, float32 at the end), or auto: mixed on devices with fast bf16,
            float32 elsewhere and with the paper's optimizer.
        memory: how much memory the process may use, or PyTorch may allocate on a GPU, such as 4GiB; auto: most of
            what is free. Larger pictures are computed in tiles, with the same loss and gradient to rounding; if that
            is not enough, the robust L-BFGS stores fewer pairs.
        max_pixels: larger pictures are refused.
        checkpoint: a file that is updated with the state of the run, for `resume`.
        checkpoint_every: iterations between two updates of the checkpoint, which is as large as the optimizer's
            history.
        group: processes of torch.distributed that compute one picture together, such as
            `ProcessGroup(torch.distributed.group.WORLD)`; all of them call this with the same arguments. Each gets its
            rows of the result, and `Result.save`, which all call, writes the whole.

    Raises:
        SpecError, ImageError, WeightsError, DeviceError: before any heavy work.
        DivergedError: the loss became infinite or NaN at every restart that the spec allows.
        ProcessGroupError: another process of the group ended or does not answer.
    """
    request = Request(
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
        group=group or ALONE,
    )
    config = None if checkpoint is None else CheckpointConfig(Path(checkpoint), checkpoint_every)
    return run(prepare(request), on_progress=on_progress, should_stop=should_stop, checkpoint_config=config)


def resume(
    path: str | Path,
    *,
    on_progress: OnProgress | None = None,
    should_stop: Callable[[], bool] | None = None,
    checkpoint_every: int | None = None,
    max_pixels: int = MAX_PIXELS,
    group: ProcessGroup | None = None,
) -> Result:
    """Continue a run from its checkpoint; on the same machine the result is bit for bit that of an unbroken run.

    With another number of processes it is the same to rounding.

    Args:
        path: the checkpoint, which is updated while the run continues.
        on_progress: see `transfer`.
        should_stop: see `transfer`.
        checkpoint_every: iterations between two updates; by default as before.
        max_pixels: larger pictures are refused.
        group: see `transfer`.

    Raises:
        RecordError: the file is not a checkpoint, or was written by another version or for other pictures.
        SpecError, ImageError, WeightsError, DeviceError, DivergedError: see `transfer`.
    """
    path, group = Path(path), group or ALONE
    checkpoint = agree_on_checkpoint(path, group)
    config = CheckpointConfig(path, checkpoint_every or checkpoint.every)
    with use_threads(checkpoint.record.threads if group.size == 1 else None):
        plan = plan_rerun(checkpoint.record, path, max_pixels=max_pixels, group=group)
        return run(plan, on_progress=on_progress, should_stop=should_stop, checkpoint_config=config, resumed=checkpoint)
