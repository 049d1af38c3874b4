"""A TCP forwarder that aborts each of its connections after a random while."""

from __future__ import annotations

import asyncio
import contextlib
import random
import struct
import threading
from socket import SO_LINGER, SOL_SOCKET


class CuttingForwarder:
    """Forwards 127.0.0.1:`port` to one address; in a thread of its own.

    Once it is told to `cut`, each new connection lives for a random time between two `seconds`.
    """

    def __init__(
        self, address: tuple[str, int], seed: int = 0, seconds: tuple[float, float] = (0.5, 3)
    ) -> None:
        self.port = 0
        self.cuts = 0
        self._address = address
        self._random = random.Random(seed)
        self._seconds = seconds
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._cutting = False
        self._blocked = False
        self._running: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> CuttingForwarder:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def cut(self) -> None:
        """Cut from now on, beginning with every connection there is."""
        self._cutting = True
        self._loop.call_soon_threadsafe(self._cut_all)

    def block(self) -> None:
        """Cut every connection, and each new one at once."""
        self._blocked = True
        self._loop.call_soon_threadsafe(self._cut_all)

    def unblock(self) -> None:
        """Let connections live again."""
        self._blocked = False

    def _cut_all(self) -> None:
        for task in self._running:
            task.cancel()

    def _run(self) -> None:
        server = self._loop.run_until_complete(asyncio.start_server(self._forward, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._blocked:
            _abort(writer)
            return
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection(*self._address)
            pumps = {
                asyncio.create_task(_pump(reader, far_writer)),
                asyncio.create_task(_pump(far_reader, writer)),
            }
            self._running |= pumps
            timeout = self._random.uniform(*self._seconds) if self._cutting else None
            _, running = await asyncio.wait(
                pumps, timeout=timeout, return_when=asyncio.FIRST_COMPLETED
            )
            self._running -= pumps
            self.cuts += len(running) == 2
            for pump in running:
                pump.cancel()
            for end in (writer, far_writer):
                _abort(end)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


def _abort(writer: asyncio.StreamWriter) -> None:
    """Close with a reset, as a load balancer does."""
    socket = writer.get_extra_info("socket")
    with contextlib.suppress(OSError, AttributeError):
        socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
