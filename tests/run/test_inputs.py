"""Styles, weights and masks: each changes what it should and nothing else; bad ones are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from barestyle import ColorMask, ImageError, SpecError, resume, transfer
from barestyle.run.plan import prepare
from barestyle.run.preprocess import group_regions
from barestyle.run.request import Request
from tests.conftest import drawing
from tests.run.conftest import input_spec, mask


def test_a_second_style_changes_the_picture(content_image: Image.Image, style_image: Image.Image) -> None:
    other = drawing(50, 60, seed=9)
    one, both, swapped, named = (
        transfer(content_image, styles, input_spec(), weights=weights).image
        for styles, weights in (
            (style_image, None),
            ([style_image, other], None),
            ([other, style_image], None),
            ([style_image, other], (3, 3)),
        )
    )
    assert float((one - both).abs().mean()) > 0.01
    assert torch.equal(both, named), "weights are normalized"
    torch.testing.assert_close(both, swapped, atol=0.02, rtol=0)


def test_weights_go_from_one_style_to_the_other(content_image: Image.Image, style_image: Image.Image) -> None:
    other = drawing(50, 60, seed=9)
    ends = [transfer(content_image, style, input_spec()).image for style in (style_image, other)]
    distances = []
    for weights in ((1e6, 1), (3, 1), (1, 3), (1, 1e6)):
        image = transfer(content_image, [style_image, other], input_spec(), weights=weights).image
        distances.append([float((image - end).abs().mean()) for end in ends])
    first, second = zip(*distances, strict=True)
    assert first == tuple(sorted(first))
    assert second == tuple(sorted(second, reverse=True))
    assert first[0] < 0.01
    assert second[-1] < 0.01


@pytest.mark.parametrize("name", ["npnd", "bare", "gaussian-pyramid"])
def test_the_same_style_twice_is_that_style(name: str, content_image: Image.Image, style_image: Image.Image) -> None:
    spec = input_spec(name, optimizer__steps=3)
    one = transfer(content_image, style_image, spec)
    twice = transfer(content_image, [style_image, style_image], spec, weights=(2, 1))
    assert twice.losses == pytest.approx(one.losses, rel=1e-3)
    torch.testing.assert_close(twice.image, one.image, atol=0.02, rtol=0)


def test_a_style_is_asked_for_under_its_mask_only(
    content_image: Image.Image, content: Tensor, style_image: Image.Image
) -> None:
    found = transfer(content_image, style_image, input_spec(), masks=[mask()]).image
    reach = 5  # of five convolutions, beyond the region's border
    assert torch.equal(found[..., 32 + reach :], content[..., 32 + reach :])
    assert float((found - content)[..., :32].abs().mean()) > 0.02


COLORS = ((1, np.array([180, 20, 20], np.uint8)), (2, np.array([20, 20, 180], np.uint8)))


def test_each_region_has_its_style(content_image: Image.Image) -> None:
    """Red to the left and blue to the right, also where the second has no mask and takes what is left."""
    red, blue = (Image.fromarray(np.array(drawing(60, 60, seed)) // 4 + shift) for seed, shift in COLORS)
    for second in (mask(left=0, right=1), None):
        spec = input_spec(style_loss="whitened", optimizer__steps=25)
        found = transfer(content_image, [red, blue], spec, masks=[mask(), second]).image
        left, right = found[..., :26].mean((0, 2, 3)), found[..., 38:].mean((0, 2, 3))
        assert left[0] > left[2] + 0.15
        assert right[2] > right[0] + 0.15


def label_map() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Red to the left, blue in the middle, and white."""
    return np.repeat([[(255, 0, 0)] * 20 + [(0, 0, 255)] * 24 + [(255, 255, 255)] * 20], 48, 0).astype(np.uint8)


