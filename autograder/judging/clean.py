"""Makes HTML of what students wrote, and takes everything out of it that is not safe to show to others.

These functions may take very long with some texts: ``pages`` calls them in a worker.
"""

import re
from html import unescape

import bleach
from bleach.css_sanitizer import CSSSanitizer
from nbconvert.filters import Highlight2HTML
from nbconvert.filters import ansi2html as terminal  # the text of a terminal, colours included, as HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from autograder.judging.equations import mathml

__all__ = [
    *("TABLE_CLASS", "code", "html", "markdown", "markdown_below_a_title"),
    *("terminal", "terminal_without_paths", "without_paths"),
]

TAGS = frozenset(
    "a abbr b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li ol p pre s span strong "
    "sub summary sup table tbody td tfoot th thead tr u ul".split()
)
PICTURE = re.compile(r"data:image/(png|jpeg|gif);base64,[A-Za-z0-9+/=\s]*")
CODE_CLASS = re.compile(r"highlight|hl-\w+|[a-z][a-z0-9]{0,2}")  # the classes that pygments gives to coloured code
TABLE_CLASS = "table table-condensed"  # bootstrap's classes for tables, as nbgrader's pages use them
EQUATION = re.compile(r'<code class="(tex|eq)">([^<]*)</code>')  # in clean HTML: no attribute contains a <
HEADING = re.compile(r"<(/?)h([1-5])(?=[ >])")
# A file's absolute path, behind a colour of the terminal or not. The "/" of a quotient stands behind a word.
PATH = re.compile(r"((?:\x1b\[[\d;]*m)|(?<![\w/.+:~-]))(~?/[\w.+-]+(?:/[\w.+-]+)*\.py)(?!\w)")
LIBRARIES = re.compile(r".*/(?:site-packages|dist-packages|python3\.\d+)/")
STYLES = CSSSanitizer(allowed_css_properties=["text-align"])


def html(text: str) -> str:
    """Return HTML without anything that runs, loads from elsewhere, or looks like a part of the page around it."""
    return bleach.clean(
        text, tags=TAGS, attributes=_allowed, protocols={"http", "https", "mailto", "data"}, css_sanitizer=STYLES
    )


def markdown(text: str, attachments: dict) -> str:
    """Return markdown as clean HTML. Equations become MathML; one that cannot be converted is shown as it was typed.

    attachments  the pictures that were pasted into the cell, which are kept: {name: {type: data}}
    """
    renderer = _MarksEquations(escape=False, attachments=attachments, exclude_anchor_links=True)
    return EQUATION.sub(_converted, html(MarkdownWithMath(renderer=renderer).render(text)))


def markdown_below_a_title(text: str, attachments: dict) -> str:
    """Return the same for a page with a title of its own: each heading is one level lower."""
    return HEADING.sub(lambda tag: f"<{tag[1]}h{int(tag[2]) + 1}", markdown(text, attachments))


def terminal_without_paths(text: str) -> str:
    """Return the text of a terminal as HTML, without the paths of the machine on which it was written."""
    return terminal(without_paths(text))


def without_paths(text: str) -> str:
    """Return the text with the names of libraries' files as they are imported, and of other files the last part."""

    def shorter(found: re.Match) -> str:
        library = LIBRARIES.match(found[2])
        return found[1] + (found[2][library.end() :] if library else found[2].rpartition("/")[2])

    return PATH.sub(shorter, text)


def code(text: str) -> str:
    """Return Python code as HTML, in colours."""
    return Highlight2HTML()(text)


class _MarksEquations(IPythonRenderer):
    """Puts each equation into an element that is found again when all is clean."""

    def inline_math(self, body: str) -> str:
        return f'<code class="tex">{self.escape_html(body)}</code>'

    def block_math(self, body: str) -> str:
        return f'<code class="eq">{self.escape_html(body)}</code>'

    def latex_environment(self, name: str, body: str) -> str:
        return self.block_math(f"\\begin{{{name}}}{body}\\end{{{name}}}")


def _converted(found: re.Match) -> str:
    return mathml(unescape(found[2]), "block" if found[1] == "eq" else "inline") or found[0]


def _allowed(tag: str, name: str, value: str) -> bool:
    if tag == "a" and name == "href":
        return value.startswith(("https://", "http://", "mailto:", "#"))
    if tag == "img":
        return name in ("alt", "width", "height") or name == "src" and bool(PICTURE.fullmatch(value.strip()))
    if tag == "table" and name == "class":
        return value == TABLE_CLASS
    if name == "class":
        return tag in ("span", "div", "pre", "code") and bool(CODE_CLASS.fullmatch(value))
    return tag in ("td", "th") and name == "style" or name == "title"
