"""Refusals as gradio has them: a note on the page, and the error that a client of the API raises."""

from __future__ import annotations

import html
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import gradio as gr

from barestyle.errors import BarestyleError
from barestyle.ui.errors import mistake, sentence

logger = logging.getLogger(__name__)


@contextmanager
def spoken() -> Iterator[None]:
    """Turn whatever is raised inside into gradio's error with a sentence; its traceback goes to the log, if any."""
    try:
        yield
    except BarestyleError as error:
        raise _note(str(error)) from None
    except gr.Error:
        raise
    except Exception as error:
        logger.exception("a mistake in the page")
        raise _note(mistake(error)) from error


def _note(text: str) -> gr.Error:
    # The page shows the text as HTML, and a file that was sent may have put its own into it.
    return gr.Error(html.escape(sentence(text), quote=False), print_exception=False)
