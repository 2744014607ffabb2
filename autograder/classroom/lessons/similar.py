"""Finds submissions that are alike beyond the release, and beyond what right solutions have in common.

It gives no verdict: those who learn together write alike, too. What counts most are wrong answers that nearly nobody
else gives. Two submissions are compared only if they share a rare piece of code, or such an answer: an index of both
finds them, so that a large class is not compared pair by pair.
"""

import builtins
import io
import keyword
import math
import random
import re
import tokenize
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise
from statistics import median

from rapidfuzz.distance import Indel
from traitlets.config import Config

from autograder.authoring.assignment import Assignment
from autograder.authoring.course import Course
from autograder.authoring.names import statements
from autograder.authoring.release import release_notebook
from autograder.bounded import Exceeded
from autograder.classroom.in_worker import portable, worker
from autograder.classroom.lessons.learn import add_to_groups, graded, runs, written
from autograder.errors import UserError
from autograder.judging.expected import Expected
from autograder.judging.report import printable, table
from autograder.running.records import Records

PIECE = 6  # tokens in a row
LONGEST = 20_000  # characters of a solution; no one writes longer ones, and one of megabytes holds up the whole class
RARE = 20  # what more students share is too common to tell
COMPARED = 2_000  # pairs, those first that share most
RIGHT = 200  # pairs of right solutions that say what these have in common
SAME_ANSWERS = 3.0  # what the same wrong answer adds to two solutions that are alike
SKIPPED = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
Tokens = tuple[str, ...]


@dataclass(frozen=True)
class Alike:
    """Says in what two solutions of an exercise are alike."""

    exercise: str
    share: float  # of the tokens, from 0 to 1
    usual: float  # the same of two right solutions
    rarity: float  # of the pieces that they share: 1 if nobody else has them, 0 if everybody has
    same_answers: int = 0  # so many students in all give the wrong answers that these two give; 0: they do not

    @property
    def weight(self) -> float:
        beyond = max(0.0, self.share - self.usual) / (1 - self.usual) if self.usual < 1 else 0.0
        return beyond * self.rarity * (1 + SAME_ANSWERS * bool(self.same_answers))


@dataclass(frozen=True)
class Pair:
    """Holds two students and what is alike in their submissions."""

    students: tuple[str, str]
    alike: list[Alike]

    @property
    def weight(self) -> float:
        return sum(one.weight for one in self.alike)


def similar(course: Course, name: str, most: int) -> tuple[list[Pair], list[str]]:
    """Return the pairs of submissions that are most alike, at most so many, and in words what was not compared.

    Nothing is run.
    """
    course.assignment(name)  # raises NotFound if there is none
    try:
        return worker(course.config).do(_similar, name, most, portable(course.config))
    except Exceeded as error:
        raise UserError(f"To compare the submissions takes more than is allowed: {error}") from None


def as_text(pairs: Iterable[Pair], left_out: Collection[str] = ()) -> str:
    """Return a table for the terminal, and what was not compared."""
    rows = []
    more = f"\nNot compared, for more than {LONGEST:,} characters: {', '.join(left_out)}." if left_out else ""
    for pair in pairs:
        for number, one in enumerate(sorted(pair.alike, key=lambda one: -one.weight)):
            names = " and ".join(map(printable, pair.students)) if not number else ""
            wrong = f"the same wrong answers, which {one.same_answers} give" if one.same_answers else ""
            rows.append([names, one.exercise, f"{one.share:.0%}", f"{one.usual:.0%}", f"{one.rarity:.0%}", wrong])
    said = "This is no verdict: who learns together writes alike. Look at both notebooks, and talk to both."
    if not rows:
        return f"No two submissions are alike beyond what is usual.{more}"
    return f"{table(['students', 'exercise', 'alike', 'usual', 'rare', ''], rows)}\n\n{said}{more}"


def tokens(text: str, known: Collection[str]) -> Tokens:
    """Return the tokens of a text, without comments and layout. Names that are not known become one and the same,
    unless they stand behind a dot."""
    try:
        found = [t.string for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type not in SKIPPED]
    except (tokenize.TokenError, SyntaxError, ValueError):
        found = re.findall(r"\w+|[^\w\s]", text)
    told = (word in known or not word.isidentifier() or before == "." for before, word in pairwise(["", *found]))
    return tuple(word if tells else "a name" for word, tells in zip(found, told, strict=True))


