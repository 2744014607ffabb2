"""Visible checks say first what is wrong, and what is not solved is lent, but not while a notebook is graded."""

import math
import os
import random
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from coursekit import (  # noqa: F401, they add to LENT
    comparison_table,
    go_on,
    lent_comparison,
    lent_decoder,
    lent_gpt2,
    lent_one_stack,
    visible_check,
)
from coursekit.checking import PASSED, CheckFailed
from coursekit.go_on import LENT, ready_made
from transformers import GPT2Config, GPT2LMHeadModel

from autograder.authoring.release import release_notebook
from autograder.authoring.students import handed_in
from autograder.running.execute import Execute
from autograder.running.rebuild import rebuild
from confined import NEEDS_CONFINEMENT
from this_course import COURSE, SEED, load

ATTENTION, ENCODER, DECODER, GPT2, _, ONE_STACK, COMPARISON = COURSE.assignment_names


@pytest.fixture(autouse=True)
def nothing_passed():
    before = set(PASSED)
    PASSED.clear()
    yield
    PASSED.clear()
    PASSED.update(before)


def test_a_check_says_first_what_is_wrong():
    with pytest.raises(CheckFailed) as caught, visible_check("double"):
        assert 1 + 1 == 3, "Twice one is two."
    assert caught.value._render_traceback_()[0] == "double: Twice one is two."


def test_a_check_says_where_the_students_code_raised():
    namespace = {}
    exec(compile("def double(x):\n    return x * None", "/tmp/ipykernel_1/1.py", "exec"), namespace)
    where = "double: your code raised TypeError: .*\n  line 2, in double"
    with pytest.raises(CheckFailed, match=where), visible_check("double"):
        namespace["double"](2)


def test_only_what_has_not_passed_is_lent(capsys):
    with visible_check("causal_mask"):
        pass
    mine = {"causal_mask": "mine", "padding_mask": "mine"}
    go_on(mine, "causal_mask", "padding_mask")
    assert mine == {"causal_mask": "mine", "padding_mask": LENT["padding_mask"]}
    assert "Lent, and worth no points: padding_mask." in capsys.readouterr().out


def test_nothing_is_lent_under_grading():
    code = "from coursekit import go_on\nfrom coursekit.go_on import LENT\nnames = {}\ngo_on(names, 'LayerNorm')\nassert not names and not LENT"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "NBGRADER_EXECUTION": "autograde"})


@pytest.mark.parametrize("name", [ATTENTION, ENCODER, DECODER, GPT2, ONE_STACK, COMPARISON])
def test_every_exercise_can_be_lent(name):
    assert set(load(name).source.exercises) - {"telling_inputs"} <= set(LENT)  # nothing else uses these


def test_lent_attention_is_attention():
    reference, lent = load(ATTENTION).reference(), SimpleNamespace(**LENT)
    lengths = torch.tensor([0, 2, 5])
    assert torch.equal(lent.causal_mask(5), reference.causal_mask(5))
    mask = lent.padding_mask(lengths, 5)
    assert torch.equal(mask, reference.padding_mask(lengths, 5))
    x = torch.randn(3, 5, 8)
    for ours, theirs in zip(
        lent.scaled_dot_product_attention(x, x, x, mask[:, 0]),
        reference.scaled_dot_product_attention(x, x, x, mask[:, 0]),
        strict=True,
    ):
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_a_lent_encoder_holds_the_weights_of_the_reference():
    reference = load(ENCODER).reference()
    for norm_first in (False, True):
        made = [
            kind(2, 8, 2, 12, activation=torch.tanh, eps=0.1, norm_first=norm_first)
            for kind in (reference.Encoder, LENT["Encoder"])
        ]
        ours, theirs = (encoder.eval() for encoder in made)
        ours.load_state_dict(theirs.state_dict())
        x, mask = torch.randn(3, 5, 8), LENT["padding_mask"](torch.tensor([1, 3, 5]), 5)
        assert torch.allclose(ours(x, mask), theirs(x, mask), atol=1e-5)
    assert torch.allclose(LENT["sinusoidal_positions"](7, 6), reference.sinusoidal_positions(7, 6), atol=1e-6)


