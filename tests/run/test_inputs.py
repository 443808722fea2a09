"""Several styles, regions, starts and colors: each changes what it says and nothing else; the rest is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from barestyle import ImageError, Spec, SpecError, StyleLoss, preset, transfer, with_settings
from barestyle.images import color_transfer, resize
from barestyle.run.plan import prepare
from barestyle.run.preprocess import group_regions
from barestyle.run.request import Request
from tests.conftest import drawing


def spec_of(name: str = "npnd", **settings: Any) -> Spec:
    small = {"optimizer.steps": 8, "optimizer.tolerance": 0, "network.channels": 8, "size": 64}
    if name == "bare":
        small["scales.finest_steps"] = 4
    return with_settings(preset(name).spec, {**small, **{key.replace("__", "."): one for key, one in settings.items()}})


def mask(*, left: float = 1.0, right: float = 0.0) -> Image.Image:
    """Two halves, 64 x 48."""
    values = np.full((48, 64), left)
    values[:, 32:] = right
    return Image.fromarray(np.rint(values * 255).astype(np.uint8))


def test_a_second_style_changes_the_picture(content_image: Image.Image, style_image: Image.Image) -> None:
    other = drawing(50, 60, seed=9)
    one, both, swapped, named = (
        transfer(content_image, styles, spec_of(), weights=weights).image
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
    ends = [transfer(content_image, style, spec_of()).image for style in (style_image, other)]
    distances = []
    for weights in ((1e6, 1), (3, 1), (1, 3), (1, 1e6)):
        image = transfer(content_image, [style_image, other], spec_of(), weights=weights).image
        distances.append([float((image - end).abs().mean()) for end in ends])
    first, second = zip(*distances, strict=True)
    assert first == tuple(sorted(first))
    assert second == tuple(sorted(second, reverse=True))
    assert first[0] < 0.01
    assert second[-1] < 0.01


@pytest.mark.parametrize("name", ["npnd", "bare", "gaussian-pyramid"])
def test_the_same_style_twice_is_that_style(name: str, content_image: Image.Image, style_image: Image.Image) -> None:
    spec = spec_of(name, optimizer__steps=3)
    one = transfer(content_image, style_image, spec)
    twice = transfer(content_image, [style_image, style_image], spec, weights=(2, 1))
    assert twice.losses == pytest.approx(one.losses, rel=1e-3)
    torch.testing.assert_close(twice.image, one.image, atol=0.02, rtol=0)


def test_a_style_is_as_large_as_the_result_times_its_scale(
    content_image: Image.Image, style_image: Image.Image
) -> None:
    for scale, long_side in ((1.0, 64), (0.5, 32), (2.0, 128)):
        (style,) = prepare(Request(content_image, style_image, spec_of(style_scale=scale))).styles
        assert max(style.picture.height, style.picture.width) == long_side
        assert style.picture.width / style.picture.height == pytest.approx(56 / 64, abs=0.02)
    plain, half = (transfer(content_image, style_image, spec_of(style_scale=scale)).image for scale in (1.0, 0.5))
    assert float((plain - half).abs().mean()) > 0.01


def test_a_style_is_asked_for_under_its_mask_only(
    content_image: Image.Image, content: Tensor, style_image: Image.Image
) -> None:
    found = transfer(content_image, style_image, spec_of(), masks=[mask()]).image
    reach = 5  # of five convolutions, beyond the region's border
    assert torch.equal(found[..., 32 + reach :], content[..., 32 + reach :])
    assert float((found - content)[..., :32].abs().mean()) > 0.02


def test_each_region_has_its_style(content_image: Image.Image) -> None:
    """Red to the left and blue to the right, also where the second has no mask and takes what is left."""
    red, blue = (Image.fromarray(np.array(drawing(60, 60, seed)) // 4 + shift) for seed, shift in COLORS)
    for second in (mask(left=0, right=1), None):
        spec = spec_of(style_loss="whitened", optimizer__steps=25)
        found = transfer(content_image, [red, blue], spec, masks=[mask(), second]).image
        left, right = found[..., :26].mean((0, 2, 3)), found[..., 38:].mean((0, 2, 3))
        assert left[0] > left[2] + 0.15
        assert right[2] > right[0] + 0.15


COLORS = ((1, np.array([180, 20, 20], np.uint8)), (2, np.array([20, 20, 180], np.uint8)))


def test_styles_under_one_mask_are_pooled(content_image: Image.Image, style_image: Image.Image) -> None:
    other = drawing(50, 60, seed=9)
    plan = prepare(
        Request(
            content_image, [style_image, other, style_image], spec_of(), masks=[mask(), mask(), None], weights=(1, 3, 2)
        )
    )
    first, rest = group_regions(plan.styles, None)
    assert [sample.share for sample in first.styles] == [0.25, 0.75]
    assert (first.weight, rest.weight) == (1.0, 1.0), "two is the mean of all three"
    assert first.mask is not None
    assert rest.mask is not None
    torch.testing.assert_close(first.mask + rest.mask, torch.ones_like(first.mask))


def test_a_transparent_part_of_a_style_does_not_count(content_image: Image.Image, style_image: Image.Image) -> None:
    """A style beside a transparent part is nearly the style alone, and not that style beside white."""
    wide = Image.new("RGBA", (112, 64), (255, 255, 255, 0))
    wide.paste(style_image, (0, 0))
    alone, masked, white = (
        transfer(content_image, style, spec_of(style_scale=scale)).image
        for style, scale in ((style_image, 1.0), (wide, 112 / 64), (wide.convert("RGB"), 112 / 64))
    )
    assert float((alone - masked).abs().mean()) < float((alone - white).abs().mean()) / 4


def test_what_is_kept_stays_and_the_rest_is_painted(
    content_image: Image.Image, content: Tensor, style_image: Image.Image
) -> None:
    for settings in ({}, {"start": "noise"}, {"optimizer": "adam", "optimizer.learning_rate": 0.03}, {"size": 48}):
        spec = with_settings(spec_of("bare", style_loss="whitened"), settings)
        found = transfer(content_image, style_image, spec, keep=mask()).image
        whole = resize(content, *found.shape[-2:])
        half = found.shape[-1] // 2
        assert torch.equal(found[..., : half - 1], whole[..., : half - 1])
        assert float((found - whole)[..., half + 1 :].abs().mean()) > 0.02


def test_a_gray_mask_keeps_in_part(content_image: Image.Image, content: Tensor, style_image: Image.Image) -> None:
    changes = [
        float((transfer(content_image, style_image, spec_of(), keep=keep).image - content)[..., :32].abs().mean())
        for keep in (mask(left=0.0, right=0.5), mask(left=0.5), mask(left=0.9), mask(left=1.0))
    ]
    assert changes == sorted(changes, reverse=True)
    assert len(set(changes)) == 4


def test_a_texture_from_noise_knows_nothing_of_the_content(
    content_image: Image.Image, style_image: Image.Image
) -> None:
    """Without a content loss; with one it does."""
    contents = content_image, drawing(64, 48, seed=8)
    for settings, same in (({"start": "noise"}, True), ({"start": "noise", "content_loss": "luminance"}, False)):
        spec = with_settings(spec_of("bare", content_loss="none"), settings)
        first, second = (transfer(content, style_image, spec).image for content in contents)
        assert torch.equal(first, second) == same
    assert not torch.equal(first, transfer(content_image, style_image, spec, seed=1).image)


def test_an_earlier_result_is_gone_on_from(content_image: Image.Image, style_image: Image.Image) -> None:
    spec = spec_of()
    earlier = transfer(content_image, style_image, spec)
    further = transfer(content_image, style_image, spec, start=earlier.image)
    assert further.losses[0] == pytest.approx(float(StyleLoss(style_image, spec)(earlier.image)), rel=1e-4)
    assert further.losses[0] < earlier.losses[0] / 10
    assert min(further.losses) < min(earlier.losses)
    assert further.record.spec.start.kind == "picture"
    assert further.record.start is not None


def test_a_start_keeps_its_strokes_from_coarse_to_fine(content_image: Image.Image, style_image: Image.Image) -> None:
    """With the content it has in common what it was painted from, not how fine that is."""
    spec = spec_of("bare", content_loss__strength=1.0, optimizer__steps=1, scales__finest_steps=1)
    start = torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(0))
    found = transfer(content_image, style_image, spec, start=start).image
    detail = [one - torch.nn.functional.avg_pool2d(one, 3, 1, 1) for one in (found, start)]
    assert float(torch.nn.functional.cosine_similarity(detail[0].flatten(), detail[1].flatten(), dim=0)) > 0.5


def chroma(image: Tensor) -> Tensor:
    return image - color_transfer.luminance(image)


@pytest.mark.parametrize("when", ["before", "after"])
def test_luminance_alone_keeps_the_contents_colors(
    when: str, content_image: Image.Image, content: Tensor, style_image: Image.Image
) -> None:
    wild = {"content_loss__strength": 0.9}
    plain = transfer(content_image, style_image, spec_of("bare", **wild))
    kept = transfer(content_image, style_image, spec_of("bare", colors="luminance", colors__when=when, **wild))
    assert float((color_transfer.luminance(kept.image) - color_transfer.luminance(content)).abs().mean()) > 0.01
    # Where there is no room for a color at its luminance it is brought towards gray, and nowhere else.
    room = (chroma(kept.image).abs().amax(1) > 0) & (kept.image.amin(1) > 0) & (kept.image.amax(1) < 1)
    torch.testing.assert_close(chroma(kept.image)[:, :, room[0]], chroma(content)[:, :, room[0]], atol=1e-5, rtol=0)
    if when == "after":
        torch.testing.assert_close(color_transfer.luminance(kept.image), color_transfer.luminance(plain.image))
        assert kept.losses == plain.losses


def test_luminance_before_paints_in_gray(content_image: Image.Image, style_image: Image.Image) -> None:
    """So a style's colors don't matter, but for their luminance, and not its mean and deviation either."""
    gray = style_image.convert("L").point(lambda value: 60 + value // 2)
    spec = spec_of("bare", colors="luminance")
    first, second = (transfer(content_image, style, spec).image for style in (style_image, gray))
    torch.testing.assert_close(first, second, atol=0.1, rtol=0)
    assert float((first - second).abs().mean()) < 0.01


@pytest.mark.parametrize("method", ["mean-covariance", "histogram"])
@pytest.mark.parametrize("space", ["linear-rgb", "lab"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_matched_colors_are_nearer_to_the_contents(
    when: str, space: str, method: str, content_image: Image.Image, content: Tensor, style_image: Image.Image
) -> None:
    settings = {"colors__when": when, "colors__space": space, "colors__method": method}
    plain = transfer(content_image, style_image, spec_of("bare", content_loss__strength=0.9)).image
    spec = spec_of("bare", content_loss__strength=0.9, colors="matched", **settings)
    found = transfer(content_image, style_image, spec).image

    def off(image: Tensor) -> float:
        return float((image.mean((2, 3)) - content.mean((2, 3))).norm())

    assert off(found) < off(plain) / 2
    assert float((found - content).abs().mean()) > 0.02


@pytest.mark.parametrize("settings", [{"colors": "luminance"}, {"colors": "matched"}])
@pytest.mark.parametrize("when", ["before", "after"])
def test_what_is_transparent_in_the_content_has_no_colors(
    when: str, settings: dict[str, Any], content_image: Image.Image, style_image: Image.Image
) -> None:
    """A dark cut-out of which most is transparent: its white is nobody's palette."""
    dark = Image.new("RGBA", (64, 48), (0, 0, 0, 0))
    dark.paste(content_image.point(lambda value: value // 4).crop((0, 0, 24, 24)), (20, 12))
    spec = with_settings(spec_of("bare", content_loss__strength=0.9), {**settings, "colors.when": when})
    found = transfer(dark, style_image, spec).image[..., 14:34, 22:42]
    assert float(found.mean()) < 0.5


def test_a_style_in_a_small_region_is_not_lost_to_what_is_kept(
    content_image: Image.Image, style_image: Image.Image
) -> None:
    dot, half = np.zeros((48, 64)), np.tile(np.linspace(0, 1, 64), (48, 1))
    dot[20, 20] = 1
    plan = prepare(Request(content_image, [style_image, style_image], spec_of(), masks=[None, dot], keep=half))
    _, second = group_regions(plan.styles, None if plan.keep is None else plan.keep.pixels)
    assert second.mask is not None
    assert float(second.mask.sum()) == pytest.approx(1 - 20 / 63, abs=1e-3)


def test_a_small_picture_predicts_the_large_one() -> None:
    """Strokes are relative to the picture: 64 and 256 pixels agree better than two seeds or two styles do."""
    content, style, other = drawing(256, 192, 1), drawing(256, 256, 2), drawing(256, 256, 5)

    def painted(size: int, style: Image.Image, seed: int = 0) -> Tensor:
        spec = with_settings(preset("bare").spec, {"size": size, "network.channels": 16})
        return resize(transfer(content, style, spec, seed=seed).image, 48, 64)

    preview, large = painted(64, style), painted(256, style)
    apart = float((preview - large).abs().mean())
    assert apart < 0.7 * float((painted(64, style, seed=1) - large).abs().mean())
    assert apart < 0.5 * float((painted(64, other) - large).abs().mean())


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"weights": (1,)}, SpecError, "has no effect with a single style"),
        ({"style": ["s", "s"], "weights": (1, 2, 3)}, SpecError, "there are 3 weights for 2 styles"),
        (
            {"style": ["s", "s"], "weights": (1, 0)},
            SpecError,
            "a style's weight cannot be 0; it must be a number greater than 0 and at most",
        ),
        ({"style": ["s", "s"], "weights": (1e308, 1e308)}, SpecError, "a style's weight cannot be 1e"),
        ({"style": ["s", "s"], "weights": (1e-8, 1e8)}, SpecError, "differ by more than a factor of 1e"),
        ({"style": ["s", "s"], "weights": (1, float("nan"))}, SpecError, "a style's weight cannot be nan"),
        ({"style": []}, SpecError, "there is no style"),
        ({"masks": [None, None]}, SpecError, "there are 2 masks for 1 styles"),
        ({"masks": [np.zeros((48, 64))]}, ImageError, "is completely black"),
        ({"masks": [np.ones((64, 64))]}, ImageError, "a mask must have the proportions of the content, here 64 x 48"),
        ({"style": ["s", "s"], "masks": [np.ones((48, 64)), None]}, SpecError, "style 2 has no mask"),
        ({"keep": np.ones((48, 64))}, ImageError, "would protect all of the content"),
        ({"keep": np.zeros((48, 64))}, ImageError, "is completely black"),
        ({"keep": "k", "masks": ["k"]}, ImageError, "leave nothing of the picture for the style"),
        ({"start": np.zeros((64, 64, 3))}, ImageError, "a start must have the proportions of the content"),
        ({"start": "s", "spec": spec_of(start="noise")}, SpecError, "both from noise and from a picture"),
        ({"spec": spec_of(start="picture")}, SpecError, "start=picture needs a picture"),
        ({"style": Image.new("RGBA", (60, 60))}, ImageError, "is completely transparent"),
        ({"spec": spec_of(style_scale=0.1)}, ImageError, "this network needs at least"),
        ({"spec": spec_of(style_scale=20), "max_pixels": 9999}, ImageError, "a style of 1120 x 1280"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
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

    def meant(one: Any) -> Any:
        return (
            known.get(one, one) if isinstance(one, str) else [meant(part) for part in one] if type(one) is list else one
        )

    given = {"content": content_image, "style": style_image, "spec": spec_of(), **arguments}
    with pytest.raises(error, match=words) as refusal:
        transfer(**{name: meant(one) for name, one in given.items()})
    assert "\n" not in str(refusal.value)
