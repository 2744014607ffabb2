"""Shows verdicts in the check cells of the graded notebook and in the terminal."""

import shutil
import textwrap
from collections.abc import Iterable
from html import escape

from nbformat import NotebookNode
from nbformat.v4 import new_output

from autograder.judging.clean import TABLE_CLASS
from autograder.judging.verdict import CaseVerdict, Verdict


def shown(verdict: Verdict) -> dict:
    """Return a verdict in types that JSON knows, and how it is shown, as HTML."""
    return {**verdict.as_dict(), "html": as_html(verdict)}


def into_notebook(notebook: NotebookNode, verdicts: list[dict]) -> None:
    """Make the verdict the only result of each check cell, and keep the cell's streams and errors below it.

    nbgrader takes the number as the cell's points, and formgrader shows the table. The verdicts are also stored in the
    notebook's metadata.

    verdicts  as ``shown`` returns them
    """
    by_cell = {f"check_{verdict['exercise']}": verdict for verdict in verdicts}
    for cell in notebook.cells:
        verdict = by_cell.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if verdict is None:
            continue
        result = new_output(
            "execute_result",
            {"text/plain": repr(verdict["score"]), "text/html": verdict["html"]},
            execution_count=cell.execution_count,
        )
        own = [output for output in cell.outputs if output.output_type in ("stream", "error")]
        cell.outputs = [result, *own]
    plain = [{name: value for name, value in verdict.items() if name != "html"} for verdict in verdicts]
    notebook.metadata.setdefault("autograder", NotebookNode()).verdicts = plain


def as_html(verdict: Verdict) -> str:
    """Return the verdict as a line with the points and a table of its cases. All texts are escaped."""
    rows = "".join(
        "<tr><td>{}</td><td>{:g}</td><td>{}</td><td>{}</td></tr>".format(
            _mark(case),
            verdict.points_of(case),
            escape(case.title),
            " ".join([f"<b>{escape(name)}.</b>" for name in names] + [escape(found)]),
        )
        for case, names, found in _found(verdict)
    )
    head = "".join(f"<th>{title}</th>" for title in ("", "Points", "What was tested", "What was found"))
    return (
        f"<p><b>{escape(verdict.exercise)}: {verdict.score:g} of {verdict.points:g} points</b></p>"
        + "".join(f"<p>{escape(line)}</p>" for line in _off(verdict))
        + f'<table class="{TABLE_CLASS}"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    )


def as_text(verdicts: list[Verdict]) -> str:
    """Return a text for the terminal: each exercise with its points, each of its cases, and what was wrong."""
    width = min(shutil.get_terminal_size().columns, 100)
    lines = []
    for verdict in verdicts:
        lines += ["", f"{verdict.exercise}  {verdict.score:g} of {verdict.points:g} points"]
        lines += [f"  {line}" for line in _off(verdict)]
        for case, names, found in _found(verdict):
            lines.append(f"  {_mark(case)} {case.title}")
            text = " ".join([f"{name}." for name in names] + [found])
            lines += textwrap.wrap(text, width, initial_indent="      ", subsequent_indent="      ")
    total, most = sum(verdict.score for verdict in verdicts), sum(verdict.points for verdict in verdicts)
    return "\n".join([*lines, "", f"{total:g} of {most:g} automatic points"])


def _mark(case: CaseVerdict) -> str:
    return "✓" if case.passed else "◐" if case.share else "✗"


def _off(verdict: Verdict) -> list[str]:
    """Say of each named mistake what it costs."""
    return [
        f"{mistake.name}: {points:g} of {verdict.points:g} points off"
        for mistake, points in zip(verdict.mistakes, verdict.off, strict=True)
    ]


def _found(verdict: Verdict) -> Iterable[tuple[CaseVerdict, list[str], str]]:
    """Yield each case, a list with the name of its mistake or an empty one, and what to say.

    The sentence of a mistake is said only the first time that the mistake occurs.
    """
    said = set()
    for case in verdict.cases:
        repeated = case.mistake in said
        said.add(case.mistake)
        if case.mistake:
            yield case, [case.mistake.name], "" if repeated else case.reason
        else:
            yield case, [], case.reason


def printable(text: str) -> str:
    """Return the text in one line, with an escape sequence in place of each character that is not printable."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a plain table as text. A column whose cells are all numbers or empty is aligned to the right."""
    columns = list(zip(head, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    right = [
        all(cell.replace(".", "").replace("-", "").isdigit() or not cell for cell in column[1:]) for column in columns
    ]

    def line(cells):
        padded = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(cells, widths, right, strict=True)]
        return "  ".join(padded).rstrip()

    return "\n".join([line(head), line(["─" * width for width in widths]), *map(line, rows)])
