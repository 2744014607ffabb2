"""Connects a notebook's client to a confined kernel, and waits until the kernel is ready."""

import asyncio
import time
from queue import Empty
from typing import Any

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.session import json_unpacker

GREETING = 0.5  # seconds within which a kernel greets a new listener
MAX_PART = 6_000_000  # bytes of one part of a message; parsed, it may take thirty times as much memory


def unpack(part: bytes) -> Any:
    """Read a part of a message as JSON.

    Return an empty dictionary if the part is too large: its message is then malformed, and is left out.
    """
    return json_unpacker(part) if len(part) <= MAX_PART else {}


class PromptClient(AsyncKernelClient):
    """Connects to a kernel, and is ready as soon as the kernel is ready.

    The base class listens until nothing has come for 0.2 seconds, to be sure that it misses no output. This class is
    sure of that when it gets its first message, which is the welcome with which ipykernel greets a new listener.
    """

    def start_channels(self, shell: bool = True, iopub: bool = True, **_) -> None:
        """Start the shell and iopub channels, and no others.

        A heartbeat channel has a thread that waits for ever if a kernel sends it malformed bytes, and the kernel's
        supervisor knows better whether the kernel is alive.
        """
        self.session.unpack = unpack
        super().start_channels(shell=shell, iopub=iopub, stdin=False, hb=False, control=False)

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel is ready.

        Raises RuntimeError if the kernel ends first, or is not ready after ``timeout`` seconds (None: 60).
        """
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
        """Wait until a message has come from the iopub channel, and then one from the shell channel.

        ipykernel loses its welcome message if it publishes something at the very moment at which this client connects:
        its send takes away the event for which its listener waits. So the client asks for something that ipykernel
        publishes, again and again, until it gets a message.
        """
        while True:
            try:
                await self.iopub_channel.get_msg(timeout=GREETING)
                break
            except Empty:
                self.kernel_info()
        self.kernel_info()
        await self.shell_channel.get_msg()
