"""The page's theme: colors for the light and the dark scheme, and system fonts."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import gradio as gr
from gradio.themes.utils.colors import Color
from gradio.themes.utils.fonts import Font

SANS = ("ui-sans-serif", "system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")

SIENNA = Color(
    c50="#fbf3ee",
    c100="#f6e2d6",
    c200="#ecc3ab",
    c300="#e2a37f",
    c400="#d58258",
    c500="#bb5f33",
    c600="#a34e26",
    c700="#86401f",
    c800="#6a341b",
    c900="#502817",
    c950="#2f170d",
    name="sienna",
)
PAPER = Color(
    c50="#fbfaf8",
    c100="#f3f1ed",
    c200="#e5e1da",
    c300="#cdc7bd",
    c400="#a39c91",
    c500="#7a736a",
    c600="#5c564f",
    c700="#433f3a",
    c800="#2b2825",
    c900="#1d1b19",
    c950="#141211",
    name="paper",
)


VARIABLES: dict[str, Any] = {
    "body_background_fill": "*neutral_50",
    "body_background_fill_dark": "*neutral_950",
    "body_text_color": "*neutral_900",
    "body_text_color_dark": "*neutral_100",
    "color_accent": "*primary_600",
    "link_text_color": "*primary_600",
    "link_text_color_hover": "*primary_700",
    "link_text_color_dark": "*primary_300",
    "link_text_color_hover_dark": "*primary_200",
    "body_text_color_subdued": "*neutral_600",
    "body_text_color_subdued_dark": "*neutral_400",
    "background_fill_primary": "white",
    "background_fill_primary_dark": "*neutral_900",
    "background_fill_secondary": "*neutral_100",
    "background_fill_secondary_dark": "*neutral_800",
    "block_background_fill": "transparent",
    "block_background_fill_dark": "transparent",
    "block_border_width": "0px",
    "block_border_width_dark": "0px",
    "block_shadow": "none",
    "block_padding": "0px",
    "block_label_background_fill": "transparent",
    "block_label_background_fill_dark": "transparent",
    "block_label_border_width": "0px",
    "block_label_border_width_dark": "0px",
    "block_label_text_color": "*neutral_700",
    "block_label_text_color_dark": "*neutral_300",
    "block_title_text_color": "*neutral_900",
    "block_title_text_color_dark": "*neutral_100",
    "block_title_text_weight": "600",
    "block_info_text_color": "*neutral_600",
    "block_info_text_color_dark": "*neutral_400",
    "input_background_fill": "white",
    "input_background_fill_dark": "*neutral_900",
    "input_border_width": "1px",
    "input_border_width_dark": "1px",
    "input_border_color": "*neutral_300",
    "input_border_color_dark": "*neutral_700",
    "border_color_primary": "*neutral_200",
    "border_color_primary_dark": "*neutral_800",
    "button_primary_background_fill": "*primary_600",
    "button_primary_background_fill_hover": "*primary_700",
    "button_primary_background_fill_dark": "*primary_600",
    "button_primary_background_fill_hover_dark": "*primary_700",
    "button_primary_text_color": "white",
    "button_cancel_background_fill": "*neutral_200",
    "button_cancel_background_fill_hover": "*neutral_300",
    "button_cancel_background_fill_dark": "*neutral_700",
    "button_cancel_background_fill_hover_dark": "*neutral_600",
    "button_cancel_text_color": "*neutral_900",
    "button_cancel_text_color_dark": "*neutral_50",
    "checkbox_label_background_fill": "*background_fill_primary",
    "checkbox_label_background_fill_dark": "*background_fill_primary",
    "checkbox_label_background_fill_hover": "*neutral_100",
    "checkbox_label_background_fill_hover_dark": "*neutral_800",
    "checkbox_label_background_fill_selected": "*primary_50",
    "checkbox_label_background_fill_selected_dark": "*primary_950",
    "checkbox_label_border_color": "*neutral_200",
    "checkbox_label_border_color_dark": "*neutral_600",
    "checkbox_label_border_color_selected": "*primary_500",
    "checkbox_label_border_color_selected_dark": "*primary_500",
    "checkbox_label_border_width": "1px",
    "checkbox_label_padding": "0.4rem 0.7rem",
    "checkbox_label_gap": "0.4rem",
    "checkbox_label_text_color_selected": "*neutral_900",
    "checkbox_label_text_color_selected_dark": "*neutral_50",
    "slider_color": "*primary_600",
    "slider_color_dark": "*primary_500",
}
"""Variables of gradio's theme that differ from its base, by their names in `gr.themes.Base.set`."""


def create_theme() -> gr.themes.Base:
    """Return the theme: neutral surfaces, so that the picture stands out."""
    return gr.themes.Base(
        primary_hue=SIENNA,
        secondary_hue=SIENNA,
        neutral_hue=PAPER,
        radius_size="lg",
        font=[Font(name) for name in SANS],
        font_mono=[Font(name) for name in MONO],
    ).set(**VARIABLES)


def load_css() -> str:
    """Return the CSS rules for what the theme cannot express."""
    return (files("barestyle.ui") / "page.css").read_text(encoding="utf-8")
