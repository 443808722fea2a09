"""The course of one attempt: one search for each scale and precision, each going on from where the last one ended."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from barestyle import memory
from barestyle.fitting import Fit, fit
from barestyle.images import resized
from barestyle.losses import Evaluation, Objective, Region, Sample, Tiling, assemble
from barestyle.networks import Network, Size, minimum_side
from barestyle.optimise import Evaluate, Experience, Iterate, Search
from barestyle.spec import LBFGS, Adam, CoarseToFine, FeatureContentLoss, PaperLBFGS, Spec

Precision = Literal["float32", "bf16", "mixed"]

FINISH = 0.25
"""Share of the finest scale's steps that mixed precision takes in float32."""

CHECK_EVERY = 20
LEAST_COSINE = 0.5
"""Mixed precision goes over to float32 where, looked at every so many steps, bfloat16's gradient points elsewhere.

It only has to point downhill: runs that fell to 0.7 ended where those in float32 do (docs/performance.md).
"""

DTYPES = {"float32": torch.float32, "bf16": torch.bfloat16}


class Leg(NamedTuple):
    """A part of the course: a size, a precision, and the most steps; `watched` where it may end before."""

    size: Size
    precision: Literal["float32", "bf16"]
    steps: int
    watched: bool = False


def legs(spec: Spec, size: Size, styles: Sequence[Size], precision: Precision) -> list[Leg]:
    """What a run does one after the other; smaller scales than the network can work with are left out."""
    steps = spec.optimiser.steps
    if isinstance(spec.optimiser, PaperLBFGS):
        return [Leg(size, "float32" if precision == "mixed" else precision, steps * spec.optimiser.iterations_per_step)]
    rough: Literal["float32", "bf16"] = "float32" if precision == "float32" else "bf16"
    watched = precision == "mixed"
    found = []
    if isinstance(spec.scales, CoarseToFine):
        smallest = minimum_side(spec.network)
        for number in range(spec.scales.scales - 1, 0, -1):
            factor = spec.scales.factor**number
            small = shrunk(size, factor)
            if min(min(shrunk(one, factor)) for one in (size, *styles)) >= smallest:
                found.append(Leg(small, rough, steps, watched))
        steps = spec.scales.finest_steps if found else steps
    if not watched:
        return [*found, Leg(size, rough, steps)]
    last = max(round(FINISH * steps), 1)
    first = [Leg(size, "bf16", steps - last, watched)] if steps > last else []
    return [*found, *first, Leg(size, "float32", last)]


def handed_over(leg: Leg, taken: int, to_go: list[Leg]) -> list[Leg]:
    """The legs to go where a watched one is left after so many steps: float32 takes the others, at the same size."""
    left = leg.steps - taken
    if to_go and (to_go[0].size, to_go[0].precision) == (leg.size, "float32"):
        return [to_go[0]._replace(steps=to_go[0].steps + left), *to_go[1:]]
    return [Leg(leg.size, "float32", left), *to_go] if left else to_go


def share_done(legs: list[Leg], step: int) -> float:
    """The share of all legs' work, 0..1, that so many steps are; a step costs what its pixels cost."""
    pixels = [leg.size.height * leg.size.width for leg in legs]
    total = sum(area * leg.steps for area, leg in zip(pixels, legs, strict=True))
    done, left = 0, step
    for area, leg in zip(pixels, legs, strict=True):
        done += area * min(left, leg.steps)
        left -= min(left, leg.steps)
    return done / total


def shrunk(size: Size, factor: float) -> Size:
    """A size divided by a factor, to the nearest pixel."""
    return Size(max(round(size.height / factor), 1), max(round(size.width / factor), 1))


@dataclass(frozen=True)
class Pictures:
    """What goes into a search, on the device, at the result's size: (1, 3, h, w) in 0..1, and masks (1, 1, h, w).

    `base` is the picture that the search changes, the content or what is given in its place, and None where it begins
    with noise. `keep` says where the content stays as it is.
    """

    content: Tensor
    regions: tuple[Region, ...]
    base: Tensor | None
    keep: Tensor | None = None

    @classmethod
    def of(cls, content: Tensor, style: Tensor) -> Pictures:
        """One style for all of the content, which is where the search begins."""
        return cls(content, (Region((Sample(style),)),), content)

    @property
    def size(self) -> Size:
        """Height and width of the content."""
        return Size(*self.content.shape[-2:])

    def at(self, size: Size) -> Pictures:
        """All shrunk alike, so that the content has `size`."""
        if size == self.size:
            return self
        content = resized(self.content, *size)
        base = content if self.base is self.content else _resized(self.base, size)
        factor = max(self.size) / max(size)
        return Pictures(
            content, tuple(_shrunk(one, size, factor) for one in self.regions), base, _resized(self.keep, size)
        )


