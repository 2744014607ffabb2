"""The course that this repository holds, for tests of its content and for tests that need some course."""

from pathlib import Path

from autograder.authoring.course import Course

ROOT = Path(__file__).resolve().parent.parent
COURSE = Course.at(ROOT)

load = COURSE.assignment
