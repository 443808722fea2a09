"""The declaration of a study: image pairs x variants x optimizers x seeds, arranged in figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from barestyle.errors import StudyError
from barestyle.presets import PRESETS, preset
from barestyle.spec import Spec, with_settings
from barestyle.spec.validation import FrozenModel
from barestyle.study.claims import Claim

Name = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        max_length=64,
        description="a name of up to 64 letters, digits and . _ - that begins with a letter or digit",
    ),
]
Settings = dict[str, Any]
Seeds = Annotated[tuple[Annotated[int, Field(ge=0, lt=2**63)], ...], Field(min_length=1)]

KIND = "barestyle-study"
FORMAT = 2
"""Incremented when declarations or stored cells change so that other versions could not read them."""


class Pair(FrozenModel):
    """A content and a style image: `photo:NAME`, `style:NAME`, or a path relative to the study's file.

    Reports and exports have only the numbers of a private pair, and none of its images.
    """

    content: str
    style: str
    private: bool = False


class Variant(FrozenModel):
    """A preset with settings. `letter` is the panel's letter in the paper, if the paper's text gives it."""

    variant: Name
    label: str
    letter: str = ""
    preset: str = "paper"
    set: Settings = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_spec(self) -> Variant:
        if "size" in self.set:
            raise ValueError(f"variant {self.variant!r} sets size, which is a field of the study; set it there")
        if self.preset not in PRESETS:
            raise ValueError(f"preset cannot be {self.preset!r}; it must be one of {', '.join(PRESETS)}")
        self.build_spec({})
        return self

    def build_spec(self, settings: Settings) -> Spec:
        """Return the variant's spec with more settings applied on top. Raises SpecError."""
        return with_settings(with_settings(preset(self.preset).spec, self.set), settings)


class Figure(FrozenModel):
    """Variants that are shown together."""

    figure: Name
    title: str
    source: str = ""
    panels: Annotated[tuple[Variant, ...], Field(min_length=1)]


class Optimizer(FrozenModel):
    """Settings that every variant is run with; `overrides` has other settings for single variants, by their name."""

    name: Name
    label: str
    set: Settings
    overrides: dict[str, Settings] = Field(default_factory=dict)


PAPER_OPTIMIZER = Optimizer(name="paper", label="the paper's L-BFGS", set={"optimizer": "paper-lbfgs"})
ROBUST_OPTIMIZER = Optimizer(name="robust", label="robust L-BFGS", set={"optimizer": "lbfgs"})
DEFAULT_PAIRS = (
    Pair(content="photo:chelsea", style="style:mosaic"),
    Pair(content="photo:coffee", style="style:swirls"),
    Pair(content="photo:astronaut", style="style:impasto"),
    Pair(content="photo:rocket", style="style:hatching"),
)


class Study(FrozenModel):
    """Every variant of every figure, with every optimizer, on every pair, with every seed.

    `variant_seeds` has other seeds for single variants, by name. A variant without a randomly drawn network is run with
    the first seed only: other seeds would repeat the result. `claims` are tested in addition to the paper's; a claim
    with the id of a shipped one replaces it. Claims are tested at `looks`, which are numbers of pairs, the first ones;
    by default once, with all pairs. `folder` is that of the study's file, which paths of images are relative to; it is
    not stored.
    """

    study: Name
    title: str
    folder: Path = Field(default=Path(), exclude=True)
    include: tuple[str, ...] = ()
    pairs: Annotated[tuple[Pair, ...], Field(min_length=1)] = DEFAULT_PAIRS
    seeds: Seeds = (0, 1, 2)
    variant_seeds: dict[str, Seeds] = Field(default_factory=dict)
    looks: tuple[Annotated[int, Field(ge=3)], ...] = ()
    size: Annotated[int, Field(ge=16, le=65536)] = 128
    optimizers: Annotated[tuple[Optimizer, ...], Field(min_length=1)] = (PAPER_OPTIMIZER, ROBUST_OPTIMIZER)
    metrics: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    figures: tuple[Figure, ...] = ()
    claims: tuple[Claim, ...] = ()

    @model_validator(mode="after")
    def _check_names(self) -> Study:
        check_names(self)
        if list(self.looks) != sorted(set(self.looks)) or (self.looks and self.looks[-1] > len(self.pairs)):
            raise ValueError(
                f"looks must be growing numbers of pairs up to {len(self.pairs)}, the number of the study's pairs, not "
                f"{', '.join(map(str, self.looks))}"
            )
        return self

    @property
    def variants(self) -> tuple[Variant, ...]:
        """Every panel of every figure, in order; a variant in two figures is listed twice."""
        return tuple(panel for figure in self.figures for panel in figure.panels)

    def find_variant(self, name: str) -> Variant | None:
        """Return the variant of that name, or None."""
        return next((variant for variant in self.variants if variant.variant == name), None)

    def seeds_of(self, variant: str, spec: Spec) -> tuple[int, ...]:
        """Return the seeds that a variant is run with: only the first one if its network has no random weights."""
        seeds = self.variant_seeds.get(variant, self.seeds)
        return seeds if spec.network.is_random else seeds[:1]

    @property
    def all_looks(self) -> tuple[int, ...]:
        """The numbers of pairs at which claims are tested."""
        return self.looks or (len(self.pairs),)

    def with_looks(self) -> Study:
        """Return the study with looks at a quarter, half and all of its pairs, unless it has looks of its own.

        Raises StudyError for fewer pairs than a test needs.
        """
        number = len(self.pairs)
        if number < 3:
            raise StudyError(
                f"claims need at least 3 pairs to be decided, and study {self.study!r} has {number}; add some"
            )
        looks = sorted({max(3, -(-number // part)) for part in (4, 2, 1)})
        return self if self.looks else self.model_copy(update={"looks": tuple(looks)})

    def build_spec(self, variant: Variant, optimizer: Optimizer) -> Spec:
        """Return the spec of a variant with an optimizer, at the study's size. Raises SpecError."""
        overrides = optimizer.overrides.get(variant.variant, {})
        return variant.build_spec({**optimizer.set, **overrides, "size": self.size})


def check_names(study: Study) -> None:
    """Raise ValueError if a name is used twice, or for two different specs."""
    for kind, names in (
        ("seeds", [str(seed) for seed in study.seeds]),
        ("pairs", [f"{pair.content} and {pair.style}" for pair in study.pairs]),
        ("optimizers", [optimizer.name for optimizer in study.optimizers]),
        ("figures", [figure.figure for figure in study.figures]),
        ("claims", [claim.id for claim in study.claims]),
    ):
        repeated = {name for name in names if names.count(name) > 1}
        if repeated:
            raise ValueError(f"{kind} name {sorted(repeated)[0]!r} twice; name each once")
    known: dict[str, Spec] = {}
    for variant in study.variants:
        spec = variant.build_spec({})
        if known.setdefault(variant.variant, spec) != spec:
            raise ValueError(f"variant {variant.variant!r} names two different specs; rename one of them")
