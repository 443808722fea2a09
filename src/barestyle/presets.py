"""Names for whole runs, each with one line on what it is and where it comes from. No torch here."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from barestyle.errors import SpecError
from barestyle.spec import (
    LBFGS,
    VGG,
    CoarseToFine,
    FeatureContentLoss,
    HandMade,
    LuminanceContentLoss,
    NoPooling,
    PretrainedBias,
    PretrainedWeights,
    Pyramid,
    Spec,
    WhitenedLoss,
    ZeroBias,
)
from barestyle.spec.network import DEPTH


@dataclass(frozen=True)
class Preset:
    """A named spec, with a line for people, its source, and a paragraph for whoever asks for more."""

    name: str
    summary: str
    source: str
    spec: Spec
    about: str = ""


# Deviation: of the paper's own networks only `paper` and `paper-original` have its optimizer. With those of section 6
# it runs away on some pairs of pictures (docs/decisions/0003), so there Spec's default is replaced.

NPND = VGG(channels=(64,) * DEPTH, pooling=NoPooling())
"""The paper's network with no pooling and no doubling of channels (section 6.1, figure 6g)."""


def _bare(channels: int, steps: int, scales: CoarseToFine) -> Spec:
    """Ours (docs/decisions/0001): no number in it was learned."""
    return Spec(
        network=VGG(channels=(channels,) * DEPTH, pooling=NoPooling(), bias=ZeroBias(), gabor=0.5, padding="reflect"),
        style_loss=WhitenedLoss(epsilon=1e-2),
        content_loss=LuminanceContentLoss(),
        optimizer=LBFGS(steps=steps),
        scales=scales,
    )


_ALL = (
    Preset(
        "bare",
        "random signs behind a first layer of Gabor filters and signs, whitened loss, coarse to fine: the default",
        "ours; after section 6.1",
        _bare(64, steps=40, scales=CoarseToFine(scales=8, finest_steps=12)),
        "Five convolutions look at both pictures, and nothing in them was learned: random signs, but for half of "
        "the first layer's 64 filters, which are Gabor's, little waves that answer to lines and edges. What they see "
        "is compared by mean and covariance in the style's own whitened coordinates, so that every direction of "
        "the style counts, not only the few strongest. The search begins on thumbnails, where the largest "
        "strokes are laid, and ends at full size. All the way a gentle pull keeps light what is light in the "
        "photograph, seen from afar: --strength says how gentle.",
    ),
    Preset(
        "bare-fast",
        "half as wide and fewer steps: a preview in seconds",
        "ours",
        _bare(32, steps=25, scales=CoarseToFine(scales=8, finest_steps=4)),
    ),
    Preset(
        "bare-fine",
        "twice the steps and more at full size: some minutes for a picture",
        "ours",
        _bare(64, steps=100, scales=CoarseToFine(scales=8, finest_steps=60)),
    ),
    Preset(
        "paper",
        "VGG-19's shape, random binary weights ±0.1, bias 0.5, Gram loss, the paper's L-BFGS",
        "sections 5.3 and 6, figure 6d",
        Spec(),
    ),
    Preset(
        "paper-original",
        "trained VGG-19 with a content loss at conv_1: what the paper ablates (needs a weights file)",
        "section 3; Gatys et al. 2016",
        Spec(
            network=VGG(weights=PretrainedWeights(), bias=PretrainedBias()),
            content_loss=FeatureContentLoss(),
        ),
    ),
    Preset(
        "npnd",
        "the paper's network with no pooling and no doubling of channels",
        "section 6.1, figure 6g",
        Spec(network=NPND, optimizer=LBFGS()),
    ),
    Preset(
        "hand-made",
        "first layer of designed 2x2 kernels (basic set 3, strategy 3), drawn 2x2 kernels above it",
        "section 6.2, figure 7c",
        Spec(network=HandMade(), optimizer=LBFGS()),
    ),
    Preset(
        "gaussian-pyramid",
        "no depth: a Gaussian pyramid, one convolution and ReLU for each level",
        "section 6.3, figure 8a",
        Spec(network=Pyramid(bands="gaussian"), optimizer=LBFGS()),
    ),
    Preset(
        "laplacian-pyramid",
        "no depth: a Laplacian pyramid, one convolution and ReLU for each level",
        "section 6.3, figure 8b",
        Spec(network=Pyramid(bands="laplacian"), optimizer=LBFGS()),
    ),
)

PRESETS: dict[str, Preset] = {preset.name: preset for preset in _ALL}
DEFAULT_PRESET = "bare"


def preset(name: str) -> Preset:
    """The preset of that name. Raises SpecError with the names there are."""
    if name in PRESETS:
        return PRESETS[name]
    near = get_close_matches(name, PRESETS, n=1)
    guess = f"did you mean {near[0]}? " if near else ""
    raise SpecError(f"there is no preset {name!r}; {guess}the presets are {', '.join(PRESETS)}")
