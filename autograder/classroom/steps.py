"""Sets the engine's steps of grading where the settings name none, and refuses settings that take one of them away.

Whatever nbgrader_config.py says or leaves out: students' code runs locked in, what they handed in is rebuilt on the
release, and what they wrote is cleaned before it is shown; or nothing is done. An instructor's own steps may stand
beside the engine's.

Our commands look at the settings before they start. nbgrader's own commands know the engine only where the settings
call ``autograder.configure``. There, what is in force in the end decides, with options and with what is set after that
call: our exporters look at it before anything is touched (``StepsStay``), and so do ``CheckSteps`` and ``ReadGrades``
where another exporter has taken their place.
"""

import copy
from importlib import import_module
from typing import Any

from nbclient import NotebookClient
from nbconvert.exporters import Exporter, HTMLExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets.config import Config, LazyConfigValue

from autograder.errors import UserError

EXECUTE = "nbconvert.preprocessors.ExecutePreprocessor"
EXPORTER = "autograder.classroom.admission.Admission"
# Each setting that names steps, and what it is where nbgrader_config.py does not set it.
ENGINE: dict[tuple[str, str], Any] = {
    ("Autograde", "exporter_class"): EXPORTER,
    ("Autograde", "sanitize_preprocessors"): [
        "autograder.classroom.steps.CheckSteps",
        "nbgrader.preprocessors.CheckCellMetadata",
    ],
    # nbgrader checks the cells' metadata once more at the end. Here, no step after the first check changes them.
    ("Autograde", "autograde_preprocessors"): [
        "autograder.classroom.in_worker.InWorker",
        "nbgrader.preprocessors.LimitOutput",
        "autograder.classroom.bookkeeping.SaveGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "autograder.classroom.last_step.RecordGrading",
    ],
    # These deal with what a student wrote, and are taken in a process with limits.
    ("Reading", "steps"): ["autograder.running.rebuild.Rebuild"],
    ("InWorker", "steps"): ["autograder.running.execute.Execute", "autograder.classroom.judge_once.JudgeOnce"],
    ("GenerateFeedback", "exporter_class"): "autograder.classroom.feedback_page.FeedbackPage",
    ("GenerateFeedback", "preprocessors"): ["autograder.classroom.feedback_page.ReadGrades"],
    # formgrader's page of a notebook runs nothing
    ("HTMLExporter", "preprocessors"): [],
    ("HTMLExporter", "default_preprocessors"): [
        step for step in HTMLExporter.default_preprocessors.default() if step != EXECUTE
    ],
    ("HTMLExporter", "sanitize_html"): True,
    ("HTMLExporter", "filters"): {
        name: f"autograder.judging.pages.{name}"
        for name in ("markdown2html", "clean_html", "highlight_code", "ansi2html", "get_metadata", "strip_files_prefix")
    },
}
STANDS_FOR = {"autograder.classroom.again.Again": "autograder.running.rebuild.Rebuild"}  # `regrade` rebuilds by it
PAGES = [setting for setting in ENGINE if setting[0] in ("GenerateFeedback", "HTMLExporter")]
FILES = "nbgrader_config.py, of the course or your own in ~/.jupyter, or from the command line"
WHY = (
    "Refused, and nothing was changed. With these settings students' code could run with your rights, points could be "
    "given that nobody judged, or pages could show what students wrote as they wrote it."
)
UNKNOWN = """\
nbgrader's own commands and formgrader do not know the engine in this course: `nbgrader autograde` would run students'
code with your rights, and give 0 points. Grade with `python -m autograder grade`, or end nbgrader_config.py with:

    import autograder

    autograder.configure(c)"""
REMEDY = "Or leave these lines out: the engine sets its steps by itself. Your own steps may stand beside them."


def complete(settings: Config) -> None:
    """Set the engine's steps in these settings where they name none. What is appended to a list comes after ours.

    In a worker steps have dotted names: classes among them get theirs.
    """
    for (section, name), ours in ENGINE.items():
        given = settings[section].get(name)
        if isinstance(given, LazyConfigValue):  # c.Autograde.autograde_preprocessors.append("mine.Step")
            settings[section][name] = given.get_value(copy.deepcopy(ours))
        elif given is None:
            settings[section][name] = copy.deepcopy(ours)
        elif isinstance(ours, dict) and isinstance(given, dict):
            settings[section][name] = {**ours, **given}
        if section in ("Reading", "InWorker"):
            settings[section][name] = list(map(_name, _listed(settings[section][name])))


def require(settings: Config, where: str = FILES) -> None:
    """Complete these settings. Raises UserError if they take one of the engine's steps away.

    where  the files that they come from, to name them
    """
    complete(settings)
    if refused := refusal(settings, where):
        raise UserError(refused)


def refusal(settings: Config, where: str = FILES) -> str:
    """Return why nothing is done with these settings, or "" if they take none of the engine's steps away."""
    return settings.get("Admission", {}).get("refused") or message(faults(settings), where)


def configure(settings: Config) -> None:
    """Complete the settings of a file that nbgrader reads, too: ``autograder.configure`` says more.

    An error here would make nbgrader go on without the whole file. So a fault is left for ``Admission`` to tell, which
    takes its place as exporter, and pages are made by the engine in any case.
    """
    complete(settings)
    if found := faults(settings):
        settings.Admission.refused = message(found)
        settings.Autograde.exporter_class = EXPORTER
        for section, name in PAGES:
            settings[section][name] = copy.deepcopy(ENGINE[section, name])


