"""The engine: which of its rooms imports from which, and that it knows no course."""

import ast
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import autograder
from this_course import COURSE, ROOT, load

ENGINE = Path(autograder.__file__).parent
# A room, and what it may import from: rooms, or single modules. Within a room everybody may import from everybody.
FOR_ALL = {"probe", "errors", "bounded"}
ARROWS = {
    "authoring": FOR_ALL,
    "running": FOR_ALL | {"authoring"},
    "judging": FOR_ALL | {"authoring", "running.answers"},
    "classroom": FOR_ALL | {"authoring", "running", "judging"},
    "__main__": FOR_ALL | {"authoring", "running", "judging", "classroom"},
} | dict.fromkeys(FOR_ALL, set())
PROGRAM = ENGINE / "running" / "kernel" / "server"  # of its own: its modules import nothing but each other


def modules():
    return [path for path in sorted(ENGINE.rglob("*.py")) if path != ENGINE / "__init__.py"]


def imported(path):
    """The modules of the engine that a file imports, without "autograder." before them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports by a relative name"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.removeprefix("autograder.") for name in names if name.startswith("autograder."))


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ENGINE)))
def test_imports_follow_the_arrows(path):
    room = path.relative_to(ENGINE).with_suffix("").parts[0]
    for name in imported(path):
        assert PROGRAM not in path.parents, f"the kernels' server imports {name}"
        allowed = ARROWS[room] | {room}
        assert any(f"{name}.".startswith(f"{place}.") for place in allowed), f"{room} imports {name}"


def test_the_arrows_are_told():
    told = autograder.__doc__
    for room, places in ARROWS.items():
        assert re.search(rf"^    {room} ", told, re.MULTILINE), f"autograder/__init__.py does not speak of {room}"
        drawn = re.search(rf"^    {room} .*\n +<- (.*)$", told, re.MULTILINE)
        if drawn:
            assert set(re.findall(r"[\w.]+", drawn[1])) & {*ARROWS, "running.answers"} == places - FOR_ALL


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ENGINE)))
def test_the_engine_knows_no_course(path):
    exercises = {name for assignment in COURSE.assignment_names for name in load(assignment).source.exercises}
    students = runpy.run_path(str(load("01_attention").source.path.with_name("made_up_class.py")))["STUDENTS"]
    words = {
        *COURSE.assignment_names,
        *(name.split("_", 1)[1] for name in COURSE.assignment_names),
        "coursekit",
        "num2words",
        "transformers",
        "HF",
        "GPT",
        "BERT",
    }
    words |= {name for name in exercises if "_" in name or name[0].isupper()} | {student.name for student in students}
    text = path.read_text(encoding="utf-8")
    found = [word for word in sorted(words) if re.search(rf"(?<!\w){word}(?!\w)", text)]
    assert not found and not re.search(r"/course\b", text)


def test_rooms_speak_of_all_their_modules():
    for room in (
        "authoring",
        "running",
        "judging",
        "classroom",
        "classroom/lms",
        "classroom/lessons",
        "running/kernel",
    ):
        told = (ENGINE / room / "__init__.py").read_text(encoding="utf-8")
        for path in (ENGINE / room).iterdir():
            name = f"{path.name}/" if (path / "__main__.py").exists() or (path / "__init__.py").exists() else path.stem
            if not path.name.startswith("__"):
                assert re.search(rf"^    {name} ", told, re.MULTILINE), f"{room}/__init__.py does not speak of {name}"


def test_limits_stand_in_the_settings_with_their_defaults():
    """Where an instructor looks for them."""
    from autograder.bounded import Worker
    from autograder.classroom.judge_once import JudgeOnce
    from autograder.classroom.reading import Reading
    from autograder.judging.judge import GiveVerdicts
    from autograder.running.kernel.provisioner import ConfinedProvisioner
    from autograder.running.run import Run
    from autograder.running.session import KernelSession

    course = {
        "shown",
        "imports_from",
        "secret",
        "environment",
        "preload",
        "libraries",
        "lends",
        "steps",
    }  # this course's own
    for kind in (Run, KernelSession, ConfinedProvisioner, Reading, Worker, GiveVerdicts, JudgeOnce):
        traits = kind.class_traits(config=True)
        ours = {name for name, trait in traits.items() if trait.this_class.__module__.startswith("autograder.")}
        for name in ours - course:
            set_to = [COURSE.config.get(base.__name__, {}).get(name) for base in kind.__mro__]
            assert getattr(kind, name).default_value in set_to, f"{kind.__name__}.{name}"


def test_what_runs_and_judges_nothing_does_not_import_torch():
    """It takes seconds, in each process that makes pages of feedback, too."""
    modules = [f"autograder.classroom.{name}" for name in ("commands", "export", "feedback", "forget", "lms.commands")]
    code = f"import sys, {', '.join(modules)}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_every_assignment_is_a_whole_folder():
    for name in COURSE.assignment_names:
        folder = ROOT / "solutions" / name
        assert {"notebook.py", "hidden.py", "mistakes.py", "alternatives.py"} <= {
            path.name for path in folder.iterdir()
        }
