"""Writes what a class got right and wrong as a page that loads nothing and runs nothing, and as a table.

Every text is escaped, since some come from what students have handed in. Students are named only where that is wanted.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from nbgrader.api import Gradebook

from autograder.authoring.course import Course
from autograder.classroom.export import plain
from autograder.classroom.gradebook import must_exist
from autograder.classroom.lessons.figures import Figures, figures
from autograder.classroom.privacy import must_not_be_seen, write_for_owner
from autograder.errors import NotFound
from autograder.judging.report import printable

FOLDER = "reports"  # beside nbgrader's source folder
TEMPLATES = Path(__file__).parent.parent / "templates"
COLUMNS = ["assignment", "kind", "exercise", "what", "value", "of", "students"]
BARS = 10  # of the picture that shows how points, or times, are distributed


def write_report(course: Course, names: Sequence[str], with_names: bool, folder: Path | None = None) -> list[Path]:
    """Write a page and a CSV file, which only their owner can read, and return their paths.

    names       of the assignments; none for all of which something has been graded
    with_names  whether students are named
    folder      where; without it, in the class's folder

    Raises NotFound if nothing has been graded, and WouldBeSeen if students get what is in the folder.
    """
    must_exist(course)
    assignments = [course.assignment(name) for name in names or course.assignment_names]
    folder = Path(folder or course.folder(course.source_directory).parent / FOLDER)
    must_not_be_seen(course, folder)
    with Gradebook(course.db_url, course.course_id) as gradebook:
        known = {assignment.name for assignment in gradebook.assignments}
        found = [figures(course, gradebook, one) for one in assignments if one.name in known]
    found = [one for one in found if one]
    if not found:
        raise NotFound(f"Nothing of {' and '.join(names) or 'this course'} has been graded yet.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{names[0] if len(names) == 1 else 'whole_course'}.html"
    write_for_owner(path.with_suffix(".csv"), as_csv(found, with_names))
    return [write_for_owner(path, as_page(course.course_id, found, with_names)), path.with_suffix(".csv")]


def as_page(course: str, found: Sequence[Figures], with_names: bool) -> str:
    """Return a page of HTML with pictures."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"printable": printable, "points_bars": _points_bars, "time_bars": _time_bars}
    page = environment.get_template("report/index.html.j2")
    return page.render(course=course, found=found, with_names=with_names)


def as_csv(found: Iterable[Figures], with_names: bool) -> str:
    """Return a table: what of which exercise, a number, and of how many it is."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS if with_names else COLUMNS[:-1])
    for one in found:
        for row in _rows(one):
            row = [one.assignment, *row]
            cells = [plain("; ".join(cell) if isinstance(cell, list) else cell) for cell in row]
            writer.writerow(cells if with_names else cells[: len(COLUMNS) - 1])
    return file.getvalue()


def _rows(one: Figures) -> Iterable[list]:
    """Yield rows without the assignment: kind, exercise, what, value, of, students."""
    for found in one.statuses:
        yield ["status", "", found.what, len(found.students), "", found.students]
    for label, count in _points_bars(one.shares):
        yield ["points", "", label, count, len(one.shares), []]
    for item in one.items:
        for what, value in (
            ("mean share", item.mean),
            ("full marks", item.full),
            ("item-rest correlation", item.correlation),
        ):
            yield ["exercise", item.name, what, "" if value is None else round(value, 4), len(item.shares), []]
        if item.waiting:
            yield ["to grade by hand", item.name, "", len(item.waiting), "", item.waiting]
    yield ["wrong answers without a name", "", "", one.unnamed, one.wrong, []]
    for kind, group in (("mistake", one.mistakes), ("hidden test fails", one.tests)):
        for found in group:
            yield [kind, found.exercise, found.what, len(found.students), found.of, found.students]
    for kind, group in (("not done", one.undone), ("anomaly", one.anomalies), ("ungraded", one.ungraded)):
        for found in group:
            yield [kind, found.what if kind == "not done" else "", found.what, len(found.students), "", found.students]
    if one.times:
        yield ["handed in late", "", "", len(one.late), len(one.times), one.late]


def _points_bars(shares: Sequence[float]) -> list[tuple[str, int]]:
    """Return, for each tenth of all points, how many students have so many."""
    counts = [0] * BARS
    for share in shares:
        counts[min(max(int(share * BARS + 1e-9), 0), BARS - 1)] += 1
    return [(f"{100 * n // BARS} to {100 * (n + 1) // BARS} %", count) for n, count in enumerate(counts)]


def _time_bars(times: Sequence) -> list[tuple[str, int]]:
    """Return equal parts of the time between the first submission and the last, and how many came in each."""
    first, width = times[0], (times[-1] - times[0]) / BARS
    counts = [0] * BARS
    for time in times:
        counts[min(int((time - first) / width), BARS - 1) if width else 0] += 1
    return [(f"{first + n * width:%d %b %H:%M}", count) for n, count in enumerate(counts)]
