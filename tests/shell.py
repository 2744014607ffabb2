"""Runs commands of nbgrader's and ours, each in a process of its own, as a shell does.

Each is a fork of one process that has imported what they need, which takes most of the time of a short command. Their
kernels are forks of one process, too, where the command's course has the settings of ours.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

BESIDE = str(Path(sys.executable).parent)  # where nbgrader's commands are


class Ended(NamedTuple):
    """Holds the exit status of a command, and what it has printed."""

    status: int
    said: str


class Shell:
    """Starts the process at once, and does not wait until it has imported all.

    within  the words of a program in which it runs, which end where a command is expected
    """

    def __init__(self, *within: str):
        command = [*within, sys.executable, __file__]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, folder: Path | str, *words: str, environment: Mapping[str, str] | None = None) -> Ended:
        """Run a command in a folder: "nbgrader" or "autograder", and its words.

        environment  variables that it finds beside those of this process
        """
        beside = {"PATH": f"{BESIDE}{os.pathsep}{os.environ['PATH']}"}
        with tempfile.NamedTemporaryFile("r", encoding="utf-8", newline="") as output:
            line = [words, str(folder), os.environ | beside | (environment or {}), output.name]
            print(json.dumps(line), file=self._process.stdin, flush=True)
            return Ended(int(self._process.stdout.readline()), output.read())

    def end(self) -> None:
        self._process.stdin.close()
        self._process.wait()


def serve() -> int:
    """Start the commands that are read, a line of JSON each, and answer with their exit status."""
    import nbgrader.apps.nbgraderapp  # noqa: F401

    import autograder.classroom.commands  # noqa: F401
    import autograder.classroom.export
    import autograder.classroom.grade
    import autograder.judging.judge  # noqa: F401
    from autograder.running.execute import Execute
    from this_course import COURSE

    for line in sys.stdin:
        words, folder, environment, output = json.loads(line)
        kernels = Execute(config=COURSE.config).warm_up()  # a new one, if the last command's has ended
        if not (command := os.fork()):
            Execute(config=COURSE.config).warm_up(kernels)
            file, nothing = os.open(output, os.O_WRONLY), os.open(os.devnull, os.O_RDONLY)
            for descriptor, other in ((0, nothing), (1, file), (2, file)):
                os.dup2(other, descriptor)
            os.environ.clear()
            os.environ.update(environment)
            os.chdir(folder)
            # as for a program: of ours, Python looks for modules where it is called, and of nbgrader's, beside it
            sys.path[:1] = [folder if words[0] == "autograder" else BESIDE, *_paths(environment)]
            return _run(words)  # and ends as any program does
        print(os.waitstatus_to_exitcode(os.waitpid(command, 0)[1]), flush=True)
    return 0


def _paths(environment: Mapping[str, str]) -> list[str]:
    return [path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path]


def _run(words: list[str]) -> int:
    if words[0] == "nbgrader":
        from nbgrader.apps.nbgraderapp import NbGraderApp

        sys.argv = words
        NbGraderApp.launch_instance(words[1:])
        return 0
    from autograder.__main__ import main

    return main(words[1:])


if __name__ == "__main__":
    sys.exit(serve())
