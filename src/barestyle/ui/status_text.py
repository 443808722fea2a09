"""The status of a job in words, for the page and for clients of the API."""

from __future__ import annotations

from collections.abc import Sequence

from barestyle.ui.errors import to_sentence
from barestyle.ui.job_status import FinishedImage, JobStatus, Snapshot


def format_headline(status: JobStatus, position: int, titles: Sequence[str]) -> str:
    """Return one sentence on a job; `titles` are the looks that it paints, `position` is its place in the queue."""
    if status.phase == "waiting":
        return format_position(position)
    if status.phase == "painting":
        if len(titles) == 1:
            return "Painting."
        return f"Painting {status.number + 1} of {len(titles)}: {titles[status.number]}."
    if status.phase == "failed":
        return to_sentence(status.errors[0] if status.errors else "stopped before anything was painted")
    return format_finished(status.images)


def format_position(position: int) -> str:
    """Return how many pictures come first."""
    if position == 0:
        return "Starting."
    return f"{format_count(position, 'picture')} ahead of yours in the queue."


def format_details(status: JobStatus) -> str:
    """Return what there is to say beside the headline: steps and time left, or errors."""
    if status.phase == "painting":
        return format_steps(status.snapshot) if status.snapshot else "Analyzing both pictures."
    if status.phase == "failed":
        return " ".join(map(to_sentence, status.errors[1:]))
    return " ".join(map(to_sentence, status.errors))


def format_steps(snapshot: Snapshot) -> str:
    """Return for example 'Step 12 of 250, about 40 seconds left'."""
    text = f"Step {snapshot.step} of {snapshot.steps}"
    seconds = snapshot.seconds_left
    return text if seconds is None else f"{text}, about {format_rounded(seconds)} left"


def format_finished(images: Sequence[FinishedImage]) -> str:
    """Return a sentence on the finished pictures of a job."""
    seconds = format_duration(sum(image.seconds for image in images))
    if len(images) > 1:
        return f"{len(images)} pictures painted in {seconds}."
    size = f"{images[0].width} × {images[0].height} pixels"
    if images[0].interrupted:
        return f"Stopped after {seconds}. This is the best version so far, {size}."
    return f"Painted in {seconds}, {size}."


def format_duration(seconds: float) -> str:
    """Return '9 seconds', '3 minutes' or '2 hours 5 minutes'."""
    whole_seconds = max(1, round(seconds))
    if whole_seconds < 90:
        return format_count(whole_seconds, "second")
    if whole_seconds < 3570:
        return format_count(round(whole_seconds / 60), "minute")
    hours, minutes = divmod(round(whole_seconds / 60), 60)
    return " ".join([format_count(hours, "hour"), *([format_count(minutes, "minute")] if minutes else [])])


def format_rounded(seconds: float) -> str:
    """Return a duration to the precision of an estimate: '9 seconds', '25 seconds', '4 minutes'."""
    return format_duration(seconds if seconds < 15 else 5 * round(seconds / 5))


def format_short(seconds: float) -> str:
    """Return the same for a place with little room: '9 s', '25 s', '4 min', '2 h'."""
    if seconds < 90:
        return f"{max(1, round(seconds if seconds < 15 else 5 * round(seconds / 5)))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{round(minutes / 60)} h"


def format_count(number: int, noun: str) -> str:
    """Return a number and its noun, in the plural if needed."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