def graded(judge, instead):
    """Run and judge a right notebook with these exercises in it, and return the verdicts by exercise."""
    assignment = judge.assignment
    notebook, _ = rebuild(handed_in(assignment, instead=instead), release_notebook(assignment.source))
    execution = Execute(config=COURSE.config).prepare(notebook, assignment, SEED).whole()
    verdicts = judge.verdicts(execution.answers(), execution.notebook)
    return {verdict.exercise: verdict for verdict in verdicts}


@pytest.mark.slow
@NEEDS_CONFINEMENT
@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize("name", COURSE.assignment_names)
def test_what_is_not_done_costs_its_own_points_alone(name, half, judge_of):
    """Every second exercise is as it was released. What builds on it is judged with the ready-made part."""
    assignment = load(name)
    cells = release_notebook(assignment.source).cells
    released = {cell.metadata.nbgrader.grade_id: cell.source for cell in cells if "nbgrader" in cell.metadata}
    undone = list(assignment.source.exercises)[half::2]
    found = graded(judge_of(name), {exercise: released[exercise] for exercise in undone})
    lost = {name: verdict.points - verdict.score for name, verdict in found.items() if verdict.score < verdict.points}
    assert lost == {exercise: assignment.source.points[exercise] for exercise in undone}


@pytest.mark.slow
@NEEDS_CONFINEMENT
@pytest.mark.parametrize("body", ["    return undefined", "    return query.no_such_method(), None"])
def test_mistakes_are_seen_behind_an_exercise_that_raises(body, judge):
    name = "scaled_dot_product_attention"
    broken = {name: f"def {name}(query, key, value, mask=None):\n{body}"}
    reference = load(ATTENTION).solution("MultiHeadAttention")
    mistake = next(mistake for mistake in load(ATTENTION).mistakes if mistake.name == "mask not passed on")
    found = graded(judge, broken)
    assert found[name].score == 0 and found["MultiHeadAttention"].score == found["MultiHeadAttention"].points
    found = graded(judge, broken | {mistake.exercise: reference.replace(mistake.replace, mistake.by)})
    assert found["MultiHeadAttention"].mistakes == [mistake]


def test_a_lent_gpt2_holds_the_weights_of_the_reference():
    reference, lent = load(GPT2).reference(), SimpleNamespace(**LENT)
    sizes = {"n_embd": 12, "n_head": 3, "n_layer": 2, "n_inner": 20, "vocab_size": 17, "n_positions": 9}
    config = GPT2Config(**sizes, layer_norm_epsilon=0.1, bos_token_id=0, eos_token_id=0)
    x, tokens, real = torch.randn(2, 5, 12), torch.randint(17, (2, 5)), torch.ones(2, 5).bool()
    real[0, :2] = real[1, 3] = False
    for name, given in {"CausalSelfAttention": x, "GPT2Block": x, "GPT2": tokens}.items():
        ours, theirs = (getattr(code, name)(config).eval() for code in (reference, lent))
        ours.load_state_dict(theirs.state_dict())
        mask = real if name == "GPT2" else real[:, None, None]
        assert torch.allclose(ours(given), theirs(given), atol=1e-5), name
        padded = theirs(given, mask)
        assert torch.allclose(ours(given, mask)[real], padded[real], atol=1e-5) and padded.isfinite().all(), name
    weights = GPT2LMHeadModel(config).state_dict()
    filled = [code.load_gpt2_weights(code.GPT2(config), weights).eval()(tokens) for code in (reference, lent)]
    assert torch.allclose(*filled, atol=1e-5)
    losses = [code.language_model_loss(filled[0], tokens) for code in (reference, lent)]
    assert torch.allclose(*losses) and torch.allclose(reference.gelu(x), lent.gelu(x))


