"""Shows what students wrote in feedback and in formgrader: the filters of nbconvert that a course's settings name.

nbconvert's own cleaning does not reach nbgrader's templates, which render markdown cells as they are. And some short
texts take minutes to clean or to colour. So this is done in a worker, for a limited time: a text for which it does not
suffice, and each that comes after it on the same page, is shown as it was typed.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any

import nbconvert.filters
from jinja2 import pass_context
from jinja2.runtime import Context

from autograder.bounded import Exceeded, Worker
from autograder.judging import clean

SECONDS = 1  # of processor time for one text
MAX_CHARACTERS = 100_000  # of a text that is shown as it was typed
ESCAPE_SEQUENCE = re.compile(r"\x1b\[[^@-~]*[@-~]")


@dataclass
class Budget:
    """Holds what may still be used for one page."""

    seconds: float = 5.0  # of processor time
    tags: int = 100_000  # nbconvert parses the whole page once more, which takes memory for each


@pass_context
def clean_html(context: Context, html: str | bytes) -> str:
    """Return HTML without what is not safe to show."""
    text = html.decode(errors="replace") if isinstance(html, bytes) else str(html)
    return _within_budget(context, clean.html, text)


@pass_context
def markdown2html(context: Context, source: str) -> str:
    """Return markdown as clean HTML with equations in MathML, and with the pictures that were pasted into the cell."""
    return _within_budget(context, clean.markdown, source, dict(context.get("cell", {}).get("attachments", {})))


@pass_context
def markdown_below_a_title(context: Context, source: str, attachments: Mapping | None = None) -> str:
    """Return the same for a page with a title of its own.

    attachments  the pictures that were pasted into the cell
    """
    return _within_budget(context, clean.markdown_below_a_title, source, dict(attachments or {}))


@pass_context
def highlight_code(context: Context, source: str, language: str | None = None, metadata: Any = None) -> str:
    """Return the code of a cell in colours."""
    return _within_budget(context, clean.code, source)


@pass_context
def ansi2html(context: Context, text: str) -> str:
    """Return the text of a terminal, colours included, as HTML. It stands in <pre> already."""
    return _within_budget(context, clean.terminal, text, otherwise=escape(_plain(text)))


@pass_context
def terminal_without_paths(context: Context, text: str) -> str:
    """Return the text of a terminal as ``ansi2html`` does, without paths of the machine where it was written."""
    shown = escape(clean.without_paths(_plain(text)))
    return _within_budget(context, clean.terminal_without_paths, text, otherwise=shown)


def _plain(text: str) -> str:
    return ESCAPE_SEQUENCE.sub("", text[:MAX_CHARACTERS])


def strip_files_prefix(html: str) -> str:
    """Return the text as it is. nbconvert's own filter runs after cleaning, and would turn a harmless link to
    files/javascript:... into one to javascript:..."""
    return html


def get_metadata(output: Mapping, key: str, mimetype: str | None = None) -> int | str | None:
    """Return a fixed text for "alt", a picture's width or height if it is an integer, and None for all else."""
    if key == "alt":
        return "A picture that this cell has drawn"
    value = nbconvert.filters.get_metadata(output, key, mimetype)
    return value if key in ("width", "height") and isinstance(value, int) else None


def _within_budget(context: Context, function: Callable, text: str, *more: Any, otherwise: str | None = None) -> str:
    """Return the HTML that a function makes of a text, as long as the page's budget lasts.

    otherwise  what is shown instead (default: the text as it was typed)

    The budget is kept in the page's resources.
    """
    budget = context.get("resources", {}).setdefault("budget", Budget())
    if budget.seconds > 0 and budget.tags > 0:
        try:
            html, seconds = _worker().do(_timed, function, text, *more, seconds=SECONDS)
            budget.seconds -= seconds
            budget.tags -= html.count("<")
            if budget.tags > 0:
                return html
        except Exceeded:
            budget.seconds -= SECONDS
        except Exception:  # an attachment that is not there, for one: the page is shown all the same
            pass
    return otherwise if otherwise is not None else f"<pre>{escape(text[:MAX_CHARACTERS])}</pre>"


def _timed(function: Callable[..., str], *arguments: Any) -> tuple[str, float]:
    began = time.process_time()
    return function(*arguments), time.process_time() - began


@cache
def _worker() -> Worker:
    """Return the worker of this process that renders pages."""
    return Worker(memory=1024**3, result=64 * 1024**2)
