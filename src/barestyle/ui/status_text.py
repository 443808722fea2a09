"""What the page says of a job, and a client of the API reads: whole sentences, no figures without words."""

from __future__ import annotations

from barestyle.ui.errors import sentence
from barestyle.ui.jobs import FinishedImage, Job, JobStatus, Snapshot

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def state(job: Job, view: JobStatus, place: int) -> str:
    """Where a job stands, in one sentence."""
    if view.phase == "waiting":
        return waiting(place)
    if view.phase == "painting":
        return painting(job, view)
    if view.phase == "failed":
        return sentence(view.refusals[0] if view.refusals else "stopped before anything was painted")
    return finished(view.works)


def waiting(place: int) -> str:
    """A place in the line: how many come before, in words."""
    if place == 0:
        return "It is your turn: looking at both pictures."
    before = NUMBERS[place].capitalize() if place < len(NUMBERS) else str(place)
    others, done = ("picture is", "that one is") if place == 1 else ("pictures are", "those are")
    return f"{before} {others} before yours; it begins when {done} done."


def painting(job: Job, view: JobStatus) -> str:
    """Which of the pictures is being painted."""
    if len(job.requests) == 1:
        return "Painting."
    return f"Painting {view.number + 1} of {len(job.requests)}: {job.requests[view.number].title}."


def details(view: JobStatus) -> str:
    """Steps, and at most how much longer; or what else there is to say."""
    if view.phase == "painting":
        return figures(view.snapshot) if view.snapshot else "Looking at both pictures."
    if view.phase == "failed":
        return " ".join(map(sentence, view.refusals[1:]))
    if view.phase == "waiting":
        return ""
    reason = [f"It ended because {view.works[0].reason}."] if len(view.works) == 1 else []
    return " ".join([*reason, *map(sentence, view.refusals)])


def figures(snapshot: Snapshot) -> str:
    """'Step 12 of 250, at most 40 seconds left'."""
    text = f"Step {snapshot.step} of {snapshot.steps}"
    return text if snapshot.left is None else f"{text}, at most {duration(snapshot.left)} left"


def finished(works: tuple[FinishedImage, ...]) -> str:
    """What came of a job."""
    if len(works) > 1:
        return f"{NUMBERS[len(works)].capitalize()} pictures, painted in {duration(sum(one.seconds for one in works))}."
    work = works[0]
    size = f"{work.width} × {work.height} pixels"
    if work.interrupted:
        return f"Stopped after {duration(work.seconds)}: the best picture until then, {size}."
    return f"Painted in {duration(work.seconds)}: {size}."


def duration(seconds: float) -> str:
    """'9 seconds', '3 minutes' or '2 hours 5 minutes': no finer than anybody plans."""
    whole = max(1, round(seconds))
    if whole < 90:
        return _counted(whole, "second")
    if whole < 3570:
        return _counted(round(whole / 60), "minute")
    hours, minutes = divmod(round(whole / 60), 60)
    return " ".join([_counted(hours, "hour"), *([_counted(minutes, "minute")] if minutes else [])])


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
