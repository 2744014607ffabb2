"""Measures what feedback says of mistakes that the catalogue does not hold, and of two mistakes at once.

    python bench/naming.py [ASSIGNMENT ...] [--seed TEXT] [--tried N] [--pairs N] [--held-out FOLDER] [--tell]

    left out  each named mistake is taken out of the catalogue and made: any other name is misleading, or a near miss
    pairs     two named mistakes are made in one exercise
    held out  solutions that were written without the catalogue at hand. The folder holds Python files with a list
              CASES of objects that have ``assignment``, ``exercise``, ``what`` (a text, or a list for two mistakes)
              and ``solution``. Whether a name is right is for a person to say: --tell shows what was said of each.

What is said of a wrong answer is a name, or a description that tells more than that it is wrong, or that it is the only
one in its exercise, so that the title of its test describes it, or nothing.
"""

import argparse
import contextlib
import copy
import importlib.util
import io
import random
import signal
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from tqdm import tqdm

from autograder.authoring import Mistake
from autograder.authoring.course import Course
from autograder.judging.feedback import REST_IS_RIGHT
from autograder.judging.judge import Judge
from autograder.judging.report import table
from autograder.judging.verdict import Verdict

COURSE = Course.at(Path(__file__).resolve().parent.parent)
VAGUE = (" off", "not right", "raises an exception")  # how a reason ends that tells nothing
PATIENCE = 60  # seconds for all questions to one solution


@dataclass
class Said:
    """Holds what feedback said of one solution."""

    what: str
    exercise: str
    true: list[str]  # the names of the mistakes that were made, if the catalogue has them
    verdict: Verdict
    elsewhere: list[str]  # names that were given in other exercises, whose code is right

    @property
    def names(self) -> list[str]:
        return [mistake.name for mistake in self.verdict.mistakes]

    @property
    def description(self) -> str:
        """Return what is said of a wrong answer without a name, if it tells more than that it is wrong, or ""."""
        free = [case.reason for case in self.verdict.cases if not case.passed and not case.mistake]
        return next((reason for reason in free if not reason.endswith(VAGUE)), "")

    def told(self, where: str) -> str:
        lines = [
            f"{where}, {self.exercise}: {self.what}",
            f"    {self.kind}: {', '.join(self.names)} {self.description}",
        ]
        lines += [f"    NAMED ELSEWHERE: {', '.join(self.elsewhere)}"] if self.elsewhere else []
        return "\n".join(lines)

    @property
    def kind(self) -> str:
        if self.verdict.score == self.verdict.points:
            return "not caught"
        if self.names:
            right = set(self.names) & set(self.true)
            if not self.true:
                return "named"
            return {0: "other name"}.get(len(right), "all named" if right == {*self.true} else "one named")
        if self.description.removesuffix(f"; {REST_IS_RIGHT}").endswith(VAGUE):
            return "only one test"
        return "described" if self.description else "nothing said"


def main(names: list[str], seed: str, tried: int, pairs: int, held_out: Path | None, tell: bool) -> None:
    torch.set_num_threads(1)
    found: dict[tuple[str, str], list[Said]] = {}
    for name in names or COURSE.assignment_names:
        judge, draw = Judge(COURSE.assignment(name), seed), random.Random(seed)
        found[name, "left out"] = list(_left_out(judge, draw, tried))
        found[name, "pairs"] = list(_pairs(judge, draw, pairs))
        for one in _held_out(judge, held_out) if held_out else ():
            found.setdefault((name, f"held out, {one.what.split(':')[0]}"), []).append(one)
    kinds = [
        "not caught",
        "named",
        "all named",
        "one named",
        "other name",
        "described",
        "only one test",
        "nothing said",
    ]
    rows = []
    for (name, way), said in found.items():
        counts = Counter(one.kind for one in said)
        wrong = sum(bool(one.elsewhere) for one in said)
        rows.append([name, way, str(len(said)), *(str(counts[kind]) for kind in kinds), str(wrong)])
        for one in said if tell else ():
            if one.kind != "all named" or one.elsewhere:
                print(one.told(f"{name} {way}"))
    print(table(["assignment", "way", "tried", *kinds, "named elsewhere"], rows))


