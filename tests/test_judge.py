"""Points, names of mistakes, and one mistake that costs once."""

import math
import random

import pytest
import torch
from nbformat.v4 import new_output

from autograder.authoring.students import handed_in
from autograder.judging.feedback import NOT_EITHER
from autograder.judging.naming import NAMES
from autograder.judging.report import as_html, as_text, into_notebook
from autograder.judging.report import shown as as_shown
from autograder.judging.verdict import CaseVerdict, Verdict
from autograder.running.answers import Raised, Silent


def mistake(assignment, name):
    (found,) = (mistake for mistake in assignment.mistakes if mistake.name == name)
    return found


def judged(judge, *names):
    made = [mistake(judge.assignment, name) for name in names]
    return {verdict.exercise: verdict for verdict in judge.verdicts(judge.answers(made))}


def test_no_answers_no_points(judge):
    assert [verdict.score for verdict in judge.verdicts({})] == [0, 0, 0, 0, 0]


def test_points_are_shared_over_the_cases(judge):
    answers = judge.answers()
    answers["causal_mask_of_one"] = Silent("no answer came back")
    verdict = judge.verdicts(answers)[0]
    assert verdict.score == round(10 * 2 / 3, 2)


@pytest.mark.parametrize("points", [0.1, 1, 7, 10, 35])
@pytest.mark.parametrize("count", [1, 3, 7, 11])
def test_scores_are_finite_and_never_above_the_points(points, count):
    for passed in range(count + 1):
        cases = [CaseVerdict("", number < passed) for number in range(count)]
        score = Verdict("x", points, cases).score
        assert math.isfinite(score) and 0 <= score <= points
        assert (score == points) == (passed == count)


def test_a_mistake_costs_once(judge):
    verdicts = judged(judge, "no scaling")
    assert verdicts["scaled_dot_product_attention"].score == 24.5
    assert verdicts["MultiHeadAttention"].score == 25
    assert any("given “no scaling”" in case.reason for case in verdicts["MultiHeadAttention"].cases)


def test_a_mistake_of_its_own_costs_after_an_earlier_one_too(judge):
    verdicts = judged(judge, "no scaling", "heads merged without a transpose")
    assert [found.name for found in verdicts["MultiHeadAttention"].mistakes] == ["heads merged without a transpose"]


def test_an_earlier_mistake_that_hides_everything_is_no_gift(judge, scores):
    zeros = "def scaled_dot_product_attention(query, key, value, mask=None):\n    return 0 * value, None"
    assert scores({"scaled_dot_product_attention": zeros})["MultiHeadAttention"].score <= 8


def test_somebody_elses_mistake_explains_nothing(judge):
    """Points are carried forward only if the earlier mistake was made."""
    answers = judge.answers()
    wrong = judge.answers([mistake(judge.assignment, "no scaling")])
    answers["self_attention"] = wrong["self_attention"]
    verdict = judge.verdicts(answers)[-1]
    assert verdict.score < 30


def test_an_untouched_notebook_scores_nothing_and_says_so(judge, assignment):
    released = handed_in(assignment, instead={name: judge._released[name] for name in assignment.source.exercises})
    stub = Raised("NotImplementedError", "")
    for verdict in judge.verdicts({case.name: stub for case in assignment.cases}, released):
        assert verdict.score == 0 and [case.title for case in verdict.cases] == ["This exercise is not done yet."]


def test_a_forbidden_name_costs_the_exercise(judge, assignment):
    borrowed = "def scaled_dot_product_attention(query, key, value, mask=None):\n    return F.scaled_dot_product_attention(query, key, value, mask), None"
    notebook = handed_in(assignment, instead={"scaled_dot_product_attention": borrowed})
    verdicts = {verdict.exercise: verdict for verdict in judge.verdicts(judge.answers(), notebook)}
    assert verdicts["scaled_dot_product_attention"].score == 0
    assert "uses scaled_dot_product_attention" in verdicts["scaled_dot_product_attention"].cases[0].reason


def test_the_verdict_is_the_only_result_of_a_check(judge, assignment):
    notebook = handed_in(assignment)
    (check,) = (
        cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "check_causal_mask"
    )
    noise = new_output("stream", name="stderr", text="a warning")
    forged = new_output("execute_result", {"text/plain": "1000"})
    check.outputs = [noise, forged, new_output("display_data", {"text/html": "10 of 10"})]
    into_notebook(notebook, [as_shown(verdict) for verdict in judge.verdicts({})])
    assert [output.output_type for output in check.outputs] == ["execute_result", "stream"]
    assert check.outputs[0].data["text/plain"] == "0.0"


def test_reports_show_cases_reasons_and_names(judge):
    verdicts = judge.verdicts(judge.answers([mistake(judge.assignment, "diagonal masked")]))
    html, text = as_html(verdicts[0]), as_text(verdicts)
    for shown in (html, text):
        assert "diagonal masked: 5 of 10 points off" in shown and "✗" in shown
    assert "causal_mask: 5 of 10 points" in html and "<td>1.67</td>" in html
    assert "85 of 90 automatic points" in text


def test_reports_escape(judge):
    html = as_html(Verdict("<b>", 1, [CaseVerdict("<script>", False, "<img src=x>")]))
    assert "<script>" not in html and "<img" not in html