def _shrunk(region: Region, size: Size, factor: float) -> Region:
    """A region of a picture of another size, its styles shrunk by a factor."""
    samples = []
    for sample in region.samples:
        small = shrunk(Size(*sample.pixels.shape[-2:]), factor)
        samples.append(replace(sample, pixels=resized(sample.pixels, *small), mask=_resized(sample.mask, small)))
    return replace(region, samples=tuple(samples), mask=_resized(region.mask, size))


def _resized(planes: Tensor | None, size: Size) -> Tensor | None:
    return None if planes is None else resized(planes, *size)


def content_of(pictures: Pictures) -> Tensor:
    """Where most searches begin."""
    return pictures.content


class Course:
    """The legs of one attempt as one search: iterate over it, and read `kept`, `best` and `reason` at any time.

    It begins at `start` of the first leg's pictures. Iterates of small scales come at the result's size: the base with
    the change made so far.
    """

    def __init__(
        self,
        spec: Spec,
        legs: list[Leg],
        network: Network,
        pictures: Pictures,
        *,
        start: Callable[[Pictures], Tensor] = content_of,
        asked_memory: int | None = None,
        fits: tuple[Fit, ...] = (),
    ) -> None:
        self._spec = spec
        self._legs = legs
        self._network = network
        self._pictures = pictures
        self._start = start
        self._asked_memory = asked_memory
        self._given_fits = fits
        self._fits: list[Fit] = []
        self._objective: Objective | None = None
        self._in_use = 0
        self.leg = legs[0]
        """The part that is under way."""
        self.kept: Iterate | None = None
        self.best: Iterate | None = None
        self.reason = "it was stopped before its end"

    @property
    def fits(self) -> tuple[Fit, ...]:
        """How each leg so far was fitted into memory, as it was in the end."""
        if self._objective is None:
            return tuple(self._fits)
        tiling = self._objective.tiling
        return (*self._fits[:-1], replace(self._fits[-1], tile=tiling.side, held=tiling.held))

    def __iter__(self) -> Iterator[Iterate]:
        """Every iterate of every leg. Raises what the optimiser raises."""
        # Once, as each leg gives back what it took, but for the history that its own share has room for.
        self._in_use = memory.in_use(self._network.device)
        self._check_largest()
        at = self._pictures.at(self._legs[0].size)
        start = self._start(at)
        steps = evaluations = number = 0
        experience: Experience | None = None
        to_go = list(self._legs)
        while to_go:
            self.leg = to_go.pop(0)
            here = self._pictures.at(self.leg.size)
            start = carried(start, at.base, here.base, here.size)
            at = here
            search, check = self._search(number, self.leg, here, start, experience)
            number += 1
            done, taken = 0, self.leg.steps
            for iterate in search:
                done = iterate.evaluations
                self._look(search, here, steps, evaluations)
                yield self._at_full_size(iterate, here, steps, evaluations)
                is_due = self.leg.watched and iterate.step % CHECK_EVERY == 0 and iterate.step < self.leg.steps
                if is_due and not check(iterate.image):
                    taken = iterate.step
                    to_go = handed_over(self.leg, taken, to_go)
                    break
            kept = search.kept
            assert kept is not None
            start, self.reason = kept.image, search.reason
            steps += taken
            evaluations += done
            # Another precision is the same function nearly; another size is another one.
            goes_on = to_go and to_go[0].size == self.leg.size
            experience = search.experience if goes_on else None
            # The next leg begins with an empty house: what is left of this one is the picture and its experience.
            self._fits, self._objective = list(self.fits), None
            del search, check, kept

    def _look(self, search: Search, here: Pictures, steps: int, evaluations: int) -> None:
        """Take over what a search shows; what is the same iterate stays one."""
        assert search.kept is not None
        assert search.best is not None
        same = search.kept is search.best
        self.kept = self._at_full_size(search.kept, here, steps, evaluations)
        self.best = self.kept if same else self._at_full_size(search.best, here, steps, evaluations)

    def _at_full_size(self, iterate: Iterate, here: Pictures, steps: int, evaluations: int) -> Iterate:
        image = iterate.image
        whole = self._pictures
        if here is not whole:
            image = carried(image, here.base, whole.base, whole.size)
        elif not steps and whole.keep is None:
            return iterate
        if whole.keep is not None:
            image = image.lerp(whole.content, whole.keep)
        return replace(iterate, image=image, step=steps + iterate.step, evaluations=evaluations + iterate.evaluations)

    def _search(
        self, number: int, leg: Leg, here: Pictures, start: Tensor, experience: Experience | None
    ) -> tuple[Search, Callable[[Tensor], bool]]:
        """The search of a leg, and whether its gradient is still good enough at an image."""
        network = in_precision(self._network, leg.precision)
        fitted = self._fit(number, leg, network)
        known = experience.history if experience is not None else None
        if known is not None and fitted.history is not None:
            # Room for more pairs is worth less than the pairs there are.
            fitted = replace(fitted, history=min(known.size, fitted.history))
        objective = assemble(self._spec, network, here.content, here.regions, tiling=fitted.tiling())
        evaluate = keeping(objective.evaluate, here)
        self._fits.append(fitted)
        self._objective = objective
        changes: dict[str, int] = {}
        if not isinstance(self._spec.optimiser, PaperLBFGS):
            changes["steps"] = leg.steps
        if isinstance(self._spec.optimiser, LBFGS) and fitted.history is not None:
            changes["history"] = fitted.history
        optimiser: LBFGS | PaperLBFGS | Adam = self._spec.optimiser.model_copy(update=changes)

        def is_good(image: Tensor) -> bool:
            found = evaluate(image).gradient
            objective.let_go()
            tiling = halved(fitted, leg.size)
            accurate = assemble(self._spec, self._network, here.content, here.regions, tiling=tiling)
            return cosine(found, keeping(accurate.evaluate, here)(image).gradient) >= LEAST_COSINE

        return Search(evaluate, start, optimiser, experience), is_good

    def _check_largest(self) -> None:
        """Raises DeviceError where the last leg will not fit, before the others have done their work."""
        number, leg = len(self._legs) - 1, self._legs[-1]
        self._fit(number, leg, in_precision(self._network, leg.precision))

    def _fit(self, number: int, leg: Leg, network: Network) -> Fit:
        if number < len(self._given_fits):
            return self._given_fits[number]
        content_loss = self._spec.content_loss
        return fit(
            network,
            self._spec.optimiser,
            leg.size,
            in_use=self._in_use,
            budget=memory.budget(network.device, self._asked_memory),
            content_tap=content_loss.tap if isinstance(content_loss, FeatureContentLoss) else None,
            masks=sum(region.mask is not None for region in self._pictures.regions),
        )


