"""Gives what was found in one notebook as data, for other programs: in one form of ours, and in that of Gradescope."""

import math

from autograder.classroom.check import Checked
from autograder.judging.report import as_text

SCHEMA = 1  # raised whenever a reader of the form could stumble over a change


def as_data(checked: Checked) -> dict:
    """Return what was found in types that JSON knows: ``autograder.grade`` says in what form."""
    verdicts = checked.verdicts
    return {
        "schema": SCHEMA,
        "assignment": checked.assignment.name,
        "score": round(math.fsum(verdict.score for verdict in verdicts), 2),
        "points": math.fsum(verdict.points for verdict in verdicts),
        "exercises": [verdict.as_dict() for verdict in verdicts],
        "answers": [
            {"answer": cell.name, "points": cell.points} for cell in checked.assignment.source.of_role("answer")
        ],
        "to_look_at": checked.to_look_at,
    }


def for_gradescope(checked: Checked) -> dict:
    """Return what was found as Gradescope's results.json: one test for each exercise, and our own form beside it.

    The form: https://gradescope-autograders.readthedocs.io/en/latest/specs/
    """
    data = as_data(checked)
    by_hand = [f"{one['answer']}: a person grades it, {one['points']:g} points" for one in data["answers"]]
    return {
        "score": data["score"],
        "output": "\n".join(by_hand),
        "visibility": "visible",
        "tests": [
            {
                "name": verdict.exercise,
                "score": verdict.score,
                "max_score": verdict.points,
                "status": "passed" if verdict.score == verdict.points else "failed",
                "output": as_text([verdict]).strip(),
                "visibility": "visible",
            }
            for verdict in checked.verdicts
        ],
        "extra_data": data,
    }
