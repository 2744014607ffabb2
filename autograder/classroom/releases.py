"""Adds the releases that lie in the release folder to those that are known, before and after a build replaces them."""

import nbformat

from autograder.authoring.build import was_worked_in
from autograder.authoring.course import Course
from autograder.running.records import Records
from autograder.running.releases import described, remember


def remember_releases(course: Course) -> None:
    """Remember each assignment's notebook in the release folder, if it is as a build made it."""
    records = Records(config=course.config)
    for name in course.assignment_names:
        path = course.folder(course.release_directory) / name / f"{name}.ipynb"
        if path.is_file() and not was_worked_in(path):
            remember(records, name, described(nbformat.read(path, as_version=4)))
