"""What students wrote cannot run in an instructor's browser: in feedback, and in formgrader."""

import base64
import os
from pathlib import Path

import nbformat
import nbgrader
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter
from nbconvert.filters import Highlight2HTML
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from traitlets.config import Config

from autograder.authoring.course import Course
from autograder.judging import clean
from autograder.judging.pages import Budget, ansi2html, clean_html, highlight_code, markdown2html

PAYLOADS = {
    "script": "<script>alert(1)</script>",
    "handler": '<img src="x" onerror="alert(1)">',
    "link": '<a href="javascript:alert(1)">x</a>',
    "link in capitals": '<a href="JaVaScRiPt:alert(1)">x</a>',
    "link with entities": '<a href="&#106;avascript:alert(1)">x</a>',
    "link of data": '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    "svg": '<svg onload="alert(1)"><script>alert(1)</script></svg>',
    "frame": '<iframe src="javascript:alert(1)"></iframe>',
    "form": '<form action="https://example.org"><input class="score" value="100"></form>',
    "style": '<style>.score { display: none }</style><p style="position: fixed; top: 0">x</p>',
    "remote picture": '<img src="https://example.org/pixel.png">',
    "picture of svg": f'<img src="data:image/svg+xml;base64,{base64.b64encode(b"<svg onload=alert(1)>").decode()}">',
    "fake panel": '<div class="panel nbgrader_cell" id="check">Score: 100</div>',
    "meta": '<meta http-equiv="refresh" content="0; url=https://example.org">',
    "object": '<object data="x.swf"></object><embed src="x">',
    "frame of a text": '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "base": '<base href="https://example.org/"><link rel="stylesheet" href="https://example.org/x.css">',
    "link in a drawing": '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
    "what opens by itself": '<details open ontoggle="alert(1)"><summary autofocus onfocus="alert(1)">x</summary></details>',
    "media": '<video><source onerror="alert(1)"></video><audio src="x" onerror="alert(1)"></audio>',
    "sets of pictures": '<img srcset="https://example.org/x.png 1x"><picture><source srcset="//example.org/x"></picture>',
    "mathematics that becomes HTML": '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    "text for those without scripts": '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    "end of the page": "</div></div></body></html><script>alert(1)</script><plaintext>",
    "comment without an end": "<!-- <p>",
    "field without an end": "<textarea><title><xmp>",
    "names of the page's own": '<a id="why" name="submission_id">x</a><p id="notebook-container" class="container">x</p>',
    "what covers the page": '<div style="position: fixed; inset: 0; z-index: 9999; background: url(https://example.org/x)">x</div>',
    "styles from elsewhere": '<style>@import url(https://example.org/x.css)</style><table background="//example.org/x"><tr><td style="background: url(//example.org/x)">x',
    "buttons": '<button formaction="javascript:alert(1)">x</button><input type="image" src="//example.org/x" onerror="alert(1)">',
    "what moves": '<body onload="alert(1)"><marquee onstart="alert(1)">x</marquee>',
    "title of a link": '[x](https://example.org "\\" onmouseover=\\"alert(1)")',
    "link in an equation": r"$\href{javascript:alert(1)}{x}$ $$\style{position: fixed}{\class{panel}{x}}$$",
}
# <tag, attribute=, or the start (or a part) of a value, behind the attribute's name where it matters
FORBIDDEN = ["<script", "<iframe", "<svg", "<form", "<input", "<style", "<meta", "<object", "<embed", "onerror=", "onload=",
             "javascript:", "href|/", "data:text/", "data:image/svg", "src|http:", "src|https:", "style|position", "nbgrader_cell",
             "<base", "<link", "<video", "<audio", "<source", "<math", "<noscript", "<textarea", "<title", "<xmp", "<plaintext",
             "<button", "<marquee", "onstart=", "onmouseover=", "background=", "style|url", "ontoggle=", "onfocus=", "autofocus=", "srcset=", "srcdoc=", "id=", "name=", "xlink:href="]  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_nothing_dangerous_is_left(payload):
    assert not [word for word in FORBIDDEN if alive(clean_html({}, payload), word)]


