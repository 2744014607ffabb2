"""Reads what maintainers write, and makes from it what students get.

    course      finds a course by its nbgrader_config.py, and its assignments
    source      reads an assignment's notebook.py, the one source of a notebook
    names       says which names a piece of Python code defines and uses
    readers     knows the cells that are there for a reader alone, and are not run under grading
    parts       collects the solutions of the earlier notebooks, so that the next one can import them
    assignment  joins a notebook with its hidden tests and its named mistakes, and checks that they fit
    mistakes    reads the named mistakes and the trivial solutions
    combining   makes several mistakes in one solution
    questions   derives the seed of each hidden test
    one_thread  lets torch use one thread, as it does in kernels
    template    makes the folder of a new assignment
    release     makes the instructor's notebook, and the one that students get
    rehearsal   tries out what maintainers wrote, before a class does
    build       writes both notebooks to the folders of nbgrader
    generate    refuses nbgrader's own generate step for what the build makes
    students    makes notebooks as students might hand them in

Authors of assignments import ``Mistake`` from here.
"""

from autograder.authoring.mistakes import Mistake

__all__ = ["Mistake"]