def test_a_color_mask_is_the_gray_mask_of_its_region(content_image: Image.Image, style_image: Image.Image) -> None:
    labels, styles = label_map(), [style_image, drawing(50, 60, seed=9), drawing(40, 60, seed=8)]
    is_red, is_blue = ((labels == color).all(2).astype(np.uint8) * 255 for color in ((255, 0, 0), (0, 0, 255)))
    by_color, gray = (
        transfer(content_image, styles, input_spec(), masks=masks, keep=keep)
        for masks, keep in (
            ([ColorMask(labels, "#ff0000"), ColorMask(Image.fromarray(labels), "blue"), None], None),
            ([is_red, is_blue, None], None),
        )
    )
    assert torch.equal(by_color.image, gray.image)
    kept, kept_gray = (
        transfer(content_image, style_image, input_spec(), keep=keep)
        for keep in (ColorMask(labels, "#f00", "#00f"), np.maximum(is_red, is_blue))
    )
    assert torch.equal(kept.image, kept_gray.image)


def test_a_checkpoint_remembers_the_colors_of_masks(
    content_image: Image.Image, style_image: Image.Image, tmp_path: Path
) -> None:
    for name, image in (("content", content_image), ("style", style_image), ("map", Image.fromarray(label_map()))):
        image.save(tmp_path / f"{name}.png")
    map_file, checkpoint = tmp_path / "map.png", tmp_path / "run.checkpoint"
    steps = iter([False] * 2)
    given: dict[str, Any] = {
        "content": tmp_path / "content.png",
        "style": tmp_path / "style.png",
        "spec": input_spec(),
        "masks": [ColorMask(map_file, "red", "blue")],
        "keep": ColorMask(map_file, "white"),
    }
    whole = transfer(**given)
    transfer(**given, checkpoint=checkpoint, should_stop=lambda: next(steps, True))
    resumed = resume(checkpoint)
    assert torch.equal(resumed.image, whole.image)
    assert resumed.record.keep is not None
    assert resumed.record.keep.colors == ("#ffffff",)
    assert resumed.record.run_key == whole.record.run_key


def test_colors_of_one_map_are_different_masks(content_image: Image.Image, style_image: Image.Image) -> None:
    """Styles that share a mask are pooled; two colors of a file share the file only."""
    labels, other = label_map(), drawing(50, 60, seed=9)
    masks = [ColorMask(labels, "red"), ColorMask(labels, "blue")]
    plans = [
        prepare(Request(content_image, [style_image, other], input_spec(), masks=one))
        for one in (masks, masks[::-1], [masks[0], masks[0]])
    ]
    assert [len(group_regions(plan.styles, plan.keep)) for plan in plans] == [2, 2, 1]
    assert plans[0].run_key != plans[1].run_key


@pytest.mark.parametrize("argument", ["masks", "keep"])
@pytest.mark.parametrize("kind", ["array", "image", "tensor", "transparent"])
def test_a_mask_in_color_is_refused(
    content_image: Image.Image, style_image: Image.Image, argument: str, kind: str
) -> None:
    """Its luminance would be read as a degree: red as 0.3 and blue as 0.1."""
    labels = label_map()
    transparent = np.concatenate([labels, np.full((48, 64, 1), 100, np.uint8)], axis=2)
    source = {
        "array": labels,
        "image": Image.fromarray(labels),
        "tensor": torch.from_numpy(labels / 255).permute(2, 0, 1),
        "transparent": transparent,
    }[kind]
    given: Any = {"masks": [source]} if argument == "masks" else {"keep": source}
    with pytest.raises(
        ImageError, match=r"is in color, and a mask must be gray; .* --keep map\.png:#ff0000 \(ColorMask"
    ):
        transfer(content_image, style_image, input_spec(), **given)


def test_a_nearly_gray_mask_is_a_mask(content_image: Image.Image, style_image: Image.Image) -> None:
    """JPEG files may be tinted by a few levels; colors of transparent pixels do not show."""
    gray = np.asarray(mask().convert("L")) // 2 + 20
    tinted = np.stack([gray, gray, gray + 12], axis=2)
    transfer(content_image, style_image, input_spec(), masks=[tinted])
    cut_out = np.zeros((48, 64, 4), np.uint8)
    cut_out[:, :32] = 255
    cut_out[:, 32:, 0] = 255
    found = transfer(content_image, style_image, input_spec(), masks=[cut_out])
    assert torch.equal(found.image, transfer(content_image, style_image, input_spec(), masks=[mask()]).image)