def test_what_is_harmless_stays():
    kept = '<p>a <b>b</b> <code>c</code> <a href="https://arxiv.org">paper</a></p><ul><li>one</li></ul>'
    assert clean_html({}, kept) == kept
    picture = '<img alt="drawing" src="data:image/png;base64,AAAA">'
    assert clean_html({}, picture) == picture
    table = "<table>" + "<tr>" + "<td>1</td>" * 20 + "</tr>"
    assert clean_html({}, table + table.replace("<table>", "") * 59).count("<td>") == 60 * 20
    code = Highlight2HTML()(Path(clean.__file__).read_text() * 3)
    assert clean_html({"resources": {}}, code).startswith("<div")


MARKDOWN = """
[x](javascript:alert(1)) ![y](https://example.org/p.png) [z](files/javascript:alert(1)) [w](/files/javascript:alert(1)) [v]
![missing](attachment:x.png) <a href="da&#9;ta:text/html,x">u</a> <a href="//example.org">t</a> <a href="/logout">s</a>

[v]: files/javascript:alert(1)
"""


def test_a_page_is_shown_whatever_a_cell_holds():
    assert "attachment:x.png" in markdown2html({"cell": {}}, "![x](attachment:x.png)")
    assert markdown2html({"cell": {}}, "<b>" * 50_000).count("&lt;")


SLOW = {  # a text, and the filters to which it might be slow
    "nested": ("<div>" * 16_000, [clean_html, markdown2html]),
    "nested, and never closed": ("<b><i><a>" * 16_000, [clean_html]),
    "nested, and closed by other tags": ("<div></p>" * 16_000, [clean_html]),
    "nested, closed inside of comments": ("<div><!-- </div> -->" * 16_000, [clean_html]),
    "nested, closed inside of attributes": ("<b a='>x</b>y'>" * 16_000, [markdown2html]),
    "opened anew in each paragraph": (
        "".join(f"<b title={n}>" for n in range(300)) + "<p>x</p>" * 10_000,
        [clean_html],
    ),
    "many attributes": ("<a " + "x=1 " * 45_000 + ">", [clean_html, markdown2html]),
    "many entities": ("&" * 150_000, [clean_html, markdown2html]),
    "4 MB": ("<b>x</b>" * 500_000, [clean_html, markdown2html, highlight_code, ansi2html]),
    "slow to colour, signs": ("%" + "0" * 80_000, [highlight_code]),
    "slow to colour, dots": ("a." * 12_500, [highlight_code]),
    "escape codes": ("\x1b[31mx" * 650_000, [ansi2html]),
}


def used():
    """Seconds of processor time, those of ended children included."""
    return sum(os.times()[:4])


@pytest.mark.slow
@pytest.mark.parametrize("text, filters", SLOW.values(), ids=SLOW)
def test_a_page_takes_a_bounded_time(text, filters):
    began, context = used(), {"cell": {}, "resources": {}}
    for shown in filters:
        assert "<script" not in shown(context, text)
    assert used() - began < 40


def test_what_is_slow_is_shown_as_it_was_typed_and_so_is_what_comes_after():
    context = {"resources": {}}
    assert markdown2html(context, "a *b*").startswith("<p>a <em>b</em>")
    shown = [clean_html(context, "<div>" * 30_000) for _ in range(7)]
    assert all(text.startswith("<pre>&lt;div&gt;") for text in shown)
    assert clean_html(context, "<b>x</b>") == "<pre>&lt;b&gt;x&lt;/b&gt;</pre>"


def test_a_page_has_a_bounded_number_of_tags():
    """Whatever time it takes: a busy machine needs more for each."""
    context = {"resources": {"budget": Budget(seconds=1e9, tags=5_000)}}
    shown = [clean_html(context, "<b>x</b>" * 1_000) for _ in range(4)]
    assert [text.startswith("<b>") for text in shown] == [True, True, False, False]
    assert shown[-1].startswith("<pre>&lt;b&gt;")


def test_colours_of_a_terminal():
    assert ansi2html({}, "\x1b[31mred\x1b[0m <b>") == '<span class="ansi-red-fg">red</span> &lt;b&gt;'
    assert ansi2html({}, "\x1b[38m<b>") == "&lt;b&gt;"


