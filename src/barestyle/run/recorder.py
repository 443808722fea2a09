"""The record of a run, made from its plan and its attempts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor

from barestyle.distributed import RowShard
from barestyle.images import Picture, collect_slabs
from barestyle.optimize import Restarts
from barestyle.run.inputs import Style
from barestyle.run.led_minimizer import count_threads
from barestyle.run.multiscale import MultiscaleMinimizer
from barestyle.run.plan import Plan
from barestyle.run.record import Input, MaskInput, Record, StyleInput, package_versions
from barestyle.stop_reasons import StopReason, explain


def build_record(
    plan: Plan,
    restarts: Restarts[MultiscaleMinimizer],
    *,
    image: Tensor,
    losses: Sequence[float],
    interrupted: bool,
    seconds: float,
) -> Record:
    """Return the record of a run so far, with the hash of an image (1, 3, H, W) and absolute paths.

    Of a split image, all processes have to call this; it has the rows of this one.
    """
    ending = explain(StopReason.INTERRUPTED) if interrupted else restarts.ending
    return Record(
        digest=plan.spec.digest,
        spec=plan.spec,
        seed=plan.seed,
        network_seed=restarts.seed,
        perturbed=restarts.perturbed,
        content=_describe_picture(plan.content),
        styles=tuple(_describe_style(style) for style in plan.styles),
        keep=plan.keep and _describe_mask(plan.keep),
        start=plan.start and _describe_picture(plan.start),
        weights=plan.trained and Input(path=str(plan.trained.path.resolve()), sha256=plan.trained.sha256),
        width=plan.size[1],
        height=plan.size[0],
        device=str(plan.device),
        precision=plan.precision,
        memory_plans=restarts.current.memory_plans if restarts.current else (),
        threads=count_threads(plan.group),
        versions=package_versions(),
        evaluations=restarts.evaluations,
        restarts=restarts.count,
        interrupted=interrupted,
        stop_reason=ending.reason,
        reason=ending.sentence,
        seconds=round(seconds, 3),
        losses=tuple(losses),
        image_sha256=_hash_image(image.cpu(), plan.content.shard),
        processes=plan.group.size,
    )


def _hash_image(image: Tensor, shard: RowShard | None) -> str:
    """Return the SHA-256 of an image's samples (1, 3, H, W); of a split image, on the first process only."""
    if shard is None:
        return hashlib.sha256(image.contiguous().numpy().data).hexdigest()
    digest = hashlib.sha256()
    for plane in torch.split(image, 1, dim=1):
        for slab in collect_slabs(plane, shard):
            digest.update(slab.contiguous().numpy().data)
    return digest.hexdigest()


def _describe_style(style: Style) -> StyleInput:
    source = _describe_picture(style.picture)
    return StyleInput(
        path=source.path, sha256=source.sha256, weight=style.weight, mask=style.mask and _describe_mask(style.mask)
    )


def _describe_mask(mask: Picture) -> MaskInput:
    return MaskInput(**dict(_describe_picture(mask)), colors=mask.map_colors)


def _describe_picture(picture: Picture) -> Input:
    return Input(path=picture.path and str(picture.path.resolve()), sha256=picture.sha256)