def test_a_transparent_part_of_a_style_does_not_count(content_image: Image.Image, style_image: Image.Image) -> None:
    """A style beside a transparent part is nearly the style alone, and not that style beside white."""
    wide = Image.new("RGBA", (112, 64), (255, 255, 255, 0))
    wide.paste(style_image, (0, 0))
    alone, masked, white = (
        transfer(content_image, style, input_spec(style_scale=scale)).image
        for style, scale in ((style_image, 1.0), (wide, 112 / 64), (wide.convert("RGB"), 112 / 64))
    )
    assert float((alone - masked).abs().mean()) < float((alone - white).abs().mean()) / 4


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"weights": (1,)}, SpecError, "have no effect with a single style"),
        ({"style": ["s", "s"], "weights": (1, 2, 3)}, SpecError, "2 styles need 2 weights, not 3"),
        (
            {"style": ["s", "s"], "weights": (1, 0)},
            SpecError,
            "a style's weight cannot be 0; it must be a number greater than 0 and at most",
        ),
        ({"style": ["s", "s"], "weights": (1e308, 1e308)}, SpecError, "a style's weight cannot be 1e"),
        ({"style": ["s", "s"], "weights": (1e-8, 1e8)}, SpecError, "differ by more than a factor of 1e"),
        ({"style": ["s", "s"], "weights": (1, float("nan"))}, SpecError, "a style's weight cannot be nan"),
        ({"style": []}, SpecError, "there is no style"),
        ({"masks": [None, None]}, SpecError, "masks must have one entry for each style, 1 in all, not 2"),
        ({"masks": [np.zeros((48, 64))]}, ImageError, "is completely black"),
        ({"masks": [np.ones((64, 64))]}, ImageError, "a mask must have the content's proportions, here 64 x 48"),
        ({"style": ["s", "s"], "masks": [np.ones((48, 64)), None]}, SpecError, "style 2 has no mask"),
        ({"keep": np.ones((48, 64))}, ImageError, "would protect all of the content"),
        ({"keep": np.zeros((48, 64))}, ImageError, "is completely black"),
        ({"keep": "k", "masks": ["k"]}, ImageError, "leave no area for the style"),
        ({"start": np.zeros((64, 64, 3))}, ImageError, "a start must have the content's proportions"),
        ({"start": "s", "spec": input_spec(start="noise")}, SpecError, "both from noise and from an image"),
        ({"spec": input_spec(start="picture")}, SpecError, "start=picture needs an image"),
        ({"style": Image.new("RGBA", (60, 60))}, ImageError, "is completely transparent"),
        ({"spec": input_spec(style_scale=0.1)}, ImageError, "this network needs at least"),
        ({"spec": input_spec(style_scale=20), "max_pixels": 9999}, ImageError, "a style of 1120 x 1280"),
    ],
)
def test_bad_inputs_are_refused_in_a_sentence(
    arguments: dict[str, Any],
    error: type[Exception],
    words: str,
    content_image: Image.Image,
    style_image: Image.Image,
) -> None:
    known = {
        "s": content_image if "start" in arguments else style_image,
        "k": np.repeat([[1.0, 0.0]], 48, 0).repeat(32, 1),
    }

    def resolve(one: Any) -> Any:
        return (
            known.get(one, one)
            if isinstance(one, str)
            else [resolve(part) for part in one]
            if type(one) is list
            else one
        )

    given = {"content": content_image, "style": style_image, "spec": input_spec(), **arguments}
    with pytest.raises(error, match=words) as refusal:
        transfer(**{name: resolve(one) for name, one in given.items()})
    assert "\n" not in str(refusal.value)
