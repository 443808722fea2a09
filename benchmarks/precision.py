"""The effect of bfloat16 on a run: on its gradients, and on its result."""

from __future__ import annotations

import torch

from barestyle.metrics import score
from barestyle.networks import Network, Size, build_network
from barestyle.objective import Objective, build_objective
from barestyle.presets import preset
from barestyle.run.multiscale import MultiscaleMinimizer
from barestyle.run.precision import cast_network, gradient_cosine
from barestyle.run.scaled_inputs import ScaledInputs
from barestyle.run.stages import plan_stages
from barestyle.spec import LBFGS, Spec
from benchmarks.images import load_pair
from benchmarks.tables import Table

STEPS = 60
GRADIENT_STEPS = (0, 5, 20, 40, 60)
METRIC_NAMES = ("ssim", "patches", "held-out")


def _build_specs() -> dict[str, Spec]:
    """Return a spec for each loss, with L-BFGS, which supports mixed precision."""
    optimizer = LBFGS(steps=STEPS, tolerance=0)
    return {name: preset(name).spec.model_copy(update={"optimizer": optimizer}) for name in ("paper", "bare")}


def compare_gradients(device: torch.device, size: int) -> Table:
    """Compare the bfloat16 gradient with float32's along a float32 run, with style targets of either precision."""
    table = Table(
        f"bfloat16's gradient along a run in float32, {size} x {size}",
        ("preset", "step", "cosine", "relative error", "cosine with float32's targets"),
    )
    content, style = load_pair(size, device)
    for name, spec in _build_specs().items():
        network = _build_network(spec, device)
        bf16_network = cast_network(network, "bf16")
        accurate, bf16 = (build_objective(spec, each, content, style) for each in (network, bf16_network))
        mixed = _replace_targets(accurate, bf16_network)
        minimizer = MultiscaleMinimizer(
            spec,
            plan_stages(spec, Size(size, size), [Size(size, size)], "float32"),
            network,
            ScaledInputs.from_images(content, style),
        )
        for iterate in minimizer:
            if iterate.step not in GRADIENT_STEPS:
                continue
            expected, gradient, mixed_gradient = (
                objective.evaluate(iterate.image).gradient for objective in (accurate, bf16, mixed)
            )
            error = float((gradient - expected).norm() / expected.norm())
            table.add(
                name,
                iterate.step,
                f"{gradient_cosine(gradient, expected):.4f}",
                f"{error:.3f}",
                f"{gradient_cosine(mixed_gradient, expected):.4f}",
            )
    return table


def compare_results(device: torch.device, size: int) -> Table:
    """Run in each precision; return the final loss in float32, and metrics that no run optimizes."""
    table = Table(
        f"Runs of {STEPS} steps by precision, {size} x {size}",
        ("preset", "precision", "steps in bf16", "loss in float32", *METRIC_NAMES),
    )
    content, style = load_pair(size, device)
    for name, spec in _build_specs().items():
        network = _build_network(spec, device)
        accurate = build_objective(spec, network, content, style)
        for precision in ("float32", "mixed", "bf16"):
            stages = plan_stages(spec, Size(size, size), [Size(size, size)], precision)
            minimizer = MultiscaleMinimizer(spec, stages, network, ScaledInputs.from_images(content, style))
            bf16_steps = 0
            for _ in minimizer:
                bf16_steps += minimizer.stage.precision == "bf16"
            assert minimizer.best_so_far is not None
            image = minimizer.best_so_far.selected.image
            values = score(image.cpu(), content.cpu(), style.cpu(), metrics=METRIC_NAMES).values
            loss = float(accurate.evaluate(image).loss)
            table.add(name, precision, bf16_steps, f"{loss:.4g}", *[f"{values[metric]:.4g}" for metric in METRIC_NAMES])
    return table


def _build_network(spec: Spec, device: torch.device) -> Network:
    return build_network(spec.network, seed=0, deepest_layer=spec.deepest_layer).to(device)


def _replace_targets(accurate: Objective, bf16_network: Network) -> Objective:
    """Return the objective of a bfloat16 network with the style's statistics in float32."""
    return Objective(bf16_network, accurate._style_losses)
