"""Makes right solutions that are loud, odd, or unfriendly to a reader. They must cost no points and do no harm."""

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from .kind import ALL, Kind, right, variant

SCRIPT = """
<script>document.title = "hostile"</script><img src=x onerror="document.title='hostile'">
<svg onload="document.title='hostile'"><a xlink:href="javascript:1"><text>x</text></a></svg>
<iframe srcdoc="<script>parent.document.title='hostile'</script>"></iframe><base href="https://example.org/">
<form action="https://example.org"><input name="score" value="35"></form><style>body {display: none}</style>
<meta http-equiv="refresh" content="0; url=https://example.org"><link rel="stylesheet" href="https://example.org/x.css">
[a link](javascript:alert(1)) ![a picture](https://example.org/x.png) ![another](attachment:x.svg) $\\href{javascript:1}{x}$
"""


def pages(assignment, _) -> NotebookNode:
    """Return a right notebook with hostile markdown for the grader's browser, in a free cell and in a written answer."""
    notebook = right(assignment, instead={"renormalised": "It is the same.\n" + SCRIPT})
    pictures = {"x.svg": {"image/svg+xml": "<svg onload='document.title=1'/>"}, '" onerror=1': {"image/png": "AAAA"}}
    for cell in [new_markdown_cell(SCRIPT + "<div>" * 1_000 + "[" * 2_000), notebook.cells[-1]]:
        cell.attachments = pictures
        notebook.cells.insert(0, cell) if cell is not notebook.cells[-1] else None
    return notebook


def loud(assignment, _) -> NotebookNode:
    """Return a right notebook whose exercises print, warn, log and display when they are defined and whenever called."""
    noise = """
import logging, os, sys, warnings
from IPython.display import HTML, display
def noise():
    print("noise"); print("noise", file=sys.stderr); warnings.warn("noise"); logging.warning("noise")
    display(HTML("<b>noise</b>")); os.write(1, b"noise"); os.write(2, b"\\xff\\x00noise\\n")
    print("\\x1b[31mred\\r\\b\\x00\\u202e")
plt.figure(); plt.plot([1, 2]); noise()
"""
    loudly = {}
    for name in ALL:
        text = assignment.solution(name)
        mark = '"""\n' if name != "MultiHeadAttention" else "super().__init__()\n"
        indent = "    " if name != "MultiHeadAttention" else "        "
        place = text.index(mark, text.index('"""') + 3 if mark == '"""\n' else 0) + len(mark)
        loudly[name] = text[:place] + f"{indent}noise()\n" + text[place:] + "\nnoise()\n"
    return right(assignment, first=noise, instead=loudly)


NOISY = [
    Kind("noise of all kinds", "anomalies", 90.0, loud),
    variant(
        "warnings and errors on stderr beside right answers",
        "anomalies",
        90.0,
        last="import sys, warnings\nwarnings.warn('x')\nprint('Traceback', file=sys.stderr)\n# %%\n1 / 0\n# %%\nraise KeyboardInterrupt",
    ),
    variant("warnings that are errors", "graded", 90.0, first="import warnings\nwarnings.simplefilter('error')"),
    variant(
        "input",
        "graded",
        80.0,
        causal_mask="length = input('How long? ')\ndef causal_mask(length):\n    return input()",
    ),
    variant(
        "other settings of torch",
        "graded",
        90.0,
        first="""
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
torch.manual_seed(1)
torch.use_deterministic_algorithms(True)
torch.set_printoptions(threshold=10**9)
""",
    ),
    variant(
        "standard streams closed",
        "anomalies",
        90.0,
        last="import os\nos.close(0); os.close(1); os.close(2)",
    ),
    variant(
        "the ground pulled away",
        "anomalies",
        90.0,
        last="import os, shutil\nplace = os.getcwd()\nos.chdir('/')\nshutil.rmtree(place, ignore_errors=True)",
    ),
    variant(
        "traced and profiled",
        "anomalies",
        90.0,
        last="import sys\ncalls = []\nsys.setprofile(lambda frame, event, arg: calls.append(event))",
    ),
    Kind("scripts in markdown", "graded", 90.0, pages),
    variant(
        "scripts in outputs",
        "anomalies",
        90.0,
        last=f"""
from IPython.display import HTML, Javascript, SVG, Latex, Markdown, display
page = {SCRIPT!r}
for kind in (HTML, Javascript, Latex, Markdown):
    display(kind(page))
display(SVG("<svg xmlns='http://www.w3.org/2000/svg' onload='document.title=1'><script>document.title=2</script></svg>"))
display({{"image/svg+xml": page, "text/html": page, "application/javascript": "document.title = 1"}}, raw=True)
print(page)
raise ValueError(page)
""",
    ),
    variant(
        "pages that take for ever to clean",
        "graded",
        90.0,
        last="""
from IPython.display import HTML, Markdown, display
for kind in (HTML, Markdown):
    for page in ("<div>" * 16_000, "<b><i><a>" * 16_000, "a" + " " * 40_000 + "b", "<b>x</b>" * 400_000):
        display(kind(page))
    for _ in range(400):
        display(kind("<div>" * 500))
""",
    ),
    variant(
        "a run before the first",
        "anomalies",
        90.0,
        last="""
kernel = get_ipython().kernel
for number in (-5, -(10 ** 300), True, 1.5):
    for kind in ("execute_input", "execute_result"):
        content = {"code": "", "data": {"text/plain": "x"}, "metadata": {}, "execution_count": number}
        kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent("shell"))
""",
    ),
    variant("600 commands of the shell", "anomalies", 90.0, last="!true\n" * 600),
    variant(
        "a part of a message that is all brackets",
        "anomalies",
        90.0,
        last="""
kernel = get_ipython().kernel
pack = kernel.session.pack
kernel.session.pack = lambda thing: b'{"data": [' + b"[]," * 6_000_000 + b"0]}" if "deep" in thing else pack(thing)
kernel.session.send(kernel.iopub_socket, "display_data", {"deep": 1}, parent=kernel.get_parent("shell"))
kernel.session.pack = pack
""",
    ),
    variant(
        "scripts in the metadata of a picture",
        "graded",
        90.0,
        last="""
from IPython.display import display
size = '1" onload="document.title=1'
for kind in ("image/png", "image/jpeg"):
    display({kind: 'iVBOR" onerror="document.title=1'}, metadata={kind: {"width": size, "height": size, "alt": size}, "filenames": {kind: "//example.org"}}, raw=True)
""",
    ),
]
