"""The table of a stored study."""

from __future__ import annotations

from barestyle.study.store import Store
from barestyle.study.table import Table


def load_table(store: Store) -> Table:
    """Return the results of the declared study as a table."""
    declared = store.declaration
    return Table(
        store.study,
        tuple(store.read_results()),
        declared["metrics"],
        declared["favored"],
        store.read_comparisons(),
    )
