"""Compare the images of cells for claims about what can be seen."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO

from PIL import Image
from torch import Tensor

from barestyle.images import read
from barestyle.metrics.structure import image_distance
from barestyle.study.cell import CellResult
from barestyle.study.claims import Claim
from barestyle.study.load_table import load_table
from barestyle.study.store import Store
from barestyle.study.table import comparison_name
from barestyle.study.visibility import missing_comparisons


def compare_images(store: Store, claims: Sequence[Claim]) -> int:
    """Store the distances between images that claims need and the store does not have; return how many."""

    @lru_cache(maxsize=64)
    def load(key: str) -> Tensor | None:
        data = store.read_image(by_key[key])
        return None if data is None else read(Image.open(BytesIO(data))).pixels

    pairs = list(missing_comparisons(claims, load_table(store)))
    by_key: dict[str, CellResult] = {result.cell.key: result for images in pairs for result in images}
    for first, second in pairs:
        images = load(first.cell.key), load(second.cell.key)
        if images[0] is not None and images[1] is not None:
            store.write_comparison(comparison_name(first, second), image_distance(images[0], images[1]))
    return len(pairs)
