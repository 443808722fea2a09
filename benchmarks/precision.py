"""What bfloat16 does to a real run: to its gradient on the way, and to what comes out."""

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
from benchmarks.pictures import pair
from benchmarks.tables import Table

STEPS = 60
LOOK_AT = (0, 5, 20, 40, 60)
JUDGES = ("ssim", "patches", "held-out")


def _specs() -> dict[str, Spec]:
    """Both losses, with the optimizer that may change its precision on the way."""
    optimizer = LBFGS(steps=STEPS, tolerance=0)
    return {name: preset(name).spec.model_copy(update={"optimizer": optimizer}) for name in ("paper", "bare")}


def gradients(device: torch.device, size: int) -> Table:
    """bfloat16's gradient against float32's along float32's own way, with targets of either precision."""
    table = Table(
        f"bfloat16's gradient along a run in float32, {size} x {size}",
        ("preset", "step", "cosine", "relative error", "cosine with float32's targets"),
    )
    content, style = pair(size, device)
    for name, spec in _specs().items():
        network = _network(spec, device)
        narrow = cast_network(network, "bf16")
        accurate, own = (build_objective(spec, one, content, style) for one in (network, narrow))
        foreign = _with_targets_of(accurate, narrow)
        course = MultiscaleMinimizer(
            spec,
            plan_stages(spec, Size(size, size), [Size(size, size)], "float32"),
            network,
            ScaledInputs.from_images(content, style),
        )
        for iterate in course:
            if iterate.step not in LOOK_AT:
                continue
            wanted, found, other = (one.evaluate(iterate.image).gradient for one in (accurate, own, foreign))
            error = float((found - wanted).norm() / wanted.norm())
            table.add(
                name,
                iterate.step,
                f"{gradient_cosine(found, wanted):.4f}",
                f"{error:.3f}",
                f"{gradient_cosine(other, wanted):.4f}",
            )
    return table


def results(device: torch.device, size: int) -> Table:
    """Runs in each precision: the loss that float32 sees at the end, and judges that no run optimizes."""
    table = Table(
        f"Runs of {STEPS} steps by precision, {size} x {size}",
        ("preset", "precision", "steps in bf16", "loss in float32", *JUDGES),
    )
    content, style = pair(size, device)
    for name, spec in _specs().items():
        network = _network(spec, device)
        accurate = build_objective(spec, network, content, style)
        for precision in ("float32", "mixed", "bf16"):
            way = plan_stages(spec, Size(size, size), [Size(size, size)], precision)
            course = MultiscaleMinimizer(spec, way, network, ScaledInputs.from_images(content, style))
            narrow = 0
            for _ in course:
                narrow += course.stage.precision == "bf16"
            assert course.best_so_far is not None
            image = course.best_so_far.selected.image
            judged = score(image.cpu(), content.cpu(), style.cpu(), metrics=JUDGES).values
            loss = float(accurate.evaluate(image).loss)
            table.add(name, precision, narrow, f"{loss:.4g}", *[f"{judged[one]:.4g}" for one in JUDGES])
    return table


def _network(spec: Spec, device: torch.device) -> Network:
    return build_network(spec.network, seed=0, deepest_layer=spec.deepest_layer).to(device)


def _with_targets_of(accurate: Objective, narrow: Network) -> Objective:
    """The objective of one network in bfloat16 against the style's statistics in float32."""
    return Objective(narrow, accurate._style_losses)
