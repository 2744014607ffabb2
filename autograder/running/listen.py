"""Takes from a kernel's messages what is well formed, and only so much of it.

The kernel runs a student's code, and may send anything. What is odd is left out here, before nbclient, nbformat and
the pages that show a notebook could stumble over it.
"""

from typing import Any

from nbclient.exceptions import CellExecutionComplete
from nbformat import NotebookNode
from traitlets import HasTraits, Integer

MAX_REPLY = 100_000  # characters
# What a graded notebook may show. Widgets, JavaScript and updates of earlier displays are not among it.
SHOWN = {"text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg", "image/svg+xml"}


class CarefulListener(HasTraits):
    """For a NotebookClient: put it before NotebookClient among the bases."""

    max_output = Integer(help="Characters of output that are kept of a cell.")
    max_outputs = Integer(500, help="Outputs that are kept of a cell.")
    shown = frozenset(SHOWN)

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        try:
            plain = self._plain(msg["msg_type"], msg["content"])
            if plain is None or self._is_too_much(plain, cell.outputs):
                return None
            return super().process_message({**msg, "content": plain}, cell, cell_index)
        except CellExecutionComplete:
            raise
        except Exception as error:
            self.log.warning("Left out an odd message of the kernel: %s", type(error).__name__)
            return None

    def plain_reply(self, content: Any) -> dict[str, Any]:
        """How a cell ended: the content of a reply, of known form, whatever has come."""
        try:
            if content["status"] != "error":
                return {"status": "ok"}
            told = self._plain("error", content)
            if self._size(told) <= MAX_REPLY:
                return {"status": "error"} | told
        except Exception:
            self.log.warning("Left out an odd reply of the kernel")
        return {"status": "error", "ename": "Unreadable", "evalue": "", "traceback": ["The reply could not be read."]}

    def _plain(self, kind: str, content: dict[str, Any]) -> dict[str, Any] | None:
        """A message's content, of known form; None for one that is left out. May raise on what is odd."""
        if kind == "status":
            return {"execution_state": _text(content["execution_state"])}
        if kind == "execute_input":
            return {"execution_count": _count(content)}
        if kind == "stream" and content["name"] in ("stdout", "stderr"):
            return {"name": content["name"], "text": _text(content["text"])}
        if kind == "error":
            lines = [_text(line) for line in content["traceback"]]
            return {"ename": _text(content["ename"]), "evalue": _text(content["evalue"]), "traceback": lines}
        if kind in ("display_data", "execute_result"):
            data = {kind: _text(value) for kind, value in content["data"].items() if kind in self.shown}
            plain = {"data": data, "metadata": _sizes(content.get("metadata"))}
            if kind == "execute_result":
                plain["execution_count"] = _count(content)
            return plain if data else None
        if kind == "clear_output":
            return {"wait": content.get("wait") is True}
        return None

    def _is_too_much(self, plain: dict[str, Any], kept: list[NotebookNode]) -> bool:
        size = self._size(plain)
        return size > 0 and (len(kept) >= self.max_outputs or size > self.max_output - sum(map(self._size, kept)))

    @staticmethod
    def _size(output: dict[str, Any]) -> int:
        texts = [output.get("text", ""), output.get("evalue", ""), *output.get("traceback", [])]
        return sum(map(len, [*texts, *output.get("data", {}).values()]))


def _text(value: Any) -> str:
    """A string that every encoding can write. Raises TypeError on anything else."""
    if not isinstance(value, str):
        raise TypeError(type(value).__name__)
    return value.encode("utf-8", "replace").decode()


def _count(content: dict[str, Any]) -> int:
    """The number of a cell's run. nbformat allows none below zero."""
    return max(0, int(content["execution_count"]))


def _sizes(metadata: Any) -> dict[str, dict[str, int]]:
    """How large a picture is shown; nothing else of a display's metadata."""
    kept = {}
    for kind in ("image/png", "image/jpeg"):
        sizes = metadata.get(kind) if isinstance(metadata, dict) else None
        if isinstance(sizes, dict):
            kept[kind] = {name: sizes[name] for name in ("width", "height") if type(sizes.get(name)) is int}
    return kept
