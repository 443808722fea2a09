"""Turn errors into gradio's: a notice on the page, and an error that a client of the API raises."""

from __future__ import annotations

import html
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import gradio as gr

from barestyle.errors import BarestyleError
from barestyle.ui.errors import describe_internal_error, to_sentence

logger = logging.getLogger(__name__)


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise gr.Error with one sentence in place of any exception; unexpected ones are logged with their traceback."""
    try:
        yield
    except BarestyleError as error:
        raise _to_gradio(str(error)) from None
    except gr.Error:
        raise
    except Exception as error:
        logger.exception("unexpected error in the page")
        raise _to_gradio(describe_internal_error(error)) from error


def _to_gradio(text: str) -> gr.Error:
    # The page shows the text as HTML, and the name of an uploaded file may contain tags.
    return gr.Error(html.escape(to_sentence(text), quote=False), print_exception=False)