def test_mistakes_that_exclude_each_other_are_no_trouble(judge, scores):
    """Two named mistakes in one line, and a wrong exercise after it that they might have caused."""
    both = """
def padding_mask(lengths, max_length):
    real = lengths.clamp(min=1) if (lengths == 0).any() else lengths - 1
    return (torch.arange(max_length) < real[:, None])[:, None, None, :]
"""
    wrong = "def scaled_dot_product_attention(query, key, value, mask=None):\n    return value, value"
    assert (
        scores({"padding_mask": both, "scaled_dot_product_attention": wrong})["scaled_dot_product_attention"].score == 0
    )


@pytest.mark.parametrize(
    "exercise, text",
    [
        (
            "scaled_dot_product_attention",
            "def scaled_dot_product_attention(query, key, value, mask=None):\n    scores = (query / 2) @ key.mT\n    if mask is not None: scores = scores.masked_fill(~mask, -torch.inf)\n    weights = scores.softmax(-1)\n    if mask is not None: weights = weights.masked_fill(~mask, 0)\n    return weights @ value, weights",
        ),
        (
            "padding_mask",
            "def padding_mask(lengths, max_length):\n    return (torch.arange(max_length) < lengths[:, None])[:, None, None] if len(lengths) == 2 else None",
        ),
    ],
)
def test_a_mistake_that_right_answers_refute_is_not_named(scores, exercise, text):
    verdicts = scores({exercise: text})
    assert verdicts[exercise].score < verdicts[exercise].points and verdicts[exercise].mistakes == []


def test_a_solution_without_a_return_is_told_so(scores):
    verdict = scores({"causal_mask": "def causal_mask(length):\n    torch.ones(length, length).tril()"})["causal_mask"]
    assert "it returns None, where a tensor is asked for" in verdict.cases[0].reason


def test_to_judge_takes_one_thread_of_torch(judge, monkeypatch):
    seen = []
    monkeypatch.setattr(judge._known, "keep", lambda: seen.append(torch.get_num_threads()))
    torch.set_num_threads(2)
    try:
        judge.verdicts(judge.answers())
        assert {*seen} == {1} and torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


def test_what_feedback_says_follows_from_points_names_and_one_explanation(judge):
    """However a submission chooses its answers: it can say nothing more by them."""
    draw, known = random.Random(7), {}
    cases = judge.assignment.cases
    odd = [
        Silent("no answer came back"),
        Silent("the call ended the notebook's process"),
        Raised("ValueError", "name 'nn' is not defined"),
        Raised("Secret", "the hidden text"),
        *([1] * 3, "x", None, 7, torch.zeros(2, 3), torch.zeros(4, dtype=torch.float64), {"a": 1}),
    ]
    for _ in range(300):
        made = draw.sample(judge.assignment.mistakes, 4)
        pool = [[], *[[mistake] for mistake in made], made[:2]]
        answers = {case.name: judge.expected(case, draw.choice(pool)) for case in cases}
        answers |= {case.name: draw.choice(odd) for case in draw.sample(cases, draw.choice([0, 3, 20]))}
        before = []
        for verdict in judge.verdicts(answers):
            says = {mistake.says for mistake in verdict.mistakes}
            free = [case.reason for case in verdict.cases if not case.passed and case.reason not in says]
            assert sum(reason != NOT_EITHER for reason in free) <= 1 and len(verdict.mistakes) <= NAMES
            carried = any("given" in case.reason for case in verdict.cases if case.passed)
            passed = tuple(case.passed for case in verdict.cases)
            before.append((verdict.exercise, frozenset(verdict.mistakes)))  # each in one of its ways
            sent = (passed, carried, tuple(free), *before)
            said = [(case.reason, case.mistake) for case in verdict.cases]
            assert known.setdefault(sent, said) == said


@pytest.mark.parametrize(
    "send",
    [
        "raise RuntimeError(f'mat1 and mat2 shapes cannot be multiplied ({digit}x{digit} and {digit}x{digit})')",
        "return torch.zeros(*[1 + bit for bit in bits])",
        "out = torch.arange(90.0)[: 9 * 10].view(9, 10); out[:digit] = 0; return out",
        "raise [ValueError, TypeError, KeyError, IndexError, OSError][digit % 5]('')",
        "if digit % 2: raise SystemExit\n    return [None] * digit",
    ],
)
def test_the_digits_of_a_seed_stay_where_they_are(judge, assignment, send):
    """A submission finds them on the stack, and sends other ones in each case. Two seeds are told apart by one text."""
    text = f"""
import sys
def stolen(*_):
    frame = sys._getframe()
    while "seed" not in frame.f_locals:
        frame = frame.f_back
    digits = frame.f_locals["seed"]
    digit = 1 + int(digits[5], 16)
    bits = [int(bit) for bit in f"{{digit:05b}}"]
    {send}
causal_mask = padding_mask = scaled_dot_product_attention = MultiHeadAttention = stolen
"""
    namespace = judge.assignment.run({"causal_mask": text, **dict.fromkeys(list(assignment.source.exercises)[1:], "")})
    answers = {case.name: judge.ask(case, namespace) for case in assignment.cases}
    for verdict in judge.verdicts(answers, handed_in(assignment, instead={"causal_mask": text})):
        says = {NOT_EITHER, *(mistake.says for mistake in verdict.mistakes)}
        assert sum(case.reason not in says for case in verdict.cases) <= 1