def message(found: list[str], where: str = FILES) -> str:
    """Return what to say of faults, with the lines to write, or "" if there are none."""
    return "\n\n".join([f"{WHY} The settings come from {where}.", *found, REMEDY]) if found else ""


def faults(settings: Config) -> list[str]:
    """Return what these settings take away of the engine's steps: for each, a sentence and the line to write."""
    found = []
    for (section, name), ours in ENGINE.items():
        if wrong := _wrong(settings.get(section, {}).get(name), ours):
            found.append(f"c.{section}.{name} {wrong}. Write:\n\n{_line(section, name, ours)}")
    if settings.get("Feedback"):
        found.append(
            "c.Feedback is an outdated name, which nbgrader puts in the place of c.GenerateFeedback: use that."
        )
    return found


def runs_code(step: Any) -> bool:
    """Return whether a step, which is a class or its dotted name, executes notebooks. Ours does so locked in."""
    if isinstance(step, str):
        module, _, name = step.rpartition(".")
        try:
            step = getattr(import_module(module), name)
        except Exception:  # whatever its module raises: then nbgrader cannot take this step, either
            return False
    kind = step if isinstance(step, type) else type(step)
    return issubclass(kind, NotebookClient)


class StepsStay:
    """Makes an exporter refuse settings that take away one of the engine's steps, before anything is touched.

    The engine's steps are taken even if the settings switch them off, and none is that runs code unlocked. Put it
    before nbconvert's exporter among the base classes.
    """

    def __init__(self, **options: Any):
        super().__init__(**options)
        refuse(self)

    def register_preprocessor(self, preprocessor: Any, enabled: bool = False) -> Any:
        if runs_code(preprocessor):
            refuse(self, f"{WHY} {_name(preprocessor)} would run their code: leave it out of nbgrader_config.py.")
        return super().register_preprocessor(preprocessor, enabled or _is_ours(_name(preprocessor)))


class CheckSteps(NbGraderPreprocessor):
    """Refuses to grade where the settings take away one of the engine's steps, before any code is run."""

    def preprocess(self, notebook: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        refuse(self)
        return notebook, resources


def refuse(step: Exporter | NbGraderPreprocessor, why: str = "") -> None:
    """Raise NbGraderException, and log why, if the settings of a step take away one of the engine's.

    why  another reason to do so
    """
    if why := why or refusal(step.config):
        step.log.error(why)
        raise NbGraderException(why)


def _wrong(given: Any, ours: Any) -> str:
    """Return what is wrong with the value of a setting, or "": ours must be there, in order, among others."""
    if given is None:
        return "is not set"
    if isinstance(ours, list):
        steps = _listed(given)
        names = [STANDS_FOR.get(_name(step), _name(step)) for step in steps]
        wanted = [step for step in ours if _is_ours(step)]
        if [name for name in names if _is_ours(name)] != wanted:
            missing = ", ".join(step for step in wanted if step not in names)
            return f"leaves out {missing}" if missing else "has the engine's steps in another order, or twice"
        running = [_name(step) for step in steps if not _is_ours(_name(step)) and runs_code(step)]
        return f"holds {running[0]}, which runs students' code with your rights" if running else ""
    if isinstance(ours, dict):
        replaced = [key for key in ours if _name(given.get(key)) != ours[key]] if isinstance(given, dict) else [*ours]
        return f"has another filter for {', '.join(replaced)}" if replaced else ""
    if isinstance(ours, str):
        return "" if _name(given) == ours else f"is {_name(given)}, and takes the place of {ours.rpartition('.')[2]}"
    return "" if str(given) == str(ours) else f"is {given}"  # on the command line it is a string


def _listed(steps: Any) -> list:
    """Return the steps in the value of a setting. On the command line a single one is a string."""
    if isinstance(steps, LazyConfigValue):
        return [*steps.get_value([])]
    return [steps] if isinstance(steps, str) else [*(steps or [])]


def _name(step: Any) -> str:
    """Return the dotted name of a step, which the settings name or hold."""
    if isinstance(step, str):
        return step
    named = step if hasattr(step, "__qualname__") else type(step)  # a class or function, or an object of a class
    return f"{named.__module__}.{named.__qualname__}"


def _is_ours(step: str) -> bool:
    return step.startswith("autograder.")


def _line(section: str, name: str, ours: Any) -> str:
    """Return the line of nbgrader_config.py that sets what the engine sets."""
    setting = f"    c.{section}.{name} ="
    if isinstance(ours, list):
        return "\n".join([f"{setting} [", *(f'        "{step}",' for step in ours), "    ]"])
    if isinstance(ours, dict):
        return "\n".join([f"{setting} {{", *(f'        "{key}": "{value}",' for key, value in ours.items()), "    }"])
    return f'{setting} "{ours}"' if isinstance(ours, str) else f"{setting} {ours!r}"


def unknown_to_nbgrader(settings: Config) -> str:
    """Return what to say to an author whose settings, as they were read, do not lead nbgrader to the engine, or ""."""
    return UNKNOWN if faults(settings) else ""
