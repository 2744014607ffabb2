import os
import shutil
from pathlib import Path

import pytest
import torch

from autograder.assignment import ROOT, Assignment, load
from autograder.judge import Judge
from autograder.verdict import Verdict

# Two workers share the cores: more threads would wait for each other, in the kernels that tests start, too.
torch.set_num_threads(1)
os.environ["OMP_NUM_THREADS"] = "1"

TREE = ["autograder", "course", "solutions", "nbgrader_config.py", "pyproject.toml"]
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.egg-info", ".ipynb_checkpoints")


@pytest.fixture(scope="session")
def assignment() -> Assignment:
    return load("01_attention")


@pytest.fixture(scope="session")
def judge(assignment) -> Judge:
    return Judge(assignment, seed="tests")


@pytest.fixture
def tree(tmp_path) -> Path:
    """A copy of the course, to change and build in."""
    for name in TREE:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / name, **({"ignore": LEFT_OUT} if source.is_dir() else {}))
    return tmp_path


@pytest.fixture
def small(tmp_path) -> Path:
    """A course of two small assignments, to break."""
    for name, before in (("01_first", "import math"), ("02_second", "import math\nfrom parts import double")):
        exercise = "double" if name == "01_first" else "quadruple"
        solution = "x * 2" if name == "01_first" else "double(double(x))"
        _write(
            tmp_path / "solutions" / f"{name}.py",
            f'# %% [markdown]\n# # {name}\n\n# %% locked="setup_{exercise}"\n{before}\n\n'
            f'# %% exercise="{exercise}"\ndef {exercise}(x):\n    ### BEGIN SOLUTION\n    return {solution}\n    ### END SOLUTION\n\n'
            f'# %% check="{exercise}" points=4\nassert {exercise}(0) == 0\n',
        )
        _write(
            tmp_path / "autograder" / "hidden" / f"{name}.py",
            f"from autograder.probe import hidden\n\n\n@hidden('{exercise}')\ndef works(student, rng):\n"
            f'    """It works."""\n    return student.{exercise}(rng.integer(1, 10**9))\n',
        )
        _write(
            tmp_path / "autograder" / "mistakes" / f"{name}.py",
            "from autograder.assignment import Mistake\n\n"
            f"MISTAKES = [\n    Mistake('does nothing', '{exercise}', replace='return {solution}', by='return x', says='Double it.'),\n]\n",
        )
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    return tmp_path


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def scores(judge):
    """Judge trusted code: {exercise: verdict} of the reference with these exercises replaced."""

    def judged(exercises: dict[str, str]) -> dict[str, Verdict]:
        namespace = judge.assignment.run(exercises)
        answers = {case.name: judge.ask(case, namespace) for case in judge.assignment.cases}
        return {verdict.exercise: verdict for verdict in judge.verdicts(answers)}

    return judged
