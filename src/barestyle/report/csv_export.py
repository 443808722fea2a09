"""Every cell as a line of a CSV file, for whoever wants to analyze them otherwise."""

from __future__ import annotations

import csv
import io

from barestyle.study.table import Table

COLUMNS = ("cell", "variants", "content", "style", "seed", "state", "evaluations", "restarts", "seconds", "reason")


def cells_csv(table: Table) -> str:
    """The study's cells, sorted by pair, seed and key, with a column for each metric; empty where there is no number.

    `variants` are all variant@optimizer that a cell stands for, with spaces between. RFC 4180, but lines end in \\n.
    """
    names: dict[str, list[str]] = {}
    for optimizer in table.study.optimizers:
        for variant in table.study.variants():
            name = f"{variant.variant}@{optimizer.name}"
            known = names.setdefault(table.study.spec(variant, optimizer).digest, [])
            if name not in known:
                known.append(name)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*COLUMNS, *table.metrics])
    for row in sorted(table.rows, key=lambda row: (row.content, row.style, row.seed, row.cell)):
        told = {**vars(row), "variants": " ".join(names.get(row.digest, ()))}
        scores = (row.scores.get(metric) for metric in table.metrics)
        writer.writerow([*(told[column] for column in COLUMNS), *("" if s is None else f"{s:.6g}" for s in scores)])
    return buffer.getvalue()
