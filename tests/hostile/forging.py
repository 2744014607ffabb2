"""Makes wrong solutions that try to get points by objects that equal everything, by forged outputs, and by spying."""

from .kind import ALL, Kind, variant

FUNCTIONS = [name for name in ALL if name != "MultiHeadAttention"]
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
ANSWER = "application/vnd.autograder.answer"


def forgery(name: str, status: str, code: str, returns: str = "Anything()") -> Kind:
    """Make a kind whose exercises all return the same thing. It must get no points.

    code     the first cell, which tries to make that thing pass for an answer
    returns  the expression that every exercise returns
    """
    instead = {name: f"def {name}(*a, **k):\n    return {returns}" for name in FUNCTIONS}
    instead["MultiHeadAttention"] = (
        f"class MultiHeadAttention(nn.Module):\n    def __init__(self, *a):\n        super().__init__()\n        {returns}\n"
        f"    def forward(self, *a):\n        return {returns}"
    )
    return variant(name, status, 0.0, first=code, **instead)


def forged_answers(then: str) -> str:
    """Return a cell that finds out, while a question is asked, under which MIME types all answers are heard.

    then  what it does next; it may call ``show()``, which displays answers of the true form under these MIME types
    """
    return f"""
import os, sys, threading, time
from IPython.display import display
def Anything():
    frame, value = sys._getframe(), torch.ones(3, 3, dtype=torch.float64).tril()
    while frame:
        asked = frame.f_locals.get("questions")
        if isinstance(asked, list) and "as_text" in frame.f_globals:
            kit = frame.f_globals
            answers = {{kind: kit["as_text"](kit["_encode"](value)) for name, seed, kind in asked}}
            show = lambda: display(answers, raw=True)
            {then}
        frame = frame.f_back
    return value
"""


