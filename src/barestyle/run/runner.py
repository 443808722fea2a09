"""The loop of a run: from a plan to a Result."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor

from barestyle.distributed import ProcessGroup
from barestyle.errors import DeviceError, OutputError
from barestyle.hardware.kernels import use_repeatable_kernels
from barestyle.networks import build_network
from barestyle.objective import is_out_of_memory
from barestyle.optimize import Iterate, Restarts
from barestyle.run import split_checkpoint
from barestyle.run.checkpoint import Checkpoint, CheckpointConfig
from barestyle.run.estimate import start_time_left
from barestyle.run.multiscale import MultiscaleMinimizer
from barestyle.run.plan import Plan
from barestyle.run.postprocess import postprocess
from barestyle.run.preprocess import build_initial_image, prepare_inputs, rescale_trained_layers
from barestyle.run.progress import Progress
from barestyle.run.record import Record
from barestyle.run.recorder import build_record
from barestyle.run.result import Result
from barestyle.run.time_left import TimeLeft
from barestyle.spec import PaperLBFGS

PERTURBATION = 0.1
"""Share of uniform noise in a perturbed start: the paper's 10 % (section 3), which it does not define further.

A start from noise is all noise already and ignores it.
"""

OnProgress = Callable[[Progress], None]


@dataclass
class RunState:
    """A run in progress: its plan, its attempts, and the losses of the current attempt.

    `started` is the `time.perf_counter()` at which the run started, moved back by the time before a resume.
    """

    plan: Plan
    restarts: Restarts[MultiscaleMinimizer]
    started: float
    losses: list[float] = field(default_factory=list)
    interrupted: bool = False

    @property
    def seconds(self) -> float:
        """Time since the run started."""
        return time.perf_counter() - self.started

    def resume(self, checkpoint: Checkpoint) -> None:
        """Continue from a checkpoint instead of the start."""
        self.restarts.resume(checkpoint.state)
        self.losses += checkpoint.record.losses
        self.started -= checkpoint.record.seconds

    def iterate(self) -> Iterator[Iterate]:
        """Yield every iterate, and collect the losses of the current attempt."""
        restart_count = self.restarts.count
        for iterate in self.restarts:
            if self.restarts.count > restart_count:
                restart_count = self.restarts.count
                self.losses.clear()  # they are of an attempt that exploded
            self.losses.append(iterate.loss)
            yield iterate

    def build_progress(self, iterate: Iterate, time_left: TimeLeft) -> Progress:
        """Return what a progress bar or a page shows after an iterate."""
        seconds = self.seconds
        time_left.update(iterate.step, seconds=seconds, loss=iterate.loss, restarts=self.restarts.count)
        selected = self.restarts.best_so_far.selected  # not the best: an uninterrupted run would end with it
        return Progress(
            step=iterate.step,
            steps=self.plan.steps,
            done=time_left.share,
            evaluations=iterate.evaluations,
            loss=iterate.loss,
            parts=iterate.parts,
            gradient_norm=iterate.gradient_norm,
            seconds=seconds,
            restarts=self.restarts.count,
            picture=lambda: postprocess(self.plan, selected.image.cpu().clone()),  # the caller may overwrite it
            seconds_left=time_left.seconds,
        )

    def build_record(self, image: Tensor) -> Record:
        """Return the record of the run so far, with the hash of an image's float32 samples (1, 3, H, W)."""
        return build_record(
            self.plan,
            self.restarts,
            image=image,
            losses=self.losses,
            interrupted=self.interrupted,
            seconds=self.seconds,
        )

    def build_checkpoint(self, every: int) -> Checkpoint:
        """Return everything needed to continue later; its record has the hash of the stage's best image so far."""
        return Checkpoint(self.build_record(self.restarts.best_so_far.best.image), every, self.restarts.state())

    def build_result(self) -> Result:
        """Return the result: the selected image at the end, or the best one so far if the run was interrupted."""
        best_so_far = self.restarts.best_so_far
        selected = best_so_far.best if self.interrupted else best_so_far.selected
        image = postprocess(self.plan, selected.image.cpu())
        record = self.build_record(image)
        return Result(
            image=image,
            alpha=self.plan.content.alpha,
            bits=self.plan.content.bits,
            spec=self.plan.spec,
            losses=record.losses,
            evaluations=record.evaluations,
            restarts=record.restarts,
            stop_reason=record.stop_reason,
            reason=record.reason,
            interrupted=record.interrupted,
            seconds=record.seconds,
            record=record,
            shard=self.plan.content.shard,
        )


