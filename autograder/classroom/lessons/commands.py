"""The commands by which a class teaches: what they are told, and what they say.

They import what they need when they run, as the other commands do.
"""

from pathlib import Path

from autograder.classroom.commands import Command, add_where, cluster_of, count, quiet


def add_commands(command: Command) -> None:
    """Add these commands, as ``autograder.classroom.commands.add_commands`` does the others."""
    report = command("report", _report, "write a page on what a class got right and wrong")
    report.add_argument("assignment", nargs="?", help="its name (default: all that have been graded, in one page)")
    report.add_argument("--names", action="store_true", help="name the students")
    report.add_argument("--to", type=Path, help="the folder (default: reports in the class's folder)")
    learn = command("learn", _learn, "find wrong answers that students share and that have no name")
    learn.add_argument("assignment", help="its name, that of its folder")
    learn.add_argument("--least", type=count, default=2, help="students of a group that is shown (default: 2)")
    similar = command("similar", _similar, "show pairs of submissions that are alike beyond what is usual")
    similar.add_argument("assignment", help="its name, that of its folder")
    similar.add_argument("--most", type=count, default=20, help="pairs that are shown (default: 20)")
    regrade = command("regrade", _regrade, "judge anew what was graded last, and say first who gains and who loses")
    regrade.add_argument("assignment", help="its name, that of its folder")
    regrade.add_argument("--apply", action="store_true", help="write it; without, it is only said what would change")
    add_where(regrade)


def _report(course, chosen) -> int:
    """Write what a class got right and wrong as one page with pictures, which needs no network, and as a CSV file:
    points, exercises, mistakes to teach again, hidden tests, answers to grade, times, and what is odd. The files are
    for instructors alone: only you can read them. Students are named only with --names."""
    from autograder.classroom.lessons.report import write_report

    for path in write_report(course, [chosen.assignment] if chosen.assignment else [], chosen.names, chosen.to):
        print(path)
    return 0


def _learn(course, chosen) -> int:
    """Find wrong answers that no known mistake explains and that several students share. Show each group: how many, in
    which hidden tests, and what one of them wrote. Write a draft of a mistake for each into a file beside the records.
    A student's code runs in a kernel alone. A draft counts as soon as you have given it a name and a sentence: then
    `regrade` finds it in the answers that are kept."""
    from autograder.classroom.learned import place
    from autograder.classroom.lessons.learn import as_text, learn, write_drafts
    from autograder.running.records import Records

    groups, alone = learn(course, chosen.assignment, chosen.least)
    print(as_text(groups, alone))
    new = write_drafts(course, chosen.assignment, groups)
    if groups:
        print(f"{new} new drafts in {place(Records(config=course.config), chosen.assignment)}")
        print("Give those that are mistakes a name and a sentence, and delete the others.")
        print(f"After that: python -m autograder regrade {chosen.assignment}")
    return 0


def _similar(course, chosen) -> int:
    """Show the pairs of submissions that are most alike, beyond the release and beyond what right solutions have in
    common. The same wrong answers that no known mistake explains count most. This is for your eyes alone and gives no
    verdict. Nothing is run or written."""
    from autograder.classroom.lessons.similar import as_text, similar

    print(as_text(*similar(course, chosen.assignment, chosen.most)))
    return 0


def _regrade(course, chosen) -> int:
    """Judge the submissions that were graded last with the hidden tests, mistakes and points of today, and show whose
    points change in which exercise. A newer submission that was handed in since is left for `grade`. What was run is
    run again only where a hidden test or a library has changed, and that is said first. With --apply, write it through
    nbgrader: what a person has given stands. Then it is said whose feedback must be made again."""
    from tqdm import tqdm

    from autograder.classroom.regrade import Regrading, as_text
    from autograder.judging.report import printable

    with (
        cluster_of(course, chosen) as cluster,
        Regrading(course, chosen.assignment, chosen.jobs, cluster) as regrading,
    ):
        with tqdm(total=len(regrading), desc="judging", leave=False) as bar:
            changes = list(regrading.changes(bar.write, bar.update))
        print(as_text(changes, regrading.by_hand()))
        if not chosen.apply:
            print("Nothing was written. With --apply it is.")
            return 0
        with quiet():
            written = list(tqdm(regrading.apply(changes), desc="writing", unit="submission", leave=False))
    print(f"{sum(not result.ungraded for result in written)} were written.")
    for grading in (result.grading for result in written if result.ungraded):
        print(printable(f"ungraded, {grading.student}: {grading.reason}"))
    if others := [printable(change.student) for change in changes if change.other_feedback]:
        print(f"Make the feedback of these anew, and release it: {', '.join(others)}")
        print(f"  python -m autograder feedback {chosen.assignment}")
        print(f"  nbgrader release_feedback {chosen.assignment}")
    return int(any(result.ungraded for result in written))
