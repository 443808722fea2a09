"""Every score of every cell as a row of a Parquet file, for pandas, polars, R and DuckDB."""

from __future__ import annotations

import io
from importlib.util import find_spec

from barestyle.report.csv_export import variant_names
from barestyle.study.table import Table

NEEDS = "pip install 'barestyle[parquet]'"


def can_write_parquet() -> bool:
    """Return whether pyarrow is installed."""
    return find_spec("pyarrow") is not None


def format_parquet(table: Table) -> bytes:
    """Return a Parquet file with a row for each variant, optimizer, pair, seed and metric that has a score.

    Columns: cell, variant, optimizer, content, style, seed, metric, score, evaluations, restarts, seconds. Needs
    pyarrow.
    """
    import pyarrow
    import pyarrow.parquet

    names = variant_names(table)
    rows = [
        {
            "cell": result.cell.key,
            "variant": variant,
            "optimizer": optimizer,
            "content": result.cell.content,
            "style": result.cell.style,
            "seed": result.cell.seed,
            "metric": metric,
            "score": score,
            "evaluations": result.evaluations,
            "restarts": result.restarts,
            "seconds": result.seconds,
        }
        for result in table.results
        if result.state == "done"
        for variant, optimizer in (name.split("@") for name in names.get(result.cell.spec.digest, ()))
        for metric, score in result.scores.items()
    ]
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), buffer, compression="zstd")
    return buffer.getvalue()