def run(
    plan: Plan,
    *,
    on_progress: OnProgress | None = None,
    should_stop: Callable[[], bool] | None = None,
    checkpoint_config: CheckpointConfig | None = None,
    resumed: Checkpoint | None = None,
) -> Result:
    """Run a plan; `transfer` documents the arguments.

    Args:
        checkpoint_config: where and how often to write checkpoints; None to write none.
        resumed: checkpoint to continue from.
    """
    # Gradients are needed even if the caller has disabled them.
    with torch.inference_mode(False), torch.enable_grad():
        # 1. Set up the attempts, or continue from a checkpoint.
        started = time.perf_counter()
        state = RunState(plan, build_restarts(plan), started)
        if resumed is not None:
            state.resume(resumed)
        time_left = None if on_progress is None else start_time_left(plan)
        # TF32 rounds to 10 bits: too coarse for float32, but fine enough for a run whose first part has bfloat16's 8.
        allow_tf32 = plan.precision != "float32"
        with use_repeatable_kernels(plan.device, allow_tf32=allow_tf32), translate_memory_errors(plan):
            for iterate in state.iterate():
                # 2. Report each iterate, and ask whether to stop.
                if on_progress is not None and time_left is not None:
                    on_progress(state.build_progress(iterate, time_left))
                wants_to_stop = should_stop is not None and should_stop()
                state.interrupted = bool(plan.group.sum(torch.tensor(float(wants_to_stop))) > 0)
                # 3. Write a checkpoint when it is due.
                if checkpoint_config is not None:
                    is_due = len(state.losses) % checkpoint_config.every == 0
                    if is_due or state.interrupted:
                        save_checkpoint(checkpoint_config, state.build_checkpoint(checkpoint_config.every), plan.group)
                if state.interrupted:
                    break
        # 4. Return the picture with its record.
        return state.build_result()


def build_restarts(plan: Plan) -> Restarts[MultiscaleMinimizer]:
    """Return the attempts of a plan: each one builds the network of its seed and minimizes over all stages."""
    inputs = prepare_inputs(plan)
    trained = rescale_trained_layers(plan)
    spec = plan.spec

    def start_attempt(seed: int, perturbed: bool) -> MultiscaleMinimizer:
        network = build_network(spec.network, seed=seed, deepest_layer=spec.deepest_layer, trained=trained).to(
            plan.device
        )
        return MultiscaleMinimizer(
            spec,
            plan.stages,
            network,
            inputs,
            start=partial(build_initial_image, seed=seed, noise=PERTURBATION if perturbed else 0.0),
            memory_limit=plan.memory_limit,
            memory_plans=plan.memory_plans,
        )

    limit = spec.optimizer.restarts if isinstance(spec.optimizer, PaperLBFGS) else 0
    return Restarts(start_attempt, plan.seed, limit)


@contextmanager
def translate_memory_errors(plan: Plan) -> Iterator[None]:
    """Turn PyTorch's error when memory runs out into a DeviceError with a remedy."""
    try:
        yield
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        height, width = plan.size
        raise DeviceError(
            f"{plan.device} has too little memory for this network at {width} x {height} pixels, even with the "
            "smallest tiles; choose a smaller --size (size in the spec) or fewer network.channels"
        ) from error


def save_checkpoint(config: CheckpointConfig, checkpoint: Checkpoint, group: ProcessGroup) -> None:
    """Write a checkpoint; if that fails, warn, because the run is worth more than its checkpoint."""
    try:
        split_checkpoint.save(config.path, checkpoint, group)
    except OutputError as error:
        message = f"{error}; the run continues, but can only be resumed from the previous checkpoint"
        warnings.warn(message, stacklevel=2)
