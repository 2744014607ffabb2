"""The client of a confined kernel."""

import asyncio
import time
from queue import Empty
from typing import Any

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.session import json_unpacker

GREETING = 0.5  # seconds in which a kernel that has our connection greets us
MAX_PART = 6_000_000  # bytes of a part of a message; what is read from it may take thirty times as much


def unpack(part: bytes) -> Any:
    """JSON. A part that is too large says nothing, which makes its message an odd one."""
    return json_unpacker(part) if len(part) <= MAX_PART else {}


class PromptClient(AsyncKernelClient):
    """Ready as soon as the kernel is. The base listens until nothing has come for 0.2 seconds, to be sure that it
    misses no output; we know that from the first thing we hear, the welcome with which ipykernel greets a listener."""

    def start_channels(self, shell: bool = True, iopub: bool = True, **_) -> None:
        """These two alone. A heartbeat is listened to in a thread that waits for ever for a kernel that sends it
        odd bytes, and whether the kernel lives its supervisor knows better."""
        self.session.unpack = unpack
        super().start_channels(shell=shell, iopub=iopub, stdin=False, hb=False, control=False)

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Raises RuntimeError if the kernel ends or is silent for so many seconds (None: 60)."""
        deadline = time.monotonic() + (timeout or 60)
        welcome = asyncio.ensure_future(self._welcome())
        try:
            while not welcome.done():
                await asyncio.wait([welcome], timeout=0.2)
                if not await self.is_alive():
                    raise RuntimeError("the kernel ended before it was ready")
                if time.monotonic() > deadline:
                    raise RuntimeError("the kernel was not ready in time")
            welcome.result()  # raises what it has raised
        finally:
            welcome.cancel()

    async def _welcome(self) -> None:
        """ipykernel loses its greeting if it publishes something at the moment in which we arrive: its send takes
        the event away for which its listener waits. So we ask for something that it publishes, until we hear it."""
        while True:
            try:
                await self.iopub_channel.get_msg(timeout=GREETING)
                break
            except Empty:
                self.kernel_info()
        self.kernel_info()
        await self.shell_channel.get_msg()
