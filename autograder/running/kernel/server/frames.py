"""Counts the frames in a ZeroMQ stream, because its receiver keeps a record of every frame, even of an empty one."""

GREETING = 64  # bytes with which each stream begins
LONG = 2  # the flag of a frame whose length is written in eight bytes, and not in one


class Frames:
    def __init__(self):
        self._skip, self._begun = GREETING, b""

    def count(self, data: bytes) -> int:
        """Return how many frames begin in the next bytes of the stream."""
        data, at, found = self._begun + data, self._skip, 0
        while at < len(data):
            head = 9 if data[at] & LONG else 2
            if at + head > len(data):
                break
            at += head + int.from_bytes(data[at + 1 : at + head], "big")
            found += 1
        self._skip, self._begun = max(0, at - len(data)), data[at:]
        return found
