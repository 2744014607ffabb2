"""What students wrote, safe to be shown to others: nbconvert's filters for feedback and formgrader.

nbconvert's own cleaning does not reach nbgrader's templates, which render markdown cells as they are.
"""

import re
from collections.abc import Mapping
from html import escape

import bleach
import nbconvert.filters
from bleach.css_sanitizer import CSSSanitizer
from jinja2 import pass_context
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

TAGS = frozenset(
    "a abbr b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li ol p pre s span strong "
    "sub summary sup table tbody td tfoot th thead tr u ul".split()
)
PICTURE = re.compile(r"data:image/(png|jpeg|gif);base64,[A-Za-z0-9+/=\s]*")
CODE_CLASS = re.compile(r"highlight|hl-\w+|[a-z][a-z0-9]{0,2}")  # as pygments names what it colours
TABLE_CLASS = "table table-condensed"  # a table as bootstrap, and so nbgrader's pages, draw it
MAX_CHARACTERS = 50_000  # of a markdown cell; a longer one is shown as it was typed
STYLES = CSSSanitizer(allowed_css_properties=["text-align"])


def clean_html(html: str | bytes) -> str:
    """HTML with nothing that runs, loads from elsewhere, or looks like a part of the page around it."""
    text = html.decode() if isinstance(html, bytes) else str(html)
    return bleach.clean(
        text, tags=TAGS, attributes=_allowed, protocols={"http", "https", "mailto", "data"}, css_sanitizer=STYLES
    )


@pass_context
def markdown2html(context, source: str) -> str:
    """Markdown to HTML, cleaned. Pictures that were pasted into the cell are kept."""
    attachments = context.get("cell", {}).get("attachments", {})
    renderer = IPythonRenderer(escape=False, attachments=attachments, exclude_anchor_links=True)
    if len(source) > MAX_CHARACTERS:
        return f"<pre>{escape(source[:MAX_CHARACTERS])}</pre>"
    try:
        html = MarkdownWithMath(renderer=renderer).render(source)
    except Exception:  # an attachment that is not there, for one: the page is shown all the same
        return f"<pre>{escape(source)}</pre>"
    return clean_html(html)


def strip_files_prefix(html: str) -> str:
    """Leaves the text as it is. nbconvert's filter comes after cleaning, and would make a harmless link to
    files/javascript:... one to javascript:..."""
    return html


def get_metadata(output: Mapping, key: str, mimetype: str | None = None) -> int | str | None:
    """A picture's width or height, if it is a number, and a description; nothing else of its metadata."""
    if key == "alt":
        return "A picture that this cell has drawn"
    value = nbconvert.filters.get_metadata(output, key, mimetype)
    return value if key in ("width", "height") and isinstance(value, int) else None


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
