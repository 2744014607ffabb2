"""Takes from a kernel's messages what is well formed, up to a limited size.

The kernel runs a student's code, and may send anything. Malformed messages are left out here, before they can confuse
nbclient, nbformat or the pages that show a notebook.
"""

from typing import Any

from nbclient.exceptions import CellExecutionComplete
from nbformat import NotebookNode
from traitlets import Dict, HasTraits, Integer

MAX_REPLY = 100_000  # characters
# What a graded notebook may show. Widgets, JavaScript and updates of earlier displays are not among it.
SHOWN = {"text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg", "image/svg+xml"}


class CarefulListener(HasTraits):
    """Filters the messages that a NotebookClient gets. Put it before NotebookClient among the base classes."""

    max_output = Integer(4_000_000, help="Characters of output that are kept of a cell.").tag(config=True)
    max_output_in_all = Integer(20_000_000, help="Characters of output that are kept of a notebook.").tag(config=True)
    max_outputs = Integer(500, help="Outputs that are kept of a cell.").tag(config=True)
    mime_types = frozenset(SHOWN)  # of what is kept
    _kept = Dict()  # {number of a cell: characters of its output}

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        try:
            plain = self._plain(msg["msg_type"], msg["content"])
            if plain is None or self._is_too_much(plain, cell.outputs, cell_index):
                return None
            return super().process_message({**msg, "content": plain}, cell, cell_index)
        except CellExecutionComplete:
            raise
        except Exception as error:
            self.log.warning("Left out an odd message of the kernel: %s", type(error).__name__)
            return None

    def plain_reply(self, content: Any) -> dict[str, Any]:
        """Return the content of a reply, which says how a cell ended, in a known form, whatever the kernel has sent.

        A reply that is malformed or too large becomes an error with the name Unreadable.
        """
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
        """Return a message's content in a known form, or None if the message is to be left out.

        A malformed message may raise any exception.
        """
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
            data = {kind: _text(value) for kind, value in content["data"].items() if kind in self.mime_types}
            plain = {"data": data, "metadata": _sizes(content.get("metadata"))}
            if kind == "execute_result":
                plain["execution_count"] = _count(content)
            return plain if data else None
        if kind == "clear_output":
            return {"wait": content.get("wait") is True}
        return None

    def _is_too_much(self, plain: dict[str, Any], kept: list[NotebookNode], cell_index: int) -> bool:
        """Return whether a message is too large for its cell or its notebook. If it is not, it counts from now on."""
        if not {"text", "data", "traceback"} & plain.keys():
            return False
        size, here = self._size(plain), sum(map(self._size, kept))
        in_all = size + here + sum(kept for cell, kept in self._kept.items() if cell != cell_index)
        much = len(kept) >= self.max_outputs or size + here > self.max_output or in_all > self.max_output_in_all
        if not much:
            self._kept[cell_index] = size + here
        return much

    @staticmethod
    def _size(output: dict[str, Any]) -> int:
        texts = [output.get(part, "") for part in ("text", "ename", "evalue")] + [*output.get("traceback", [])]
        return sum(map(len, [*texts, *output.get("data", {}).values()]))


def _text(value: Any) -> str:
    """Return a string in characters that every encoding can write; others become question marks.

    Raises TypeError if the value is not a string.
    """
    if not isinstance(value, str):
        raise TypeError(type(value).__name__)
    return value.encode("utf-8", "replace").decode()


def _count(content: dict[str, Any]) -> int:
    """Return the number of a cell's run. It is at least 0, because nbformat allows no negative number."""
    return max(0, int(content["execution_count"]))


def _sizes(metadata: Any) -> dict[str, dict[str, int]]:
    """Return the width and height at which pictures are shown, and nothing else of a display's metadata."""
    kept = {}
    for kind in ("image/png", "image/jpeg"):
        sizes = metadata.get(kind) if isinstance(metadata, dict) else None
        if isinstance(sizes, dict):
            kept[kind] = {name: sizes[name] for name in ("width", "height") if type(sizes.get(name)) is int}
    return kept
