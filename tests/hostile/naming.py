"""Makes right notebooks of students with odd ids, which are names of folders and are shown in tables and pages."""

from .kind import Kind, right


def named(name: str, student: str, reason: str = "") -> Kind:
    """Make a kind with a right notebook of this student.

    reason  if given, the name cannot be read or shown, and the notebook must stay ungraded
    """
    status, score = ("ungraded", None) if reason else ("graded", 90.0)
    return Kind(name, status, score, lambda assignment, _: right(assignment), student=student, reason=reason)


NAMING = [
    named("a student who is a formula", "=1+1"),
    named("a student with a comma", "a,b"),
    named("a student with two dots", "a..b"),
    named("a student with a space", "ada lovelace"),
    named("a student with an apostrophe", "o'neil; --"),
    named("a student with quotes", 'o\'neil "x"; --', "script"),
    named("a student who is HTML", "<img src=x onerror=alert(1)>", "script"),
    named("a student who is a template", "{student_id}{{ 7 }}%s$HOME"),
    named("a student who is an option", "--help"),
    named("a student with accents", "Zoe\u0308 \u202eadA"),
    named("a student in brackets", "[x]"),
    named("a student who is a pattern", "a*b"),
    named("a student who is hidden", ".ada"),
    named("a student with spaces around", " ada "),
    named("a student of two lines", "a\nb", "name"),
    named("a student whose name is no text", "\udcffx", "UTF-8"),  # the folder's name is one byte, and an x
    named("a student whose name is no text in two lines", "\udcff\nx", "name"),
]
