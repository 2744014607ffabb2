"""What costs a case, and what a person looks at."""

import ast
import runpy
import time

import pytest
from IPython.core.inputtransformer2 import TransformerManager
from nbformat.v4 import new_code_cell

from autograder.authoring.release import release_notebook
from autograder.authoring.students import handed_in
from autograder.judging.commands import as_python
from autograder.judging.forbidden import MAX_CHARACTERS, look_through, refusal
from autograder.judging.judge import Judge
from autograder.judging.permitted import PERMITTED
from autograder.judging.rules import rules_of
from honest_code import HONEST
from this_course import COURSE, load
from ways import WAYS

FORBIDS = frozenset({"scaled_dot_product", "MultiheadAttention"})
OWN = {"scaled_dot_product_attention"}


@pytest.mark.parametrize(
    "cells",
    [
        ["def mine(q):\n    return F.scaled_dot_product_attention(q, q, q)"],
        ["def mine(q):\n    return torch.nn.functional.scaled_dot_product_attention(q, q, q)"],
        ["from torch.nn.functional import scaled_dot_product_attention as sdpa", "def mine(q):\n    return sdpa(q)"],
        ["sdpa = F.scaled_dot_product_attention", "def mine(q):\n    return sdpa(q)"],
        ["def helper(q):\n    return F.scaled_dot_product_attention(q)", "def mine(q):\n    return helper(q)"],
        ["class mine(nn.Module):\n    def __init__(self):\n        self.inner = nn.MultiheadAttention(4, 2)"],
        ["class mine(nn.MultiheadAttention):\n    pass"],
        ["def mine(q):\n    return getattr(F, 'scaled_dot_product_attention')(q)"],
        ["def mine(q, how=F.scaled_dot_product_attention):\n    return how(q)"],
        ["def mine(q):\n    pass", "mine = F.scaled_dot_product_attention"],
        ["class mine:\n    pass", "mine.forward = F.scaled_dot_product_attention"],
        [
            "if True:\n    from torch.nn.functional import scaled_dot_product_attention as s",
            "def mine(q):\n    return s(q)",
        ],
        ["%matplotlib inline", "def mine(q):\n    return F.scaled_dot_product_attention(q)"],
        ["(attend := F.scaled_dot_product_attention)", "def mine(q):\n    return attend(q)"],
        ["for attend in [F.scaled_dot_product_attention]: pass", "def mine(q):\n    return attend(q)"],
        ["with nullcontext(F.scaled_dot_product_attention) as attend: pass", "def mine(q):\n    return attend(q)"],
        ["match F.scaled_dot_product_attention:\n    case attend: pass", "def mine(q):\n    return attend(q)"],
        [
            "def setup():\n    global attend\n    attend = F.scaled_dot_product_attention",
            "def mine(q):\n    return attend(q)",
        ],
        ["tools = []", "tools.append(F.scaled_dot_product_attention)", "def mine(q):\n    return tools[0](q)"],
        ["box = {}", "box['a'] = F.scaled_dot_product_attention", "def mine(q):\n    return box['a'](q)"],
        ["import torch.nn.functional as cls\ndef mine(q):\n    return cls.scaled_dot_product_attention(q)"],
        ["self = F\ndef mine(q):\n    return self.scaled_dot_product_attention(q)"],
        ["def mine(q):\n    return torch._scaled_dot_product_attention_math(q)"],
        ["%matplotlib inline\ndef mine(q):\n    return F.scaled_dot_product_attention(q)"],
        ["%%time\ndef mine(q):\n    return q", "mine = F.scaled_dot_product_attention"],
        ["tools = [F.scaled_dot_product_attention for _ in range(2)]", "def mine(q):\n    return tools[0](q)"],
        ["def mine(q):\n    match F:\n        case object(scaled_dot_product_attention=f): return f(q)"],
        ["@F.scaled_dot_product_attention\ndef mine(q):\n    return q"],
        ["mine = lambda q: F.scaled_dot_product_attention(q)"],
        ["if (attend := F.scaled_dot_product_attention): pass", "def mine(q):\n    return attend(q)"],
        ["while (attend := F.scaled_dot_product_attention): break", "def mine(q):\n    return attend(q)"],
    ],
)
def test_leaning_on_it_is_found(cells):
    assert refusal(look_through(cells), "mine", FORBIDS, OWN).startswith("it uses ")