@pytest.mark.parametrize("template", ["feedback", "formgrade"])
def test_pages_of_nbgrader_are_clean(tree, template):
    """The notebook is full of payloads; the page must hold none beyond those that an empty notebook has."""
    settings = Course.at(tree).config
    formgrader = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader"
    settings.HTMLExporter.template_name = template
    if template == "feedback":  # nbgrader's own page, in place of ours
        del settings.HTMLExporter.template_file
    settings.HTMLExporter.extra_template_basedirs = [str(formgrader / "templates")]
    settings.HTMLExporter.extra_template_paths.append(str(formgrader / "static/node_modules/bootstrap/dist/css"))
    exporter = HTMLExporter(config=Config(settings))
    harmless = _page(exporter, _cells(["harmless"] * len(PAYLOADS), "", "1"), {})
    page = _page(exporter, _cells(PAYLOADS.values(), MARKDOWN, '1" onerror="x'), STATE)
    for word in set(FORBIDDEN) - {"<math"}:  # an equation is drawn, and is nothing but one: test_feedback_page.py
        assert alive(page, word) == alive(harmless, word), f"{word} is alive in {template}"


WIDGET = "application/vnd.jupyter.widget-view+json"
END = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
STATE = {
    "title": END,
    "kernelspec": {"name": END, "language": END, "display_name": END},
    "language_info": {"name": END, "pygments_lexer": END, "codemirror_mode": END},
    "widgets": {
        "application/vnd.jupyter.widget-state+json": {
            "state": {END: {"model_name": END, "model_module": END, "state": {"value": END}}},
            "version_major": 2,
            "version_minor": 0,
        }
    },
}


def _cells(payloads, markdown, odd):
    """Everywhere where a student can put something into a page."""
    for payload in payloads:
        settings = {"grade": True, "solution": True, "locked": False, "points": 1, "schema_version": 3, "score": 0}
        yield new_markdown_cell(f"{payload}\n\n{markdown}")
        yield new_markdown_cell(payload, metadata={"nbgrader": {**settings, "grade_id": "x", "comment": payload}})
        outputs = [
            new_output("display_data", {"text/html": payload}),
            new_output("display_data", {"text/markdown": payload}),
            new_output("display_data", {"image/png": f"AAAA{odd}"}),
            new_output("display_data", {"image/png": "AAAA"}, metadata={"width": odd, "height": odd, "alt": odd}),
            new_output("display_data", {"application/javascript": "alert(1)"}),
            new_output("display_data", {"image/svg+xml": f"<svg onload='alert(1)'>{payload}</svg>"}),
            new_output("display_data", {"text/latex": payload}),
            new_output("display_data", {"application/pdf": payload}),
            new_output("display_data", {WIDGET: {"model_id": payload, "version_major": 2}}),
            new_output("stream", text=payload),
            new_output("error", ename=payload, evalue=payload, traceback=[payload]),
        ]
        yield new_code_cell(f"# {payload}", outputs=outputs)


def alive(page: str, word: str) -> int:
    """How often a dangerous thing is there for the browser: a tag, an attribute or a value, and not text."""
    tags = BeautifulSoup(page, "html.parser").find_all(True)
    if word.startswith("<"):
        return sum(tag.name == word[1:] for tag in tags)
    if word.endswith("="):
        return sum(word[:-1] in tag.attrs for tag in tags)
    attribute, _, start = word.rpartition("|")
    values = [(name, "".join(value).strip().lower()) for tag in tags for name, value in tag.attrs.items()]
    return sum(
        value.startswith(start) if start[-1] in ":/" else start in value
        for name, value in values
        if attribute in (name, "")
    )


def _page(exporter, cells, metadata):
    names = "notebook assignment student assignment_id notebook_id submission_id base_url last_name first_name notebook_path"
    resources = dict.fromkeys(names.split(), "x") | {
        "index": 0,
        "total": 1,
        "score": 0,
        "max_score": 0,
        "late_penalty": 0,
    }
    resources |= {"nbgrader": dict(resources), "inlining": {"css": []}, "mathjax_url": "", "remote": False}
    page, _ = exporter.from_notebook_node(
        nbformat.from_dict(new_notebook(cells=list(cells), metadata=metadata)), resources=resources
    )
    return page
