"""The results of the `barestyle study` commands as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, get_args

if TYPE_CHECKING:
    from barestyle.report.write import WrittenReport
    from barestyle.study.cell import CellResult
    from barestyle.study.estimate import Estimate
    from barestyle.study.store import Store


def describe_plan(study: str, cells: int, estimate: Estimate) -> dict[str, object]:
    """Return how many cells a study has, and what those that are not done will take with one worker."""
    return {
        "study": study,
        "cells": cells,
        "done": cells - estimate.cells,
        "evaluations": estimate.evaluations,
        "seconds": estimate.seconds,
        "networks": [
            {
                "variants": line.variants,
                "cells": line.cells,
                "evaluations": line.evaluations,
                "seconds": line.seconds,
            }
            for line in estimate.lines
        ],
    }


def describe_results(results: Sequence[CellResult]) -> dict[str, object]:
    """Return how many cells are done, waiting and failed, and why cells failed."""
    counts = Counter(result.state for result in results)
    failures = Counter(result.reason for result in results if result.state == "failed")
    return {
        "cells": len(results),
        **{state: counts[state] for state in ("done", "waiting", "failed")},
        "failures": [{"reason": reason, "cells": number} for reason, number in failures.most_common()],
    }


def describe_run(study: str, store: Store, results: Sequence[CellResult], *, interrupted: bool) -> dict[str, object]:
    """Return the outcome of `study run`."""
    return {
        "study": study,
        "store": store.folder.location,
        **describe_results(results),
        "interrupted": interrupted,
        **describe_verdicts(store),
    }


def describe_report(report: WrittenReport, store: Store) -> dict[str, object]:
    """Return the files of a report, and the verdicts in it."""
    return {
        "page": str(report.page),
        "tables": [str(table) for table in report.tables],
        "sheets": [str(sheet) for sheet in report.sheets],
        "bytes": sum(file.stat().st_size for file in report.files),
        **describe_verdicts(store),
    }


def describe_verdicts(store: Store) -> dict[str, object]:
    """Return the verdict on every claim, and how many claims have which one."""
    from barestyle.study.claims import load_claims
    from barestyle.study.load_table import load_table
    from barestyle.study.verdicts import Word, judge

    table = load_table(store)
    verdicts = judge(load_claims(table.study.claims), table)
    counts = Counter(verdict.word for verdict in verdicts)
    return {
        "claims": {word: counts[word] for word in get_args(Word)},
        "verdicts": [
            {
                "claim": verdict.claim.id,
                "optimizer": verdict.optimizer,
                "verdict": verdict.word,
                "p": verdict.p,
                "pairs_needed": verdict.pairs_needed,
            }
            for verdict in verdicts
        ],
    }
