"""Takes what came of running and judging a notebook apart into texts, of which a class has most in common.

A text holds one cell, what came of running it, the answer to one question, or the verdict on one exercise. Only cells
with code are kept: what is run once stands for all who have the same code, and what one of them wrote beside it does
not.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict

import nbformat
from nbformat import NotebookNode

from autograder.running.answers import Reply, Silent
from autograder.running.execution import Execution

OF_A_RUN = ("outputs", "execution_count")  # of a cell
TIMES = "execution"  # in a cell's metadata: they are never the same, and not kept


def execution_apart(execution: Execution, facts: dict) -> Iterator[str]:
    """Yield texts that hold an execution's notebook and replies, and the facts that it depended on."""
    yield json.dumps({"facts": facts})
    yield json.dumps({"notebook": {**execution.notebook, "cells": []}})
    for cell in (cell for cell in execution.notebook.cells if cell.cell_type == "code"):
        metadata = {name: value for name, value in cell.metadata.items() if name != TIMES}
        written = {name: value for name, value in cell.items() if name not in OF_A_RUN}
        yield json.dumps({"cell": {**written, "metadata": metadata}})
        if ran := {name: cell[name] for name in OF_A_RUN if name in cell}:
            yield json.dumps({"ran": ran})
    for case, reply in execution.replies.items():
        yield json.dumps({"reply": [case, asdict(reply)]})


def execution_together(texts: Iterable[str]) -> tuple[NotebookNode, dict[str, Reply | Silent], dict]:
    """Return the notebook, the replies and the facts that these texts hold."""
    notebook, replies, facts = {}, {}, {}
    for text in texts:
        ((kind, content),) = json.loads(text).items()
        if kind == "facts":
            facts = content
        elif kind == "notebook":
            notebook = content
        elif kind == "cell":
            notebook["cells"].append(content)
        elif kind == "ran":
            notebook["cells"][-1] |= content
        else:
            case, reply = content
            replies[case] = Reply(**reply) if "text" in reply else Silent(**reply)
    return nbformat.from_dict(notebook), replies, facts


def judgement_apart(judgement: dict) -> Iterator[str]:
    """Yield texts that hold what was found of an execution: its verdicts, and the rest."""
    yield json.dumps({**judgement, "verdicts": []})
    yield from map(json.dumps, judgement["verdicts"])


def judgement_together(texts: Iterable[str]) -> dict:
    """Return what was found, from these texts."""
    rest, *verdicts = map(json.loads, texts)
    return {**rest, "verdicts": verdicts}
