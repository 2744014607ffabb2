"""Makes HTML of what students wrote, and takes everything out of it that is not safe to show to others.

These functions may take very long with some texts: ``pages`` calls them in a worker.
"""

import re

import bleach
from bleach.css_sanitizer import CSSSanitizer
from nbconvert.filters import Highlight2HTML
from nbconvert.filters import ansi2html as terminal  # the text of a terminal, colours included, as HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

__all__ = ["TABLE_CLASS", "code", "html", "markdown", "terminal"]

TAGS = frozenset(
    "a abbr b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li ol p pre s span strong "
    "sub summary sup table tbody td tfoot th thead tr u ul".split()
)
PICTURE = re.compile(r"data:image/(png|jpeg|gif);base64,[A-Za-z0-9+/=\s]*")
CODE_CLASS = re.compile(r"highlight|hl-\w+|[a-z][a-z0-9]{0,2}")  # the classes that pygments gives to coloured code
TABLE_CLASS = "table table-condensed"  # bootstrap's classes for tables, as nbgrader's pages use them
STYLES = CSSSanitizer(allowed_css_properties=["text-align"])


def html(text: str) -> str:
    """Return HTML without anything that runs, loads from elsewhere, or looks like a part of the page around it."""
    return bleach.clean(
        text, tags=TAGS, attributes=_allowed, protocols={"http", "https", "mailto", "data"}, css_sanitizer=STYLES
    )


def markdown(text: str, attachments: dict) -> str:
    """Return markdown as clean HTML.

    attachments  the pictures that were pasted into the cell, which are kept: {name: {type: data}}
    """
    renderer = IPythonRenderer(escape=False, attachments=attachments, exclude_anchor_links=True)
    return html(MarkdownWithMath(renderer=renderer).render(text))


def code(text: str) -> str:
    """Return Python code as HTML, in colours."""
    return Highlight2HTML()(text)


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
