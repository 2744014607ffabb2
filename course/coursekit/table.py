"""The comparison table that grows through the notebooks."""

from collections.abc import Mapping

from IPython.display import Markdown


def comparison_table(columns: Mapping[str, Mapping[str, object]]) -> Markdown:
    """A table with an architecture a column and a measurement a row; what was not measured stays empty.

    columns  {architecture: {measurement: value}}
    """
    measurements = list(dict.fromkeys(name for column in columns.values() for name in column))
    rows = [["", *columns], ["---"] * (len(columns) + 1)]
    rows += [[name, *(str(column.get(name, "")) for column in columns.values())] for name in measurements]
    return Markdown("\n".join("| " + " | ".join(row) + " |" for row in rows))