@pytest.mark.parametrize(
    "cells",
    [
        ["def mine(q):\n    return q"],
        ["def scaled_dot_product_attention(q):\n    return q", "def mine(q):\n    return scaled_dot_product_attention(q)"],
        ["def mine(q):\n    return q", "expected = F.scaled_dot_product_attention(q, q, q)"],
        ["def mine(q):\n    output = q\n    return output", "output = F.scaled_dot_product_attention(q, q, q)"],
        ["def mine(output):\n    return output", "output = F.scaled_dot_product_attention(q, q, q)"],
        ["def mine(q):\n    '''As F.scaled_dot_product_attention does.'''\n    return q  # scaled_dot_product_attention"],
        ["class mine:\n    def scaled_dot_product_attention(self, q):\n        return q\n    def forward(self, q):\n        return self.scaled_dot_product_attention(q)"],
        ["this is no Python"],
        ["%%time\ndef scaled_dot_product_attention(q):\n    return q", "def mine(q):\n    return scaled_dot_product_attention(q)"],
        ["def scaled_dot_product_attention(q, q):\n    return q", "def mine(q):\n    return scaled_dot_product_attention(q)"],
        ["def mine(q):\n    print('scaled_dot_product_attention', q)\n    return q"],
        ["from torch.nn.functional import softmax, scaled_dot_product_attention as theirs", "def mine(q):\n    return softmax(q)"],
        ["softmax, theirs = F.softmax, F.scaled_dot_product_attention", "def mine(q):\n    return softmax(q)"],
        ["class mine:\n    @staticmethod\n    def scaled_dot_product_attention(q):\n        return q\n    def forward(self, q):\n        return mine.scaled_dot_product_attention(q)"],
    ],
)  # fmt: skip
def test_an_honest_notebook_is_not_accused(cells):
    assert refusal(look_through(cells), "mine", FORBIDS, OWN) == ""


def test_another_exercise_is_judged_for_itself():
    """Who imports torch's function under the exercise's name pays there, and not in what builds on it."""
    code = look_through(
        [
            "from torch.nn.functional import scaled_dot_product_attention",
            "def mine(q):\n    return scaled_dot_product_attention(q)",
        ]
    )
    assert refusal(code, "scaled_dot_product_attention", FORBIDS, OWN).startswith(
        "it uses scaled_dot_product_attention,"
    )
    assert refusal(code, "mine", FORBIDS, OWN) == ""


@pytest.mark.parametrize(
    "cell",
    [
        "def mine(a, a): pass",
        "def mine(a):\n    global a",
        "def mine():\n    nonlocal z",
        "def mine():\n    from torch import *",
        "x = 0x" + "f" * 5000,
        "x = 1" + "0" * 5000,
        "def mine(n):\n    return " + "+".join(["n"] * 3000),
        "x = y" + ".f()" * 3000,
        "x = " + "not " * 5000 + "y",
        "if x: pass\n" + "elif x: pass\n" * 3000,
        "x = f\"{n['a\xa0b']}\"",
        "(" * 1000,
        "\x00",
        "\ud83d",
        "x=1;" * 100_000,
        "%%",
        "!true\n" * 600,
        "x = !true\n" * 600,
    ],
    ids=range(18),
)
def test_nothing_makes_it_raise(cell):
    code = look_through([cell, "def mine(q):\n    return q"])
    assert not refusal(code, "mine", FORBIDS, OWN).startswith("it uses ")


