"""Named specs. A new preset is one more entry in `_ALL`. This module does not import torch."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from barestyle.errors import SpecError
from barestyle.spec import (
    LBFGS,
    VGG,
    CoarseToFine,
    FeatureContentLoss,
    GramLoss,
    HandMade,
    NoContentLoss,
    NoPooling,
    NoSmoothness,
    PaperLBFGS,
    PretrainedBias,
    PretrainedWeights,
    Pyramid,
    SingleScale,
    Spec,
)
from barestyle.spec.network import DEPTH


@dataclass(frozen=True)
class Preset:
    """A named spec.

    Attributes:
        name: what `--preset` takes.
        title: its name on the page, where a preset is called a look.
        description: one line on how its results look.
        summary: one line on its network and loss.
        source: where it comes from, such as a section of the paper.
        spec: the settings of the run.
        details: a paragraph on how it works, or an empty string.
    """

    name: str
    title: str
    description: str
    summary: str
    source: str
    spec: Spec
    details: str = ""


DEFAULT_PRESET = "bare"
BARE = Spec()

PAPER = Spec(
    network=VGG(),
    style_loss=GramLoss(),
    content_loss=NoContentLoss(),
    smoothness=NoSmoothness(),
    optimizer=PaperLBFGS(),
    scales=SingleScale(),
)
"""The paper's best random network and its own optimizer (sections 3, 5.3 and 6)."""

# Deviation: of the paper's networks only `paper` and `paper-original` use the paper's optimizer. With those of
# section 6 it diverges on some pairs of images (docs/decisions/0003), so they use the robust L-BFGS.
_ROBUST_PAPER = PAPER.model_copy(update={"optimizer": LBFGS()})

_ALL = (
    Preset(
        name=DEFAULT_PRESET,
        title="Balanced",
        description="clear shapes and strokes of every size: a good first choice",
        summary="four layers of random signs and Gabor filters; guided whitened loss, coarse to fine: the default",
        source="ours; after section 6.1",
        spec=BARE,
        details=(
            "Four convolutions process both images, with average-pooling after the first and the third. None of their "
            "weights was trained: they are random signs, except that half of the first layer's 32 filters are Gabor "
            "filters, short waves of lightness that respond to lines and edges. Features are compared by mean and "
            "covariance in coordinates that whiten the style's features, so that every direction of the style counts, "
            "not only the strongest few. They are compared together with a guide: the blurred colors and the ridges of "
            "each image, the photograph's colors moved onto the style's palette. So the result has outlines where the "
            "photograph has edges, and one color where it has one object. The optimization starts on thumbnails, where "
            "the largest strokes form, and ends at full size. --strength sets the weights of the guide, of a bound on "
            "colors that are far from it, and of a content loss that preserves the blurred lightness of the "
            "photograph. A little total variation removes fine noise."
        ),
    ),
    Preset(
        name="bare-fast",
        title="Quick sketch",
        description="a preview in a fraction of the time",
        summary="bare with half the channels and fewer steps: a preview in seconds",
        source="ours",
        spec=BARE.model_copy(
            update={
                "network": BARE.network.model_copy(update={"channels": (16, 32, 32, 64)}),
                "optimizer": LBFGS(steps=20),
                "scales": CoarseToFine(count=8, finest_steps=8),
            }
        ),
    ),
    Preset(
        name="bare-fine",
        title="Finely worked",
        description="several times the work, for a picture to keep",
        summary="bare with twice the channels and more steps, most of them at full size: up to a minute",
        source="ours",
        spec=BARE.model_copy(
            update={
                "network": BARE.network.model_copy(update={"channels": (64, 128, 128, 256)}),
                "optimizer": LBFGS(steps=50),
                "scales": CoarseToFine(count=8, finest_steps=24),
            }
        ),
    ),
    Preset(
        name="paper",
        title="Grainy",
        description="rough color over soft shapes, as in the paper that this program reproduces",
        summary="VGG-19's shape, random binary weights ±0.1, bias 0.5, Gram loss, the paper's L-BFGS",
        source="sections 5.3 and 6, figure 6d",
        spec=PAPER,
    ),
    Preset(
        name="paper-original",
        title="Trained network",
        description="the classic method with a trained network, for comparison",
        summary="trained VGG-19 with a content loss at conv_1: what the paper ablates (needs a weights file)",
        source="section 3; Gatys et al. 2016",
        spec=PAPER.model_copy(
            update={
                "network": VGG(weights=PretrainedWeights(), bias=PretrainedBias()),
                "content_loss": FeatureContentLoss(),
            }
        ),
    ),
    Preset(
        name="npnd",
        title="Bold",
        description="strong colors and dark edges; shapes stay clear",
        summary="the paper's network with no pooling and no doubling of channels",
        source="section 6.1, figure 6g",
        spec=_ROBUST_PAPER.model_copy(update={"network": VGG(channels=(64,) * DEPTH, pooling=NoPooling())}),
    ),
    Preset(
        name="hand-made",
        title="Crisp",
        description="sharp edges, as in an engraving",
        summary="first layer of designed 2x2 kernels (basic set 3, strategy 3), random 2x2 kernels above it",
        source="section 6.2, figure 7c",
        spec=_ROBUST_PAPER.model_copy(update={"network": HandMade()}),
    ),
    Preset(
        name="gaussian-pyramid",
        title="Smoke",
        description="long soft flows in which shapes begin to dissolve",
        summary="no depth: a Gaussian pyramid, one convolution and ReLU for each level",
        source="section 6.3, figure 8a",
        spec=_ROBUST_PAPER.model_copy(update={"network": Pyramid(bands="gaussian")}),
    ),
    Preset(
        name="laplacian-pyramid",
        title="Ripples",
        description="fine lines that run across the shapes",
        summary="no depth: a Laplacian pyramid, one convolution and ReLU for each level",
        source="section 6.3, figure 8b",
        spec=_ROBUST_PAPER.model_copy(update={"network": Pyramid(bands="laplacian")}),
    ),
)

PRESETS: dict[str, Preset] = {preset.name: preset for preset in _ALL}


def preset(name: str) -> Preset:
    """Return the preset of that name.

    Raises:
        SpecError: there is no such preset; the message lists the names.
    """
    if name in PRESETS:
        return PRESETS[name]
    matches = get_close_matches(name, PRESETS, n=1)
    guess = f"did you mean {matches[0]}? " if matches else ""
    raise SpecError(f"there is no preset {name!r}; {guess}the presets are {', '.join(PRESETS)}")
