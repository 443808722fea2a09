"""Results: the picture as PIL has it and as a file has it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from barestyle import transfer
from tests.run.conftest import quick_spec


def test_pil_and_a_file_have_the_same_samples(
    content_image: Image.Image, style_image: Image.Image, tmp_path: Path
) -> None:
    """Also for values next to the middle of two levels, where float32 and float64 may round differently."""
    middles = (torch.arange(255) + 0.5) / 255
    values = torch.cat([middles, torch.nextafter(middles, torch.ones(())), torch.nextafter(middles, torch.zeros(()))])
    image = values.view(1, 1, 15, 51).repeat(1, 3, 1, 1)
    result = replace(transfer(content_image, style_image, quick_spec("bare")), image=image)
    with Image.open(result.save(tmp_path / "out.png")) as saved:
        assert np.array_equal(np.asarray(saved), np.asarray(result.to_pil()))
