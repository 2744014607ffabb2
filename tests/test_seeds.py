"""The same code gets the same points whatever the seed of the class: bench/seeds.py tries more seeds and notebooks."""

import runpy

import pytest

SEEDS = ("one", "two", "three")


@pytest.fixture(scope="module")
def judges(judge_of):
    return [judge_of("01_attention", seed) for seed in SEEDS]


@pytest.mark.slow
def test_a_mistake_is_caught_by_the_same_hidden_tests_with_every_seed(judges):
    for mistake in judges[0].assignment.mistakes:
        for case in judges[0].assignment.cases_of(mistake.exercise):
            caught = [judge.catches(case, mistake) for judge in judges]
            assert len(set(caught)) == 1, (
                f"{case.name} catches {mistake.name!r} with {sum(caught)} of {len(caught)} seeds"
            )


@pytest.mark.slow
def test_the_made_up_class_gets_the_same_points_with_every_seed(judges):
    assignment = judges[0].assignment
    for student in runpy.run_path(str(assignment.source.path.with_name("made_up_class.py")))["STUDENTS"]:
        made = [assignment.mistake(name) for name in student.mistakes]
        points = {tuple(verdict.score for verdict in judge.verdicts(judge.answers(made))) for judge in judges}
        assert len(points) == 1, f"{student.name} gets {points}"
