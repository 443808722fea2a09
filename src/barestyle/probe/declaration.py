"""The probes that are compared, and the claims about them."""

from __future__ import annotations

from importlib.resources import files
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, model_validator

from barestyle.presets import preset
from barestyle.spec import Spec, with_settings
from barestyle.spec.validation import FrozenModel

Reading = str
"""PROBE/KIND/LAYER, where KIND is one of features.KINDS or "head", and LAYER a number, "all" or "best"."""

PIXELS = "pixels"


class Probe(FrozenModel):
    """A network whose features are measured: that of a preset with settings, or none for raw pixels."""

    variant: str
    label: str
    preset: str = "paper"
    set: dict[str, Any] = Field(default_factory=dict)
    pixels: bool = False

    def build_spec(self) -> Spec | None:
        """Return the spec whose network is used, or None for raw pixels. Raises SpecError."""
        return None if self.pixels else with_settings(preset(self.preset).spec, self.set)


class ProbeClaim(FrozenModel):
    """A statement about accuracies. A subject or reference of several readings is their mean."""

    id: str
    statement: str
    kind: Literal["better", "worse", "no-better", "equivalent"]
    subject: Annotated[tuple[Reading, ...], Field(min_length=1)]
    reference: Annotated[tuple[Reading, ...], Field(min_length=1)]


class ProbeStudy(FrozenModel):
    """Probes, those of them that are measured under trained heads as well, and claims."""

    probes: Annotated[tuple[Probe, ...], Field(min_length=1)]
    heads: tuple[str, ...] = ()
    claims: tuple[ProbeClaim, ...] = ()

    @model_validator(mode="after")
    def _check_names(self) -> ProbeStudy:
        names = [probe.variant for probe in self.probes]
        used = [
            *self.heads,
            *(each.split("/")[0] for claim in self.claims for each in (*claim.subject, *claim.reference)),
        ]
        for name in used:
            if name not in names:
                raise ValueError(f"{name!r} is not a probe; the probes are {', '.join(names)}")
        return self


def load_shipped() -> ProbeStudy:
    """Return the study of the paper's networks that comes with barestyle."""
    text = (files("barestyle.probe") / "shipped" / "probes.yaml").read_text(encoding="utf-8")
    return ProbeStudy.model_validate(yaml.safe_load(text))