def pieces(found: Tokens) -> set[int]:
    """Return the hashes of all rows of so many tokens."""
    return {hash(found[start : start + PIECE]) for start in range(len(found) - PIECE + 1)}


def candidates(shared: Iterable[tuple[Collection[str], float]], most: int) -> list[tuple[str, str]]:
    """Return the pairs of students that share most, by an index.

    shared  for each thing that some students share, who they are, and how much it counts
    """
    counts: Counter[tuple[str, str]] = Counter()
    for students, weight in shared:
        if 1 < len(students) <= RARE:
            for pair in combinations(sorted(students), 2):
                counts[pair] += weight
    return [pair for pair, _ in counts.most_common(most)]


def _similar(name: str, most: int, config: Config) -> tuple[list[Pair], list[str]]:
    """Find the pairs. This runs in a worker."""
    assignment, records = Course(config=config).assignment(name), Records(config=config)
    known, groups = Expected(assignment, records.seed(name)), {}
    stubs = written(release_notebook(assignment.source))
    names = _known_names(assignment)
    texts: dict[tuple[str, str], Tokens] = {}  # by exercise and student
    right: dict[str, list[Tokens]] = defaultdict(list)
    left_out: list[str] = []
    for execution, lines in runs(records, graded(records, name)):
        cells = written(execution.notebook)
        changed = [e for e in assignment.source.exercises if cells[e].strip() != stubs[e].strip()]
        own = {e: tokens(cells[e], names) for e in changed if len(cells[e]) <= LONGEST}
        for line in lines:
            left_out += [f"{exercise} of {printable(line.student)}" for exercise in changed if exercise not in own]
            add_to_groups(groups, assignment, known, execution, line)
            texts |= {(exercise, line.student): found for exercise, found in own.items()}
            full = [one["exercise"] for one in line.verdicts if one["score"] >= one["points"]]
            for exercise in full:
                right[exercise].append(own.get(exercise, ()))
    given = {e: pieces(tokens(stubs[e], names)) for e in assignment.source.exercises}
    index: dict[tuple[str, int], set[str]] = defaultdict(set)
    for (exercise, student), found in texts.items():
        for piece in pieces(found) - given[exercise]:
            index[exercise, piece].add(student)
    alike = [group for found in groups.values() for group in found]
    wrong = {(group.exercise, student): group for group in alike for student in group.students}
    answers = [(group.students, SAME_ANSWERS * PIECE * len(group.cases)) for group in alike]
    size = max(2, len({student for _, student in texts}))
    shared = [*((who, math.log(size / len(who))) for who in index.values()), *answers]
    usual = {exercise: _usual(found) for exercise, found in right.items()}
    found = [
        Pair(pair, [*_alike(pair, texts, index, given, usual, wrong, size)]) for pair in candidates(shared, COMPARED)
    ]
    return sorted((pair for pair in found if pair.weight > 0), key=lambda pair: -pair.weight)[:most], left_out


def _alike(pair, texts, index, given, usual: Mapping[str, float], wrong, size: int) -> Iterator[Alike]:
    """Yield the exercises in which two students are alike beyond what is usual."""
    for exercise in given:
        one, other = (texts.get((exercise, student)) for student in pair)
        if not one or not other:
            continue
        both = (pieces(one) & pieces(other)) - given[exercise]
        rare = [math.log(size / len(index[exercise, piece])) / (math.log(size / 2) or 1.0) for piece in both]
        mine, theirs = (wrong.get((exercise, student)) for student in pair)
        found = Alike(
            exercise,
            share=Indel.normalized_similarity(one, other),
            usual=usual.get(exercise, 0.0),
            rarity=min(1.0, sum(rare) / len(rare)) if rare else 0.0,
            same_answers=len(mine.students) if mine and mine is theirs else 0,
        )
        if found.weight > 0:
            yield found


def _usual(found: list[Tokens]) -> float:
    """Return how much of two right solutions is alike: the median of some pairs that are not the same."""
    draw, different = random.Random(0), sorted(set(found))
    if len(different) < 2:
        return 0.0
    pairs = [draw.sample(different, 2) for _ in range(RIGHT)]
    return median(Indel.normalized_similarity(one, other) for one, other in pairs)


def _known_names(assignment: Assignment) -> frozenset[str]:
    """Return the names that say something: those of Python, and those that given cells define."""
    given = [statement for cell in assignment.source.of_role("locked") for statement in statements(cell.text)]
    own = {name for statement in given for name in statement.binds}
    return frozenset({*keyword.kwlist, *dir(builtins), *own, *assignment.source.exercises})
