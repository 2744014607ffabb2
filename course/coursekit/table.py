"""Makes tables: the comparison that grows through the notebooks, and the ledger of claims at their end."""

import html
import re
from collections.abc import Mapping, Sequence

from IPython.display import Markdown

CELL = "padding: 0.35em 0.9em; text-align: left; vertical-align: top; border-bottom: 1px solid #cccccc"


class Table(Markdown):
    """Shows a table. Where a page can show HTML, it brings its own padding."""

    def __init__(self, head: Sequence[object], rows: Sequence[Sequence[object]]):
        lines = [head, ["---"] * len(head), *rows]
        super().__init__("\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines))
        self._rows = [("th", head), *(("td", row) for row in rows)]

    def _repr_html_(self) -> str:
        shown = ["".join(f'<{tag} style="{CELL}">{_inline(cell)}</{tag}>' for cell in row) for tag, row in self._rows]
        return f'<table style="border-collapse: collapse"><tr>{"</tr><tr>".join(shown)}</tr></table>'


def comparison_table(columns: Mapping[str, Mapping[str, object]]) -> Table:
    """Return a table with a column for each architecture and a row for each measurement. A missing value stays empty.

    columns  {architecture: {measurement: value}}
    """
    measurements = list(dict.fromkeys(name for column in columns.values() for name in column))
    rows = [[name, *(column.get(name, "") for column in columns.values())] for name in measurements]
    return Table(["", *columns], rows)


def ledger(claims: Sequence[tuple[str, str, str]]) -> Table:
    """Return a table of claims, numbered from 1, each given as (claim, what was measured, verdict)."""
    rows = [[number, claim, measured, f"**{verdict}**"] for number, (claim, measured, verdict) in enumerate(claims, 1)]
    return Table(["", "claim", "measured", "verdict"], rows)


def _inline(cell: object) -> str:
    """Return a cell of Markdown as HTML: bold, italics and code are all that cells have."""
    text = html.escape(str(cell), quote=False)
    for mark, tag in ((r"\*\*", "strong"), (r"\*", "em"), ("`", "code")):
        text = re.sub(rf"{mark}(.+?){mark}", rf"<{tag}>\1</{tag}>", text)
    return text
