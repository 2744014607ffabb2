"""Finds what hangs on the seed of a class: a mistake that a hidden test catches with one seed, and not with another.

    python bench/seeds.py [ASSIGNMENT ...] [--seeds N] [--only TEST ...]

It lists each such mistake with its hidden test and the number of seeds that catch it, and each mistake whose points are
not the same with all seeds. The exit status is 1 if there is one of the latter: a hidden test draws until its inputs
can tell.
"""

import argparse
import sys
from pathlib import Path

import torch
from tqdm import tqdm

from autograder.authoring.course import Course
from autograder.judging.judge import Judge
from autograder.judging.report import table

COURSE = Course.at(Path(__file__).resolve().parent.parent)


def main(names: list[str], seeds: int, only: list[str]) -> int:
    torch.set_num_threads(1)
    hang, points = [], {}
    for name in names or COURSE.assignment_names:
        judges = [Judge(COURSE.assignment(name), f"seed {number}") for number in range(seeds)]
        for mistake in tqdm(COURSE.assignment(name).mistakes, desc=name, leave=False):
            cases = [
                case for case in COURSE.assignment(name).cases_of(mistake.exercise) if not only or case.name in only
            ]
            caught = [{case for case in cases if judge.catches(case, mistake)} for judge in judges]
            for case in cases:
                if 0 < (count := sum(case in found for found in caught)) < seeds:
                    hang.append([name, case.name, mistake.name, f"{count}"])
            found = {judge.points_with(mistake, cases) for judge, cases in zip(judges, caught, strict=True)}
            if len(found) > 1 and not only:
                points[name, mistake.name] = found
    print(table(["assignment", "hidden test", "mistake", f"of {seeds} seeds catch it"], hang))
    print(f"\n{len(hang)} mistakes are caught by a hidden test with some seeds and not with others.")
    for (name, mistake), found in points.items():
        print(f"{name}, {mistake}: from {min(found):g} to {max(found):g} points")
    return int(bool(points))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python bench/seeds.py", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="ASSIGNMENT", help="all of them by default")
    parser.add_argument("--seeds", type=int, default=20, metavar="N", help="how many are tried")
    parser.add_argument("--only", nargs="+", default=[], metavar="TEST", help="only these hidden tests are asked")
    sys.exit(main(**vars(parser.parse_args())))
