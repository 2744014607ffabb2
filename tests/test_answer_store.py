"""What the judge finds out of its own solutions is kept for others, and changes no verdict."""

import stat

import pytest

from autograder import probe
from autograder.authoring.course import Course
from autograder.classroom.answer_store import AnswerStore
from autograder.classroom.judge_once import JudgeOnce
from autograder.judging.judge import Judge
from autograder.running.records import Records

MORE = "\n    Mistake('adds', 'double', replace='x * 2', by='x + 2', says='Twice is not plus two.'),\n]\n"


@pytest.fixture
def assignment(small):
    path = small / "written" / "01_first" / "mistakes.py"
    path.write_text(path.read_text().rstrip().removesuffix("\n]") + MORE)
    return Course.at(small).assignment("01_first")


def judged(assignment, store=None):
    """What is said of the reference, of each mistake, of both, and of a number that nobody has thought of."""
    judge = Judge(assignment, "tests", store=store)
    given = [judge.answers(made) for made in ([], *([m] for m in assignment.mistakes), assignment.mistakes)]
    return [[verdict.as_dict() for verdict in judge.verdicts(answers)] for answers in (*given, {"works": -1})]


def test_verdicts_are_the_same_and_what_is_kept_is_not_asked_again(assignment, tmp_path, monkeypatch):
    store = AnswerStore(tmp_path / "records" / "answers.db", "this", 10**6)
    without = judged(assignment)
    assert judged(assignment, store) == without and len({str(verdict) for verdict in without}) == 5
    asked = []
    real = probe.answer
    monkeypatch.setattr(probe, "answer", lambda *what: asked.append(what) or real(*what))
    assert judged(assignment, AnswerStore(store.path, "this", 10**6)) == without and not asked
    assert judged(assignment, AnswerStore(store.path, "another", 10**6)) == without and asked


def test_where_the_judge_was_prepared_no_mistake_is_asked_again(assignment, tmp_path, monkeypatch):
    path = tmp_path / "answers.db"
    judge = Judge(assignment, "tests", store=AnswerStore(path, "this", 10**6))
    given = [judge.answers([mistake]) for mistake in assignment.mistakes]
    for exercise in assignment.source.points:
        judge.prepare(exercise)
    asked = []
    real = probe.answer
    monkeypatch.setattr(probe, "answer", lambda *what: asked.append(what) or real(*what))
    again = Judge(assignment, "tests", store=AnswerStore(path, "this", 10**6))
    again.prepare("double")
    for answers, mistake in zip(given, assignment.mistakes, strict=True):
        assert again.verdicts(answers)[0].mistakes == [mistake]
    assert not asked
    assert AnswerStore(path, "this", 10**6).texts().keys() > {"prepared double"}


def test_only_the_owner_reads_it(tmp_path):
    AnswerStore(tmp_path / "answers.db", "this", 10**6).update({"name": "text"})
    assert stat.S_IMODE((tmp_path / "answers.db").stat().st_mode) == 0o600


def test_it_lets_go_of_what_was_used_longest_ago_and_stays_within_its_limit(tmp_path):
    path, long = tmp_path / "answers.db", {str(number): f"{number} {'x' * 10}" for number in range(1000)}
    for of in ("first", "second", "third", "fourth"):
        AnswerStore(path, of, 100_000).update(long)
    kept = [of for of in ("first", "second", "third", "fourth") if AnswerStore(path, of, 10**6).get("7")]
    assert kept and kept == ["first", "second", "third", "fourth"][-len(kept) :] and len(kept) < 4
    assert path.stat().st_size < 150_000
    small = AnswerStore(path, "fifth", 10)
    small.update(long)
    assert small.get("7") is None, "what does not fit is found out again, and nothing fails"


def test_another_seed_source_or_mistake_has_answers_of_its_own(assignment, small):
    def of(seed):
        course = Course.at(small)
        return JudgeOnce(config=course.config).store(course.assignment("01_first"), seed)

    first = of("one")
    assert of("one") == first and of("two") != first
    assert first.path.parent == Records(config=Course.at(small).config).place
    path = small / "written" / "01_first" / "mistakes.py"
    path.write_text(path.read_text().replace("x + 2", "x + 3"))
    assert of("one") != first
