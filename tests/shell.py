"""Runs commands one after the other, each in a process of its own, as a shell does.

Each is a fork of one that has imported what they need, which takes most of the time of a short command. What it reads is
a line of JSON: the words of a command, and the file that gets its output. It answers with the exit status.
"""

import json
import os
import sys


def run(words: list[str]) -> int:
    if words[0] == "nbgrader":
        from nbgrader.apps.nbgraderapp import NbGraderApp

        sys.argv = words
        NbGraderApp.launch_instance(words[1:])
        return 0
    from autograder.__main__ import main

    return main(words[1:])


def serve() -> int:
    import nbgrader.apps.nbgraderapp  # noqa: F401

    import autograder.classroom.commands  # noqa: F401
    import autograder.classroom.export
    import autograder.classroom.grade
    import autograder.judging.judge
    import autograder.running.execute  # noqa: F401

    for line in sys.stdin:
        words, output = json.loads(line)
        child = os.fork()
        if not child:
            file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            nothing = os.open(os.devnull, os.O_RDONLY)
            for descriptor, other in ((0, nothing), (1, file), (2, file)):
                os.dup2(other, descriptor)
            return run(words)  # and ends as any program does
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(serve())