def test_what_is_lent_for_one_stack_does_the_same_work():
    reference, lent = load(ONE_STACK).reference(), SimpleNamespace(**LENT)
    source, target = torch.tensor([[5, 6, 7], [8, 0, 0], [0, 0, 0]]), torch.tensor([[9, 0], [5, 8], [7, 0]])
    for given in ((source, target), (source, target[:, :0])):
        packed = [code.pack(*given, 1, 0) for code in (reference, lent)]
        for ours, theirs in zip(*packed, strict=True):
            assert torch.equal(ours, theirs)
        for everything in (False, True):
            ours, theirs = (code.training_targets(*packed[0], 0, everything) for code in (reference, lent))
            assert torch.equal(ours, theirs)
    assert lent.match_parameters(8, 16, 1, 3, 2) == reference.match_parameters(8, 16, 1, 3, 2)
    for name in ("encoder", "GPT-2", "prefix-LM"):
        assert torch.equal(lent.predicted_reach(name, 2, 3), reference.predicted_reach(name, 2, 3))
    torch.manual_seed(0)
    model = reference.OneStack(12, 8, 2, 16, 2)
    model.register_forward_hook(lambda *call: call[-1].index_fill(-1, torch.tensor([0]), -99.0))  # it writes no padding
    x = torch.randn(2, 5, 8)
    assert torch.allclose(lent.decode_with_encoder(model.encoder, x), reference.decode_with_encoder(model.encoder, x))
    for prefix in (False, True):
        ours, theirs = (code.translate(model, source[:2], 1, 2, 0, 4, prefix) for code in (reference, lent))
        for row, guessed in zip(ours, theirs, strict=True):
            end = row.tolist().index(2) + 1 if 2 in row else len(row)
            assert torch.equal(row[:end], guessed[:end])


def test_tables_bring_their_padding():
    shown = comparison_table({"a < b": {"`x`": "**yes**"}})._repr_html_()
    assert "padding" in shown and "a &lt; b" in shown and "<code>x</code>" in shown and "<strong>yes</strong>" in shown


def test_what_is_lent_for_statistics_does_the_same_work():
    reference, draw = load(COMPARISON).reference(), random.Random(1)
    lent = {name: ready_made(name) for name in ("interval", "permutation_test")}
    for _ in range(40):
        size = draw.randint(2, 6)
        ours, theirs, partners = (
            [round(draw.gauss(0, 1), draw.choice([0, 1, 9])) for _ in range(count)]
            for count in (size, draw.randint(1, 6), size)
        )
        assert lent["interval"](ours, 0.9) == pytest.approx(reference.interval(ours, 0.9))
        for other, paired in ((theirs, False), (partners, True)):
            p = reference.permutation_test(ours, other, paired)
            assert lent["permutation_test"](ours, other, paired) == pytest.approx(p)
    for name, wrong in (("interval", ([1.0],)), ("permutation_test", ([], [1.0]))):
        with pytest.raises(ValueError):
            lent[name](*wrong)


def test_what_is_lent_for_the_account_does_the_same_work():
    reference, draw = load(COMPARISON).reference(), random.Random(1)
    lent = {name: ready_made(name) for name in load(COMPARISON).source.exercises}
    for _ in range(40):
        rates, validations = [1, 2, 3], [0.5, 1.0, math.nan, math.inf]
        runs = [{"rate": draw.choice(rates), "validation": draw.choice(validations)} for _ in range(6)]
        try:
            expected = reference.best_by_validation(runs)
        except ValueError:
            with pytest.raises(ValueError):
                lent["best_by_validation"](runs)
        else:
            assert lent["best_by_validation"](runs) == expected
        sizes = [2 * draw.randint(1, 6), *(draw.randint(1, 9) for _ in range(4))]
        for architecture in ("GPT-2", "encoder-decoder"):
            assert lent["serving_cost"](architecture, *sizes) == reference.serving_cost(architecture, *sizes)
    with pytest.raises(ValueError):
        lent["serving_cost"]("BERT", 2, 1, 1, 1)
