"""Makes what students wrote safe to show to others: replaces nbconvert's filters for feedback and formgrader.

nbconvert's own cleaning does not reach nbgrader's templates, which render markdown cells as they are.
"""

import re
from collections.abc import Mapping
from html import escape

import bleach
import nbconvert.filters
from bleach.css_sanitizer import CSSSanitizer
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

TAGS = frozenset(
    "a abbr b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li ol p pre s span strong "
    "sub summary sup table tbody td tfoot th thead tr u ul".split()
)
PICTURE = re.compile(r"data:image/(png|jpeg|gif);base64,[A-Za-z0-9+/=\s]*")
CODE_CLASS = re.compile(r"highlight|hl-\w+|[a-z][a-z0-9]{0,2}")  # the classes that pygments gives to coloured code
TABLE_CLASS = "table table-condensed"  # bootstrap's classes for tables, as nbgrader's pages use them
# A text of this effort takes some seconds. What takes more is shown as it was typed; so is all that comes after, once
# a page has taken too much in sum.
MAX_EFFORT, MAX_EFFORT_OF_PAGE = 2_000_000, 15_000_000
LEAF = re.compile(r'<(\w+)(?: class="[\w -]*")?>[^<>]*</\1>')  # an element with nothing but text in it
BETWEEN_ATTRIBUTES = re.compile(r"[\s/\"']")
MAX_CHARACTERS = 100_000  # of a text that is shown as it was typed
STYLES = CSSSanitizer(allowed_css_properties=["text-align"])


@pass_context
def clean_html(context: Context, html: str | bytes) -> str:
    """Return HTML without anything that runs, loads from elsewhere, or looks like a part of the page around it.

    If cleaning takes too much effort, return the text as it was typed, in <pre>.
    """
    text = html.decode(errors="replace") if isinstance(html, bytes) else str(html)
    if not _affordable(context, _effort(text)):
        return _as_typed(text)
    return bleach.clean(
        text, tags=TAGS, attributes=_allowed, protocols={"http", "https", "mailto", "data"}, css_sanitizer=STYLES
    )


@pass_context
def markdown2html(context: Context, source: str) -> str:
    """Turn markdown into clean HTML. Pictures that were pasted into the cell are kept.

    If this takes too much effort or fails, return the text as it was typed, in <pre>.
    """
    attachments = context.get("cell", {}).get("attachments", {})
    renderer = IPythonRenderer(escape=False, attachments=attachments, exclude_anchor_links=True)
    if not _affordable(context, len(source) ** 2 // 50):
        return _as_typed(source)
    try:
        html = MarkdownWithMath(renderer=renderer).render(source)
    except Exception:  # an attachment that is not there, for one: the page is shown all the same
        return _as_typed(source)
    return clean_html(context, html)


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


def _affordable(context: Context, effort: int) -> bool:
    """Return whether a text of this effort may be cleaned: neither it nor the sum of its page may exceed its limit.

    An effort within the limit of one text is added to the sum, which is kept in the page's resources.
    """
    if effort > MAX_EFFORT:
        return False
    resources = context.get("resources", {})  # the page's own
    resources["effort"] = resources.get("effort", 0) + effort
    return resources["effort"] <= MAX_EFFORT_OF_PAGE


def _effort(html: str) -> int:
    """Estimate the effort of cleaning a text: the cleaner compares each tag with the tags around it, and each attribute
    with the attributes before it."""
    effort = 20 * len(html)
    if effort > MAX_EFFORT:
        return effort
    tags = html.count("<")
    nested = tags - 2 * len(LEAF.findall(html))  # each of these may contain all tags that follow
    attributes = [len(BETWEEN_ATTRIBUTES.findall(tag)) for tag in html.split(">")]
    return effort + tags * (20 + 5 * nested) + sum(number**2 for number in attributes) // 200


def _as_typed(text: str) -> str:
    return f"<pre>{escape(text[:MAX_CHARACTERS])}</pre>"


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
