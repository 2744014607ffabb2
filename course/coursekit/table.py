"""Makes tables: the comparison that grows through the notebooks, and the ledger of claims at their end."""

from collections.abc import Mapping, Sequence

from IPython.display import Markdown


def comparison_table(columns: Mapping[str, Mapping[str, object]]) -> Markdown:
    """Return a table with a column for each architecture and a row for each measurement. A missing value stays empty.

    columns  {architecture: {measurement: value}}
    """
    measurements = list(dict.fromkeys(name for column in columns.values() for name in column))
    rows = [[name, *(column.get(name, "") for column in columns.values())] for name in measurements]
    return _table(["", *columns], rows)


def ledger(claims: Sequence[tuple[str, str, str]]) -> Markdown:
    """Return a table of claims, numbered from 1, each given as (claim, what was measured, verdict)."""
    rows = [[number, claim, measured, f"**{verdict}**"] for number, (claim, measured, verdict) in enumerate(claims, 1)]
    return _table(["", "claim", "measured", "verdict"], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Markdown:
    lines = [head, ["---"] * len(head), *rows]
    return Markdown("\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines))
