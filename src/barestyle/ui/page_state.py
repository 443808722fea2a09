"""What the page shows of a session, as data for its script: the current job, the queue, and the results."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from barestyle.ui import status_text
from barestyle.ui.errors import to_sentence
from barestyle.ui.job_queue import JobQueue
from barestyle.ui.jobs import Job
from barestyle.ui.page_session import PageSession
from barestyle.ui.result_store import StoredResult

IDLE: dict[str, Any] = {
    "phase": "idle",
    "headline": "",
    "details": "",
    "share": 0,
    "position": 0,
    "job": None,
    "number": None,
    "busy": False,
}
"""The current job where there is none."""


def describe_session(session: PageSession, job_queue: JobQueue) -> dict[str, Any]:
    """Return the parts of the page that change by themselves, by name.

    They are in the order in which the page shows them: a job's end comes after its result.
    """
    current = find_current_job(session)
    snapshot = current.status.snapshot if current is not None else None
    return {
        "results": [describe_result(result) for result in reversed(session.results.all)],
        "frame": {"image": snapshot.frame, "curve": snapshot.curve} if snapshot else {"image": "", "curve": ""},
        "queue": [_describe_entry(job, job_queue) for job in _sort_by_position(session, job_queue)],
        "failures": [
            to_sentence(error)
            for job in session.jobs
            if job is not current and job.status.is_over and not job.is_dropped
            for error in job.status.errors
        ],
        "job": IDLE if current is None else _describe_job(current, job_queue, session),
    }


def select_changes(parts: Mapping[str, Any], seen: Mapping[str, str]) -> dict[str, Any]:
    """Return the parts whose digest is not the one that the page has seen, each with its digest."""
    digests = {name: hashlib.sha256(json.dumps(part).encode()).hexdigest()[:16] for name, part in parts.items()}
    return {
        name: {"digest": digest, "value": parts[name]} for name, digest in digests.items() if seen.get(name) != digest
    }


def find_current_job(session: PageSession) -> Job | None:
    """Return the job that is painted, or the next one, or the last one that is over."""
    unfinished = session.unfinished_jobs
    painting = [job for job in unfinished if job.status.phase == "painting"]
    return next(iter([*painting, *unfinished, *reversed(session.jobs)]), None)


def _describe_job(job: Job, job_queue: JobQueue, session: PageSession) -> dict[str, Any]:
    status = job.status
    titles = [request.title for request in job.requests]
    return {
        "phase": status.phase,
        "headline": status_text.format_headline(status, job_queue.find_position(job), titles),
        "details": status_text.format_details(status),
        "share": _compute_share(job),
        "position": job_queue.find_position(job),
        "job": f"{session.folder.name[:8]}-{job.number}",
        "number": job.number,
        "count": len(job.requests),
        "busy": bool(session.unfinished_jobs),
    }


def _compute_share(job: Job) -> float:
    """Return the share of a job's work that is done, 0..1."""
    status = job.status
    if status.is_over:
        return 1.0
    share = status.snapshot.share if status.snapshot else 0.0
    return round((status.number + share) / len(job.requests), 4)


def _sort_by_position(session: PageSession, job_queue: JobQueue) -> list[Job]:
    return sorted(session.unfinished_jobs, key=job_queue.find_position)


def _describe_entry(job: Job, job_queue: JobQueue) -> dict[str, Any]:
    """Return a line of the queue."""
    request = job.requests[0]
    title = request.title if len(job.requests) == 1 else f"{len(job.requests)} pictures"
    return {
        "number": job.number,
        "title": f"{title}, {request.spec.size} px",
        "position": job_queue.find_position(job),
        "waits": job.status.phase == "waiting",
    }


def describe_result(result: StoredResult) -> dict[str, Any]:
    """Return what the page shows of a result; its files have the URL session/results/ID/KIND."""
    info = result.info
    return {
        "id": info.id,
        "title": info.title,
        "caption": info.caption,
        "width": info.width,
        "height": info.height,
        "job": info.job,
        "has_film": info.has_film,
        "curve": info.curve,
    }