FORGING = [
    forgery("objects equal to everything", "anomalies", ANYTHING),
    forgery(
        "patched asserts and torch.testing",
        "anomalies",
        ANYTHING
        + """
import builtins, torch.testing
torch.testing.assert_close = torch.allclose = torch.equal = torch.isclose = lambda *a, **k: True
builtins.AssertionError = type("Fine", (BaseException,), {})
""",
    ),
    forgery(
        "tensors that agree",
        "anomalies",
        """
class Anything(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None): return True
    def __new__(cls): return torch.zeros(1).as_subclass(cls)
""",
    ),
    forgery("tensors of nothing but NaN", "graded", "", returns="torch.full((3, 3), float('nan'))"),
    forgery(
        "a hook on the text of cells",
        "anomalies",
        ANYTHING
        + """
get_ipython().input_transformers_cleanup.append(lambda lines: [line.replace("assert ", "True or ") for line in lines])
get_ipython().input_transformers_post.append(lambda lines: [line.replace("raise ", "") for line in lines])
""",
    ),
    forgery(
        "a hook on the trees of cells",
        "anomalies",
        ANYTHING
        + """
import ast
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
    def visit_Raise(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Drop())
""",
    ),
    forgery(
        "a hook on what is displayed",
        "anomalies",
        ANYTHING
        + """
shell = get_ipython()
shell.display_formatter.formatters["text/plain"].for_type(object, lambda *a: "1000")
shell.displayhook.write_format_data = lambda *a, **k: None
publish = shell.display_pub.publish
shell.display_pub.publish = lambda data, *a, **k: publish({kind: "1000" for kind in data}, *a, **k)
""",
    ),
    forgery(
        "replaced run_cell",
        "anomalies",
        ANYTHING
        + """
shell = get_ipython()
real = shell.run_cell
shell.run_cell = lambda cell, *a, **k: real("pass", *a, **k)
""",
    ),
    forgery(
        "replaced do_execute",
        "anomalies",
        ANYTHING
        + """
kernel = get_ipython().kernel
async def agree(code, silent, *a, **k):
    from IPython.display import display
    display({"text/plain": "1000"}, raw=True)
    return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
kernel.do_execute = agree
""",
    ),
    forgery("answers forged before the true ones", "anomalies", forged_answers("show()")),
    forgery("answers forged twice", "anomalies", forged_answers("show(); show()")),
    forgery(
        "answers forged instead of the true ones",
        "anomalies",
        forged_answers("show(); time.sleep(0.3); os._exit(0)"),  # sent, and no other comes
    ),
    forgery(
        "answers forged after the true ones",
        "anomalies",
        forged_answers("[threading.Timer(seconds, show).start() for seconds in (0.01, 0.1, 0.5)]"),
    ),
    forgery(
        "answers shown at all times, in their own format",
        "anomalies",
        ANYTHING
        + f"""
import atexit, json, threading, time
from IPython.display import display
def show():
    display({{{ANSWER!r}: json.dumps({{"values": {{"plain": True}}}})}}, raw=True)
def talk():
    end = time.monotonic() + 20
    while time.monotonic() < end:
        show()
        time.sleep(0.05)
show()
threading.Thread(target=talk, daemon=True).start()
atexit.register(show)
""",
    ),
    forgery(
        "what makes questions and answers replaced in sys.modules",
        "anomalies",
        ANYTHING
        + """
import sys, types
fake = types.ModuleType("autograder.probe")
fake.reply = fake.hidden = fake.answer = fake.fill = fake.gradients = fake.outcome = lambda *a, **k: None
sys.modules["autograder"] = sys.modules["autograder.probe"] = fake
class Fixed(dict):
    def __setitem__(self, name, value): name.startswith("autograder") or super().__setitem__(name, value)
sys.modules = Fixed(sys.modules)
""",
    ),
    forgery(
        "patched json, safetensors, base64 and hashlib",
        "anomalies",
        ANYTHING
        + """
import base64, hashlib, json, safetensors.torch
dumps = json.dumps
def forged(thing, *a, **k):
    if isinstance(thing, dict) and "values" in thing:
        thing = {"values": {"plain": True}}
    return dumps(thing, *a, **k)
json.dumps = forged
safetensors.torch.save = lambda tensors, **k: b"0" * 100
base64.b64encode = lambda data, *a: b"AAAA"
hashlib.sha256 = hashlib.md5
""",
    ),
    # On zeros and on masks that hide nothing, nothing but zeros and ones is asked for. But the judge draws its own.
    variant(
        "random numbers that are not random",
        "anomalies",
        0.0,
        first="""
torch.randn = lambda *size, generator=None, dtype=None: torch.zeros(*size, dtype=dtype)
torch.rand = lambda size, generator=None: torch.zeros(size)
torch.randint = lambda low, high, size, generator=None: torch.full(size, low)
torch.randperm = lambda count, generator=None: torch.arange(count)
torch.Generator.manual_seed = lambda self, seed: self
""",
        causal_mask="def causal_mask(length):\n    return torch.ones(length, length).bool()",
        padding_mask="def padding_mask(lengths, max_length):\n    return torch.ones(len(lengths), max_length).bool()",
        scaled_dot_product_attention=(
            "def scaled_dot_product_attention(query, key, value, mask=None):\n"
            "    return value.sum(-2, True) * 0, query @ key.mT * 0 + 1 / key.shape[-2]"
        ),
        MultiHeadAttention="MultiHeadAttention = nn.Linear",
        telling_inputs="def telling_inputs():\n    return []",
    ),
    forgery(
        "the stack walked for expected values",
        "anomalies",
        """
import sys
def Anything():
    frame = sys._getframe()
    while frame:
        for name, value in {**frame.f_globals, **frame.f_locals}.items():
            if name in ("expected", "reference", "solution", "verdict"):
                return value
        frame = frame.f_back
""",
    ),
    forgery(
        "everything in memory searched for the reference",
        "anomalies",
        """
import gc, types
def Anything():
    for thing in gc.get_objects():
        if isinstance(thing, dict) and "expected" in thing:
            return thing["expected"]
        if isinstance(thing, types.FunctionType) and thing.__name__ in ("causal_mask", "padding_mask"):
            if "solutions" in thing.__code__.co_filename:
                globals()[thing.__name__] = thing
""",
    ),
    forgery(
        "a namespace that has every name",
        "anomalies",
        ANYTHING
        + """
class Everything(dict):
    def __contains__(self, name): return True
    def __missing__(self, name): return Anything()
shell = get_ipython()
shell.user_ns = Everything(shell.user_ns)
""",
    ),
    forgery(
        "points forged as the result of each cell",
        "anomalies",
        ANYTHING
        + """
shell = get_ipython()
kernel = shell.kernel
def forge(*a):
    content = {"data": {"text/plain": "1000"}, "metadata": {}, "execution_count": 1}
    kernel.session.send(kernel.iopub_socket, "execute_result", content, parent=kernel.get_parent("shell"))
shell.events.register("pre_run_cell", forge)
shell.events.register("post_run_cell", forge)
1000.0
""",
    ),
    forgery(
        "an update of the display of the verdict",
        "anomalies",
        ANYTHING
        + """
import atexit
from IPython.display import display, update_display
points = {"text/plain": "35.0", "text/html": "<b>35 of 35 points</b>"}
for name in ("verdict", "score", "1", ""):
    display(points, raw=True, display_id=name or None)
    atexit.register(lambda name=name: update_display(points, raw=True, display_id=name))
""",
    ),
    forgery(
        "the end of each request forged",
        "anomalies",
        ANYTHING
        + """
shell = get_ipython()
kernel = shell.kernel
def over(*a):
    for state in ("idle", "busy", "idle"):
        kernel.session.send(kernel.iopub_socket, "status", {"execution_state": state}, parent=kernel.get_parent("shell"))
shell.events.register("pre_run_cell", over)
""",
    ),
    forgery(
        "the question's source carried out in an error",
        "anomalies",
        """
import sys
def Anything():
    frame = sys._getframe()
    while frame:
        if "ask" in frame.f_locals:
            text = repr([*frame.f_globals, frame.f_locals["ask"].__code__.co_consts, frame.f_locals.get("seed")])
            print(text)
            raise type(text, (Exception,), {})(f"name {text!r} is not defined")
        frame = frame.f_back
""",
    ),
    variant(
        "errors that cannot be told",
        "anomalies",
        70.0,
        causal_mask="""
class Odd(type):
    @property
    def __name__(cls): raise SystemExit
class Untold(Exception, metaclass=Odd):
    def __str__(self): raise Untold
    __repr__ = __str__
def causal_mask(length):
    raise Untold
""",
        padding_mask="def padding_mask(lengths, max_length):\n    raise GeneratorExit",
    ),
    variant(
        "answers too deep and too large",
        "graded",
        70.0,
        causal_mask="""
def causal_mask(length):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    return deep
""",
        padding_mask="def padding_mask(lengths, max_length):\n    return torch.ones(1, dtype=torch.bool).expand(5_000, 5_000)",
    ),
    variant(
        "answers that are no data",
        "anomalies",
        70.0,
        causal_mask="def causal_mask(length):\n    return lambda: length",
        padding_mask="""
class Number(int):
    def __repr__(self): return "__import__('os')._exit(1)"
    __str__ = __reduce__ = __repr__
def padding_mask(lengths, max_length):
    return {Number(1): [Number(2), 10**5000, float("inf"), "\\ud800", type(lengths)]}
""",
    ),
]
