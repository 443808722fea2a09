"""The functions that the page's script calls, each with one argument; a refusal is returned as a sentence."""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import gradio as gr

from barestyle.errors import BarestyleError
from barestyle.ui.crop import Crop
from barestyle.ui.errors import describe_internal_error, to_sentence
from barestyle.ui.form import Form
from barestyle.ui.instant_service import InstantService
from barestyle.ui.page_service import PageService
from barestyle.ui.session_cookie import COOKIE, check_session_id

logger = logging.getLogger(__name__)

ALREADY_QUEUED = "This is in the queue already."

Call = Callable[[Any, gr.Request], Awaitable[Any]]


def session_id_of(request: gr.Request) -> str | None:
    """Return the id of the session whose browser sent a request."""
    return check_session_id(request.cookies.get(COOKIE))


def answer(call: Call) -> Call:
    """Make a function return {"error": sentence} in place of raising; unexpected errors are logged."""

    @functools.wraps(call)
    async def wrapper(argument: Any, request: gr.Request) -> Any:
        try:
            return await call(argument, request)
        except BarestyleError as error:
            return {"error": to_sentence(str(error))}
        except Exception as error:
            logger.exception("unexpected error in the page")
            return {"error": to_sentence(describe_internal_error(error))}

    return wrapper


def create_calls(service: PageService, instant: InstantService) -> list[Call]:
    """Return all functions; the script finds each by its name."""
    return [
        *_create_form_calls(service, instant),
        *_create_look_calls(service),
        *_create_instant_calls(service, instant),
        *_create_result_calls(service, instant),
    ]


def _create_form_calls(service: PageService, instant: InstantService) -> list[Call]:
    """Return the functions of the form: the page is opened, pictures are chosen, settings are saved and loaded."""

    @answer
    async def open_page(_: Any, request: gr.Request) -> Any:
        return await service.open_page(service.get_session(session_id_of(request)))

    @answer
    async def add_picture(argument: Any, request: gr.Request) -> Any:
        session = service.get_session(session_id_of(request))
        return (await service.add_picture(session, Path(argument["path"]))).model_dump()

    @answer
    async def choose_picture(picture_id: Any, request: gr.Request) -> Any:
        return (await service.choose(service.get_session(session_id_of(request)), str(picture_id))).model_dump()

    @answer
    async def crop_picture(argument: Any, request: gr.Request) -> Any:
        session = service.get_session(session_id_of(request))
        return (await service.crop(session, Crop(**argument))).model_dump()

    @answer
    async def save_form(argument: Any, request: gr.Request) -> Any:
        session = service.get_session(session_id_of(request))
        form = Form(**argument)
        session.save_form(form)
        return {**await service.estimate_form(session, form), "instant": await instant.estimate(session, form)}

    @answer
    async def load_record(argument: Any, request: gr.Request) -> Any:
        session = service.get_session(session_id_of(request))
        form, note = await service.load_record(session, Path(argument["path"]), Form(**argument["form"]))
        session.save_form(form)
        return {**await service.open_page(session), "note": note}

    @answer
    async def use_settings(result_id: Any, request: gr.Request) -> Any:
        session = service.get_session(session_id_of(request))
        session.save_form(Form(**service.get_result(session, str(result_id)).info.form))
        return await service.open_page(session)

    return [open_page, add_picture, choose_picture, crop_picture, save_form, load_record, use_settings]


def _create_look_calls(service: PageService) -> list[Call]:
    """Return the functions that save and delete looks."""

    @answer
    async def save_look(argument: Any, request: gr.Request) -> Any:
        session = service.get_session(session_id_of(request))
        looks = service.save_look(session, str(argument["name"]), Form(**argument["form"]))
        return {"looks": [look.model_dump() for look in looks]}

    @answer
    async def delete_look(name: Any, request: gr.Request) -> Any:
        looks = service.delete_look(service.get_session(session_id_of(request)), str(name))
        return {"looks": [look.model_dump() for look in looks]}

    return [save_look, delete_look]


def _create_instant_calls(service: PageService, instant: InstantService) -> list[Call]:
    """Return the functions of trained styles: add a file, paint at once, keep the picture."""

    @answer
    async def add_trained_style(argument: Any, request: gr.Request) -> Any:
        session = service.get_session(session_id_of(request))
        added = await instant.add_style(session, Path(argument["path"]))
        return {"added": added, "trained_styles": session.trained_styles.describe()}

    @answer
    async def paint_instant(argument: Any, request: gr.Request) -> Any:
        session = service.get_session(session_id_of(request))
        return await instant.preview(
            session,
            Form(**argument["form"]),
            is_settled=bool(argument["is_settled"]),
            known_photo=str(argument["known_photo"]),
            known_side=int(argument["known_side"]),
        )

    @answer
    async def keep_instant(argument: Any, request: gr.Request) -> Any:
        session = service.get_session(session_id_of(request))
        form = Form(**argument)
        session.save_form(form)
        return {"result": await instant.keep(session, form)}

    return [add_trained_style, paint_instant, keep_instant]


def _create_result_calls(service: PageService, instant: InstantService) -> list[Call]:
    """Return the functions of the stage: follow changes, stop and order jobs, enlarge and delete results."""

    @answer
    async def follow(seen: Any, request: gr.Request) -> Any:
        return await service.follow(service.get_session(session_id_of(request)), seen)

    @answer
    async def enlarge(argument: Any, request: gr.Request) -> Any:
        session = service.get_session(session_id_of(request))
        result = await instant.enlarge(session, str(argument["result"]), int(argument["size"]))
        if result is not None:
            return {"note": "", "result": result}
        job = await service.enlarge(session, str(argument["result"]), int(argument["size"]))
        return {"note": "" if job is not None else ALREADY_QUEUED}

    @answer
    async def estimate_sizes(argument: Any, request: gr.Request) -> Any:
        session = service.get_session(session_id_of(request))
        sizes = [int(size) for size in argument["sizes"]][:20]
        known = await instant.estimate_sizes(session, str(argument["result"]), sizes)
        return known if known is not None else await service.estimate_sizes(session, str(argument["result"]), sizes)

    @answer
    async def delete_result(result_id: Any, request: gr.Request) -> Any:
        service.delete(service.get_session(session_id_of(request)), str(result_id))
        return {}

    @answer
    async def undelete_result(_: Any, request: gr.Request) -> Any:
        return {"result": service.undelete(service.get_session(session_id_of(request)))}

    @answer
    async def change_queue(argument: Any, request: gr.Request) -> Any:
        session = service.get_session(session_id_of(request))
        service.change_queue(session, int(argument["number"]), str(argument["action"]))
        return {}

    return [follow, enlarge, estimate_sizes, delete_result, undelete_result, change_queue]
