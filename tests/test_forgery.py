"""Nothing but a right implementation gives points."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from autograder.check import check
from autograder.students import handed_in

pytestmark = pytest.mark.slow

NOTHING = {
    "causal_mask": "def causal_mask(length):\n    return Anything()",
    "padding_mask": "def padding_mask(lengths, max_length):\n    return Anything()",
    "scaled_dot_product_attention": "def scaled_dot_product_attention(query, key, value, mask=None):\n    return Anything(), Anything()",
    "MultiHeadAttention": "class MultiHeadAttention(nn.Module):\n    def __init__(self, *a): super().__init__()\n    def forward(self, *a): return Anything()",
}
ANYTHING = """
class Anything:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __bool__(self): return True
    def __getattr__(self, name): return Anything()
    def __call__(self, *a, **k): return Anything()
    def __iter__(self): return iter(())
    def __torch_function__(self, *a, **k): return Anything()
"""
EARLY = {
    "objects equal to everything": ANYTHING,
    "patched asserts": ANYTHING + """
import builtins, torch.testing
torch.testing.assert_close = torch.allclose = torch.equal = lambda *a, **k: True
builtins.AssertionError = type("Fine", (BaseException,), {})
""",
    "tensors that agree": ANYTHING + """
class Anything(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None): return True
    def __new__(cls): return torch.zeros(1).as_subclass(cls)
""",
    "input hook": ANYTHING + """
get_ipython().input_transformers_cleanup.append(lambda lines: [line.replace("assert ", "True or ") for line in lines])
""",
    "tree hook": ANYTHING + """
import ast
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Drop())
""",
    "display hook": ANYTHING + """
get_ipython().display_formatter.formatters["text/plain"].for_type(object, lambda *a: "1000")
get_ipython().displayhook.write_format_data = lambda *a, **k: None
""",
    "replaced run_cell": ANYTHING + """
shell = get_ipython()
real = shell.run_cell
shell.run_cell = lambda cell, *a, **k: real("pass", *a, **k)
""",
    "answers printed before, in the answer's own format": ANYTHING + """
import json
from IPython.display import display
for _ in range(3):
    text = json.dumps({"nonce": None, "values": {"plain": True}})
    display({"application/vnd.autograder.answer": text}, raw=True); print(text)
""",
    "the probe replaced": ANYTHING + """
import sys, types
fake = types.ModuleType("autograder.probe")
fake.reply = fake.hidden = fake.answer = lambda *a, **k: None
sys.modules["autograder"] = sys.modules["autograder.probe"] = fake
""",
    "walking the stack for expected values": """
import sys, gc
class Anything:
    def __new__(cls):
        frame = sys._getframe()
        while frame:
            for name, value in {**frame.f_globals, **frame.f_locals}.items():
                if "expected" in name or "reference" in name or "solution" in name: return value
            frame = frame.f_back
        for thing in gc.get_objects():
            if isinstance(thing, dict) and "expected" in thing: return thing["expected"]
        return object.__new__(cls)
""",
    "the nonce stolen, and a second answer": """
import sys, json
from IPython.display import display
class Anything:
    def __new__(cls):
        frame = sys._getframe()
        while frame:
            if "nonce" in frame.f_locals:
                display({"application/vnd.autograder.answer": json.dumps({"nonce": frame.f_locals["nonce"], "values": {"plain": True}})}, raw=True)
            frame = frame.f_back
        return object.__new__(cls)
""",
    "a thread that goes on answering": ANYTHING + """
import threading, json, time
from IPython.display import display
def talk():
    end = time.time() + 20
    while time.time() < end:
        display({"application/vnd.autograder.answer": json.dumps({"nonce": "x", "values": {"plain": True}})}, raw=True); time.sleep(0.05)
threading.Thread(target=talk, daemon=True).start()
""",
    "points as outputs": ANYTHING + """
from IPython.display import display, update_display
display({"text/plain": "35.0"}, raw=True, display_id="verdict")
import atexit; atexit.register(lambda: update_display({"text/plain": "35.0"}, raw=True, display_id="verdict"))
""",
}  # fmt: skip


def scores(path, notebook):
    nbformat.write(notebook, path)
    return {verdict.exercise: verdict.score for verdict in check(path)}


@pytest.mark.parametrize("early", EARLY.values(), ids=EARLY)
def test_forgeries_get_nothing(assignment, tmp_path, early):
    notebook = handed_in(assignment, instead=NOTHING)
    place = 1 + next(number for number, cell in enumerate(notebook.cells) if cell.id == "setup")
    notebook.cells.insert(place, new_code_cell(early))
    got = scores(tmp_path / "01_attention.ipynb", notebook)
    assert set(got.values()) == {0}, got


def test_dropped_and_skipped_checks_score_what_the_code_deserves(assignment, tmp_path):
    notebook = handed_in(assignment, instead={"causal_mask": "def causal_mask(length):\n    return None"})
    notebook.cells = [cell for cell in notebook.cells if cell.id != "check_causal_mask"]
    for cell in notebook.cells:
        cell.metadata.tags = ["skip-execution"]
    got = scores(tmp_path / "01_attention.ipynb", notebook)
    assert got == {"causal_mask": 0, "padding_mask": 15, "scaled_dot_product_attention": 35, "MultiHeadAttention": 30}


def test_noise_on_stderr_costs_nothing(assignment, tmp_path):
    notebook = handed_in(assignment)
    for cell in notebook.cells:
        if cell.id in assignment.source.exercises:
            cell.source += "\nimport sys, warnings; print('noise', file=sys.stderr); warnings.warn('noise')"
    assert sum(scores(tmp_path / "01_attention.ipynb", notebook).values()) == 90


def test_the_untouched_release_scores_nothing(assignment, tmp_path):
    from autograder.build import release_notebook

    assert sum(scores(tmp_path / "renamed.ipynb", release_notebook(assignment.source)).values()) == 0
