"""What a study is: pairs of pictures x variants x optimizers x seeds, laid out as figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field, model_validator

from barestyle.presets import PRESETS, preset
from barestyle.spec import Spec, with_settings
from barestyle.spec.validation import Frozen
from barestyle.study.claims import Claim

Name = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        max_length=64,
        description="takes a name of up to 64 letters, digits and . _ - that begins with a letter or digit",
    ),
]
Settings = dict[str, Any]

FORMAT = 1
"""Raised when declarations or stored cells change so that older programs could not read them."""


class Pair(Frozen):
    """A photograph and a style: `photo:NAME`, `style:NAME`, or a file's path, seen from the study's file."""

    content: str
    style: str


class Variant(Frozen):
    """A spec: a preset with fields replaced. `letter` is the paper's own panel, where its text gives it."""

    variant: Name
    label: str
    letter: str = ""
    preset: str = "paper"
    set: Settings = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_a_spec(self) -> Variant:
        if "size" in self.set:
            raise ValueError(f"variant {self.variant!r} sets size, which is the study's own field; set it there")
        if self.preset not in PRESETS:
            raise ValueError(f"preset cannot be {self.preset!r}; it takes one of {', '.join(PRESETS)}")
        self.spec({})
        return self

    def spec(self, settings: Settings) -> Spec:
        """The variant's spec with settings of the study on top. Raises SpecError."""
        return with_settings(with_settings(preset(self.preset).spec, self.set), settings)


class Figure(Frozen):
    """Variants that are looked at together."""

    figure: Name
    title: str
    source: str = ""
    panels: Annotated[tuple[Variant, ...], Field(min_length=1)]


class Optimizer(Frozen):
    """Settings that every variant is run with; `but` has others on top for variants that would take too long."""

    name: Name
    label: str
    set: Settings
    but: dict[str, Settings] = Field(default_factory=dict)


PAPERS = Optimizer(name="paper", label="the paper's L-BFGS", set={"optimizer": "paper-lbfgs"})
ROBUST = Optimizer(name="robust", label="robust L-BFGS", set={"optimizer": "lbfgs"})
PAIRS = (
    Pair(content="photo:chelsea", style="style:mosaic"),
    Pair(content="photo:coffee", style="style:swirls"),
    Pair(content="photo:astronaut", style="style:impasto"),
    Pair(content="photo:rocket", style="style:hatching"),
)


class Study(Frozen):
    """Every variant of every figure, under every optimizer, on every pair, with every seed.

    A variant whose network is not drawn is run with the first seed only: the others would repeat it. `claims` are
    tested beside the paper's; one with the id of a shipped one takes its place.
    """

    study: Name
    title: str
    include: tuple[str, ...] = ()
    pairs: Annotated[tuple[Pair, ...], Field(min_length=1)] = PAIRS
    seeds: Annotated[tuple[Annotated[int, Field(ge=0, lt=2**63)], ...], Field(min_length=1)] = (0, 1, 2)
    size: Annotated[int, Field(ge=16, le=65536)] = 128
    optimizers: Annotated[tuple[Optimizer, ...], Field(min_length=1)] = (PAPERS, ROBUST)
    metrics: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    figures: tuple[Figure, ...] = ()
    claims: tuple[Claim, ...] = ()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Study:
        for what, names in (
            ("seeds", [str(seed) for seed in self.seeds]),
            ("pairs", [f"{pair.content} and {pair.style}" for pair in self.pairs]),
            ("optimizers", [optimizer.name for optimizer in self.optimizers]),
            ("figures", [figure.figure for figure in self.figures]),
            ("claims", [claim.id for claim in self.claims]),
        ):
            twice = {name for name in names if names.count(name) > 1}
            if twice:
                raise ValueError(f"{what} name {sorted(twice)[0]!r} twice; name each once")
        known: dict[str, Spec] = {}
        for variant in self.variants():
            if known.setdefault(variant.variant, variant.spec({})) != variant.spec({}):
                raise ValueError(f"variant {variant.variant!r} stands for two specs; give one of them another name")
        return self

    def variants(self) -> Iterator[Variant]:
        """Every panel of every figure, in order; one that stands in two figures comes twice."""
        for figure in self.figures:
            yield from figure.panels

    def variant(self, name: str) -> Variant | None:
        """The variant of that name, or None."""
        return next((variant for variant in self.variants() if variant.variant == name), None)

    def spec(self, variant: Variant, optimizer: Optimizer) -> Spec:
        """What a variant is run as under an optimizer. Raises SpecError."""
        return variant.spec({**optimizer.set, **optimizer.but.get(variant.variant, {}), "size": self.size})
