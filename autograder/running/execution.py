"""Holds what came of running a notebook."""

import copy
from dataclasses import dataclass, field

from nbformat import NotebookNode

from autograder.running.answers import Answer, Reply, Silent


@dataclass
class Execution:
    """Holds a notebook that was run, and what came back."""

    notebook: NotebookNode
    replies: dict[str, Reply | Silent] = field(default_factory=dict)  # by the case's name
    anomalies: list[str] = field(default_factory=list)
    repeatable: bool = True  # False if time limits, or a lack of memory, may have changed it
    id: int | None = None  # its number in the records, None before it is kept

    def answers(self) -> dict[str, Answer]:
        return {case: reply.answer if isinstance(reply, Reply) else reply for case, reply in self.replies.items()}

    def into(self, notebook: NotebookNode) -> NotebookNode:
        """Return a copy of this notebook, which has the same code, with the outputs of the execution's cells."""
        notebook = copy.deepcopy(notebook)
        ran = [cell for cell in self.notebook.cells if cell.cell_type == "code"]
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for cell, before in zip(code, ran, strict=True):
            cell.outputs, cell.execution_count = before.outputs, before.execution_count
        notebook.metadata.language_info = self.notebook.metadata.get("language_info", {})
        return notebook