def keeping(evaluate: Evaluate, pictures: Pictures) -> Evaluate:
    """An evaluation of the picture in which what is protected is the content's, as a function of the other picture.

    Where the mask is white the gradient is zero; where it is grey the two are blended.
    """
    keep, content = pictures.keep, pictures.content
    if keep is None:
        return evaluate

    def blended(image: Tensor) -> Evaluation:
        found = evaluate(image.lerp(content, keep))
        return replace(found, gradient=found.gradient.mul_(1 - keep))

    return blended


def in_precision(network: Network, precision: Literal["float32", "bf16"]) -> Network:
    """The network itself, or a copy with its weights and features in another precision."""
    if network.dtype == DTYPES[precision]:
        return network
    return copy.deepcopy(network).to(DTYPES[precision])


def halved(fitted: Fit, size: Size) -> Tiling:
    """Tiles of half the pixels: in float32 they take what the whole ones take in bfloat16."""
    height, width = fitted.tile or size
    return Tiling(Size(-(-height // 2), width), fitted.held)


def carried(image: Tensor, base: Tensor | None, larger: Tensor | None, size: Size) -> Tensor:
    """What was changed in the base of one size, brought to the base of another: (1, 3, h, w) in 0..1.

    The larger base's own details stay; enlarging the picture itself would lose them. Without a base it has to do.
    """
    if tuple(image.shape[-2:]) == size:
        return image
    change = image if base is None else image - base
    change = F.interpolate(change, size, mode="bicubic", align_corners=False)
    return (change if larger is None else change.add_(larger)).clamp_(0, 1)


def cosine(one: Tensor, other: Tensor) -> float:
    """Cosine of the angle between two gradients."""
    # Off the device first, as not every one has float64.
    return float(F.cosine_similarity(one.flatten().cpu().double(), other.flatten().cpu().double(), dim=0))
