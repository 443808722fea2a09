"""What the form's pictures, and enlarged results, are expected to take, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

from barestyle.errors import BarestyleError
from barestyle.networks import Size
from barestyle.run.estimate import Estimate, estimate_spec
from barestyle.spec import Spec
from barestyle.ui.compute import Compute
from barestyle.ui.errors import to_sentence
from barestyle.ui.form import Form, make_spec
from barestyle.ui.looks import LOOKS
from barestyle.ui.picture_store import PictureInfo
from barestyle.ui.status_text import format_count, format_rounded, format_short

CACHED = 500
"""Estimates that are kept; the form asks for those of all looks at each change."""

FindInfo = Callable[[str], PictureInfo | None]


class Estimator:
    """Estimates for the hardware of the page. The first one measures it, which takes about half a second."""

    def __init__(self, compute: Compute) -> None:
        self._compute = compute
        self._estimate = lru_cache(CACHED)(self._estimate_spec)

    def _estimate_spec(self, spec: Spec, content: Size, styles: tuple[Size, ...]) -> Estimate:
        compute = self._compute
        return estimate_spec(
            spec, content, styles, device=compute.device, precision=compute.precision, memory=compute.memory
        )

    def estimate(self, form: Form, find_info: FindInfo) -> Estimate | None:
        """Return the estimate of a form that varies nothing; None if a picture is missing.

        Raises what `make_spec` and `estimate_spec` raise.
        """
        photo = find_info(form.photo)
        styles = [find_info(style.picture) for style in form.styles]
        if photo is None or not styles or None in styles:
            return None
        sizes = tuple(Size(info.height, info.width) for info in styles if info is not None)
        return self._estimate(make_spec(form, self._compute.limits), Size(photo.height, photo.width), sizes)

    def describe_form(self, form: Form, find_info: FindInfo) -> str:
        """Return for example 'About 25 seconds' or '4 pictures, about 2 minutes'; empty if a picture is missing.

        A form that cannot be painted has no estimate; what is wrong is said when it is painted.
        """
        try:
            estimates = [self.estimate(single, find_info) for single in form.expand()]
        except BarestyleError:
            return ""
        known = [estimate for estimate in estimates if estimate is not None]
        if not known or len(known) < len(estimates):
            return ""
        duration = f"bout {format_rounded(sum(estimate.seconds for estimate in known))}"
        return f"A{duration}" if len(known) == 1 else f"{format_count(len(known), 'picture')}, a{duration}"

    def describe_looks(self, form: Form, find_info: FindInfo) -> dict[str, str]:
        """Return the time of each look with the form's other values, such as '25 s'; none if a picture is missing."""
        texts = {}
        for name in LOOKS:
            single = form.model_copy(update={"look": name, "spec": None, "vary": "nothing"})
            try:
                estimate = self.estimate(single, find_info)
            except BarestyleError:  # too large for this look's memory, or a field is not valid yet
                continue
            if estimate is not None:
                texts[name] = format_short(estimate.seconds)
        return texts

    def describe_sizes(self, form: Form, sizes: Iterable[int], find_info: FindInfo) -> dict[str, str]:
        """Return time and memory for each long side in pixels, or why it is not possible."""
        texts = {}
        for size in sizes:
            try:
                estimate = self.estimate(form.model_copy(update={"size": size}), find_info)
            except BarestyleError as error:
                texts[str(size)] = to_sentence(str(error))
                continue
            if estimate is not None:
                gigabytes = f"{estimate.memory / 1e9:.1f} GB"
                texts[str(size)] = f"about {format_rounded(estimate.seconds)}, {gigabytes} of memory"
        return texts