def _left_out(judge: Judge, draw: random.Random, tried: int) -> Iterable[Said]:
    """Take one mistake out of the catalogue at a time, and make it."""
    names = sorted({mistake.name for mistake in judge.assignment.mistakes})
    for name in tqdm(draw.sample(names, min(tried, len(names))), desc="left out", leave=False):
        made = [mistake for mistake in judge.assignment.mistakes if mistake.name == name]
        kept = tuple(mistake for mistake in judge.assignment.mistakes if mistake.name != name)
        for mistake in made:
            answers = judge.answers([mistake])
            yield _said(_with(judge, kept), answers, name, mistake.exercise, [])


def _with(judge: Judge, mistakes: tuple[Mistake, ...]) -> Judge:
    """Return a judge that knows these mistakes alone, and the answers that this one has found out."""
    other, known = copy.copy(judge), copy.copy(judge._known)
    other.assignment = known.assignment = replace(judge.assignment, mistakes=mistakes)
    other._known = known
    return other


def _pairs(judge: Judge, draw: random.Random, pairs: int) -> Iterable[Said]:
    """Make two mistakes in one exercise, of which neither hides the other."""
    mistakes, found = judge.assignment.mistakes, 0
    with tqdm(total=pairs, desc="pairs", leave=False) as bar:
        while found < pairs:
            one, other = draw.sample(mistakes, 2)
            if (
                one.exercise != other.exercise
                or one.name == other.name
                or not judge._known.reference(frozenset([one, other]))
            ):
                continue
            answers = judge.answers([one, other])
            if any(_same(judge, answers, [alone]) for alone in (one, other)):
                continue
            found += 1
            bar.update()
            names = [one.name, other.name]
            yield _said(judge, answers, " + ".join(names), one.exercise, names)


def _same(judge: Judge, answers: dict, mistakes: list[Mistake]) -> bool:
    cases = judge.assignment.cases_of(mistakes[0].exercise)
    return all(judge._known.difference(case, answers[case.name], mistakes) is None for case in cases)


def _held_out(judge: Judge, folder: Path) -> Iterable[Said]:
    wanted = [one for one in _solutions(folder) if one.assignment == judge.assignment.name]
    for one in tqdm(wanted, desc="held out", leave=False):
        answers = _answers(judge, one.exercise, one.solution)
        what = one.what if isinstance(one.what, str) else " + ".join(one.what)
        yield _said(judge, answers, f"{type(one).__name__}: {what}", one.exercise, [])


def _solutions(folder: Path) -> Iterable:
    sys.path.insert(0, str(folder))
    for path in sorted(folder.glob("[0-9]*.py")):
        spec = importlib.util.spec_from_file_location(f"held_out_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield from module.CASES


def _answers(judge: Judge, exercise: str, solution: str) -> dict:
    """Ask a solution all questions, as long as they do not take too long together."""
    answers = {}

    def interrupt(*_):
        raise TimeoutError

    signal.signal(signal.SIGALRM, interrupt)
    signal.alarm(PATIENCE)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            namespace = judge.assignment.run(
                {
                    name: solution if name == exercise else judge.assignment.solution(name)
                    for name in judge.assignment.source.exercises
                }
            )
            for case in judge.assignment.cases:
                answers[case.name] = judge.ask(case, namespace)
    except TimeoutError:
        pass
    except Exception as error:
        print(f"{exercise}: a held-out solution does not run: {error!r}", file=sys.stderr)
    finally:
        signal.alarm(0)
        torch.set_grad_enabled(True)
    return answers


def _said(judge: Judge, answers: dict, what: str, exercise: str, true: list[str]) -> Said:
    verdicts = judge.verdicts(answers)
    (own,) = (verdict for verdict in verdicts if verdict.exercise == exercise)
    elsewhere = [f"{v.exercise}: {m.name}" for v in verdicts if v is not own for m in v.mistakes]
    return Said(what, exercise, true, own, elsewhere)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python bench/naming.py", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="ASSIGNMENT", help="all of them by default")
    parser.add_argument("--seed", default="naming", help="of the questions, and of what is drawn")
    parser.add_argument("--tried", type=int, default=1000, metavar="N", help="mistakes that are left out, at most")
    parser.add_argument("--pairs", type=int, default=30, metavar="N", help="pairs of mistakes that are made")
    parser.add_argument("--held-out", type=Path, metavar="FOLDER", help="of solutions that others wrote")
    parser.add_argument("--tell", action="store_true", help="what was said of each")
    main(**vars(parser.parse_args()))
