"""What the guides tell people to type is there."""

import re

import pytest

from autograder.__main__ import main
from this_course import COURSE, ROOT

PAGES = ["class.md", "grading.md", "maintaining.md", "results.md", "speed.md"]
GUIDES = ["README.md", "INSTRUCTORS.md", "CONTRIBUTING.md", "deploy/README.md", *(f"docs/{name}" for name in PAGES)]


@pytest.fixture
def commands(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    return set(re.findall(r"^    ([a-z]+) ", capsys.readouterr().out, re.MULTILINE))


@pytest.mark.parametrize("guide", GUIDES)
def test_commands_and_their_options_are_there(guide, commands, capsys):
    text = (ROOT / guide).read_text(encoding="utf-8")
    told = re.findall(r"python -m autograder ([a-z]+)([^`#\n]*)", text)
    assert {name for name, _ in told} <= commands
    for name, rest in told:
        with pytest.raises(SystemExit):
            main([name, "--help"])
        said = capsys.readouterr().out
        assert all(option in said for option in re.findall(r"--[a-z]+", rest)), f"{name}{rest}"


@pytest.mark.parametrize("guide", GUIDES)
def test_files_and_links_are_there(guide):
    text = (ROOT / guide).read_text(encoding="utf-8")
    for link in re.findall(r"\]\((?!https?:|#)([^)]+)\)", text):
        assert (ROOT / guide).parent.joinpath(link).exists(), link
    for path in re.findall(r"`(autograder/[\w/.]+|course/[\w/.]+|experiments/|tests/[\w/.]*)`", text):
        assert (ROOT / path).exists(), path


def test_the_calendar_has_every_notebook():
    text = (ROOT / "INSTRUCTORS.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| [\d, ]+ \| `(\w+)`", text, re.MULTILINE) == COURSE.assignment_names
    assert "INSTRUCTORS.md" in (ROOT / "README.md").read_text(encoding="utf-8")