def code_of(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def flags(assignment, text, exercise="cell"):
    notebook = handed_in(assignment, instead={} if exercise == "cell" else {exercise: text})
    notebook.cells += [new_code_cell(text)] if exercise == "cell" else []
    return look_through(code_of(notebook), rules_of(assignment)).to_look_at


def scored(judge, exercise, own, beside):
    """Judge right answers to an exercise with this text, and another cell: the points, and the reasons."""
    notebook = handed_in(judge.assignment, instead={exercise: own})
    notebook.cells.append(new_code_cell(beside))
    (verdict,) = (one for one in judge.verdicts(judge.answers(), notebook) if one.exercise == exercise)
    return verdict.score, {case.reason for case in verdict.cases}


USES = "def {}(*all):\n    return F.scaled_dot_product_attention(*all)"
HELPED = "def scaled_dot_product_attention(*all):\n    return helper(*all)"
UNREAD = {
    "much": ("#" * MAX_CHARACTERS, "more than 200,000 characters of code"),
    "nested": ("x = " + "-" * 3_000 + "1", "code cell"),
    "a long line": ("x = 1" + " + 1" * 3_000, "code cell"),
    "a command": ("!true", "code cell"),
    "a strange end of a line": ("# \u2028", "code cell"),
    "a prompt": (">>> x = 1", "code cell"),
}


@pytest.mark.parametrize("how", UNREAD)
def test_what_cannot_be_read_lifts_nothing(how, judge):
    exercise, (hides, where) = "scaled_dot_product_attention", UNREAD[how]
    for own, beside in (
        (f"{hides}\n{USES.format(exercise)}", ""),
        (HELPED, f"{hides}\n{USES.format('helper')}"),
        (HELPED, f"{hides}\nfrom torch.nn.functional import scaled_dot_product_attention as helper"),
    ):
        score, reasons = scored(judge, exercise, own, beside)
        assert score == 0 and {reason.startswith("what it uses is not known") for reason in reasons} == {True}
        assert all(where in reason for reason in reasons)


@pytest.mark.parametrize(
    "beside",
    [
        "def scaled_dot_product_attention(:",
        "def scaled_dot_product_attention(q, k)  # is it so?\n    return (q @ k\n        / 2)",
        "!ls\ndef scaled_dot_product_attention(:",
        "!pip list\nimport torch.nn.functional as F\nx = F.softmax(torch.ones(2), -1)",
        "!ls\nassert scaled_dot_product_attention == scaled_dot_product_attention",
        ">>> mine = 1",
    ],
)
def test_what_cannot_be_read_costs_nothing_where_it_defines_nothing(beside, judge):
    exercise = "scaled_dot_product_attention"
    assert scored(judge, exercise, judge.assignment.solution(exercise), beside) == (35.0, {""})


@pytest.mark.parametrize("name, text", WAYS, ids=range(len(WAYS)))
def test_a_person_looks_at_it(name, text):
    found = flags(load(name), text)
    assert found and all(line.startswith("code cell ") for line in found)


@pytest.mark.parametrize("name", COURSE.assignment_names)
def test_nothing_of_the_catalogue_is_flagged(name):
    assignment = load(name)
    rules, path = rules_of(assignment), assignment.source.path
    handed = {"the reference": handed_in(assignment), "nothing": release_notebook(assignment.source)}
    handed |= {mistake.name: handed_in(assignment, [mistake]) for mistake in assignment.mistakes}
    for exercise, ways in runpy.run_path(str(path.with_name("alternatives.py")))["ALTERNATIVES"].items():
        handed |= {f"{exercise}: {way}": handed_in(assignment, instead={exercise: ways[way]}) for way in ways}
    found = {name: look_through(code_of(notebook), rules).to_look_at for name, notebook in handed.items()}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize("name", HONEST)
def test_nothing_honest_is_flagged(name):
    found = {text: flags(load(name), text.strip(), exercise) for exercise, text in HONEST[name]}
    assert {text: lines for text, lines in found.items() if lines} == {}


def test_there_is_enough_honest_code():
    assert sum(map(len, HONEST.values())) >= 80


def test_it_says_where_in_few_lines_that_can_be_printed():
    text = "\n".join(f"nn.LayerNorm{number}" for number in range(100)) + "\nx.ünheard\nname = 'Group' 'Norm\x1b[1m'"
    found = flags(load("02_encoder"), text)
    cell = len(code_of(handed_in(load("02_encoder")))) + 1
    assert found[0] == f"code cell {cell}: nn.LayerNorm0" and len(found) == 21
    assert found[-1] == "and 82 more places"
    assert all(line.isascii() and line.isprintable() for line in flags(load("02_encoder"), "x.ünheard\nx.\u0627\u0628"))


def test_given_statements_may_stand_in_a_changed_cell():
    """Who tries another checkpoint has not written what else stands there."""
    assignment = load("02_encoder")
    notebook = handed_in(assignment)
    (cell,) = (cell for cell in notebook.cells if "AutoModel.from_pretrained" in cell.source)
    cell.source = cell.source.replace('CHECKPOINT = "', 'CHECKPOINT = "my-')
    assert look_through(code_of(notebook), rules_of(assignment)).to_look_at == []
    cell.source = cell.source.replace(".eval(), Auto", ".eval().encoder, Auto")
    assert look_through(code_of(notebook), rules_of(assignment)).to_look_at


def test_what_given_cells_make_with_ready_made_parts_is_known():
    assert {"torch_layer", "theirs", "AutoModel", "bert"} <= rules_of(load("02_encoder")).ready_made
    assert {"GPT2LMHeadModel", "original", "torch_gpt2_block"} <= rules_of(load("04_gpt2")).ready_made
    assert {"oracle", "trained"} <= rules_of(load("05_generation")).ready_made
    assert not {"tiny", "dropping", "GPT2", "shares"} & rules_of(load("05_generation")).ready_made


@pytest.mark.parametrize("name", COURSE.assignment_names)
def test_what_is_forbidden_is_permitted_in_no_notebook(name):
    watched = rules_of(load(name)).watch
    assert [name for name in PERMITTED if watched(name)] == []


def test_what_python_can_read_means_the_same_to_ipython():
    texts = [cell.text for name in COURSE.assignment_names for cell in load(name).source.cells if cell.kind == "code"]
    texts += [text for pieces in HONEST.values() for _, text in pieces]
    for text in (text for text in texts if "%" not in text and "?" not in text):
        assert as_python(text) == text
        assert ast.dump(ast.parse(TransformerManager().transform_cell(text))) == ast.dump(ast.parse(text))


@pytest.mark.parametrize(
    "cell, text",
    [
        ("%matplotlib inline\nx = 1", "\nx = 1"),
        ("\n%%time\nx = 1", "\n\nx = 1"),
        ("%timeit -n 10 -r 3 f(x)", "f(x)"),
        ("%load_ext autoreload\n%autoreload 2", "\n"),
        ("?torch.tril\ntorch.tril??", "\n"),
        ("%config InlineBackend.figure_format = 'retina'", ""),
        ("history[-1]", "history[-1]"),
        ("time = 3", "time = 3"),
    ],
)
def test_harmless_commands(cell, text):
    assert as_python(cell) == text


LARGE = {
    "dense lines": "\n".join("x=" + "+".join(["a1"] * 4600) for _ in range(10)),
    "shorter dense lines": "\n".join("x=" + "+".join(["a1"] * 900) for _ in range(50)),
    "escapes": "!true\n" * 420 + "x=1\n" * 30_000,
    "magics": "%time x\n" * 15_000,
    "one long line": "%000" * 35_000,
    "quotes": '"""' * 45_000 + "\n>>> x",
    "prompts": ">>> x\n" * 20_000,
    "attributes": "\n".join("a" + ".a" * 900 for _ in range(60)),
    "definitions": "def f(a):\n    return f(a)\n" * 5_000,
    "methods": "class A:\n" + "".join(f"    def f{n}(self): return self.f{n}\n" for n in range(3_000)),
    "nested functions": "".join(f"{' ' * n}def f(self):\n" for n in range(90)) + f"{' ' * 90}pass\n",
    "nested classes": "".join(f"{' ' * n}class f:\n" for n in range(90)) + f"{' ' * 90}pass\n" + "x = f.f\n" * 15_000,
    "lambdas": "\n".join("f = " + "lambda a: " * 80 + "a" for _ in range(150)),
    "brackets": "\n".join("x = " + "[" * 90 + "]" * 90 for _ in range(700)),
    "names": "\n".join(f"a{n} = a{n + 1}" for n in range(9_000)),
    "imports": "\n".join(f"import a{n}" for n in range(11_000)),
    "one import": "from parts import " + ", ".join(f"a{n}" for n in range(600)),
    "strings": "\n".join(f"x = 'GroupNorm{n}'" for n in range(6_000)),
    "dots in a string": "x = '" + ".a" * 2_400 + "'",
    "spaces": (" " * 4_900 + "\n") * 28,
}  # fmt: skip


@pytest.mark.parametrize("name", LARGE)
def test_large_code_takes_little_time(name):
    """Seconds of the processor, and far more than it needs."""
    before = time.process_time()
    code = look_through([LARGE[name], "def f(q):\n    return q"], rules_of(load("02_encoder")))
    refusal(code, "f", FORBIDS, OWN)
    assert time.process_time() - before < 20


@pytest.mark.parametrize(
    "name, exercise, cell",
    [
        ("02_encoder", "LayerNorm", "torch.testing.assert_close(LayerNorm(8)(x), F.layer_norm(x, (8,)))"),
        ("02_encoder", "LayerNorm", "torch.allclose(LayerNorm(8)(x), nn.LayerNorm(8)(x))"),
        ("04_gpt2", "gelu", "torch.testing.assert_close(gelu(x), F.gelu(x, approximate='tanh'))"),
        ("05_generation", "generate", "torch.testing.assert_close(mine, oracle.generate(tokens))"),
    ],
)
def test_a_comparison_costs_nothing(name, exercise, cell):
    """A person is told, and no more."""
    assignment = load(name)
    notebook = handed_in(assignment)
    notebook.cells.append(new_code_cell(cell))
    code = Judge(assignment, "x").code_of(notebook)
    forbids = frozenset().union(*(case.forbids for case in assignment.cases_of(exercise)))
    assert refusal(code, exercise, forbids, assignment.source.exercises) == ""
