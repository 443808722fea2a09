"""Every cell as a line of a CSV file, for analysis with other programs."""

from __future__ import annotations

import csv
import io

from barestyle.study.table import Table

COLUMNS = ("cell", "variants", "content", "style", "seed", "state", "evaluations", "restarts", "seconds", "reason")


def variant_names(table: Table) -> dict[str, list[str]]:
    """Return, by the digest of a spec, every variant@optimizer that has it."""
    names: dict[str, list[str]] = {}
    for optimizer in table.study.optimizers:
        for variant in table.study.variants:
            name = f"{variant.variant}@{optimizer.name}"
            known = names.setdefault(table.specs[variant.variant, optimizer.name].digest, [])
            if name not in known:
                known.append(name)
    return names


def format_csv(table: Table) -> str:
    """Return the study's cells, sorted by pair, seed and key, with a column for each metric; empty without a value.

    The column `variants` has every variant@optimizer that a cell belongs to, separated by spaces. The format is
    RFC 4180, except that lines end in \\n.
    """
    names = variant_names(table)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*COLUMNS, *table.metrics])
    for result in sorted(table.results, key=lambda r: (r.cell.content, r.cell.style, r.cell.seed, r.cell.key)):
        cell = result.cell
        identity = (cell.key, " ".join(names.get(cell.spec.digest, ())), cell.content, cell.style, cell.seed)
        outcome = (result.state, result.evaluations, result.restarts, result.seconds, result.reason)
        scores = (result.scores.get(metric) for metric in table.metrics)
        writer.writerow([*identity, *outcome, *("" if score is None else f"{score:.6g}" for score in scores)])
    return buffer.getvalue()
