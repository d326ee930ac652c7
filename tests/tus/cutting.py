"""A TCP proxy that cuts connections after a number of bytes from the sender."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


class Cutting:
    """Passes connections on to a port of loopback. Each takes the next number of `cuts`: after so many bytes from the
    client it is cut, in both directions and with a reset; when there are none left, connections last."""

    def __init__(self, target: int, cuts: list[int]) -> None:
        self._target, self._cuts = target, cuts
        self.made = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self._run(self._accept)

    def _run(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            self._open += [client, server]
            limit = self._cuts.pop(0) if self._cuts else None
            self._run(self._pass, client, server, limit)
            self._run(self._pass, server, client, None)

    def _pass(self, source: socket.socket, to: socket.socket, limit: int | None) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := source.recv(16_384 if limit is None else min(16_384, max(1, limit - passed))):
                to.sendall(data)
                passed += len(data)
                if limit is not None and passed >= limit:
                    self.made += 1
                    break
        for one in (source, to):
            with contextlib.suppress(OSError):
                if limit is not None:  # a reset rather than an orderly end
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def close(self) -> None:
        """End; nothing new is passed on."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for one in self._open:
            one.close()


@contextlib.contextmanager
def cutting(url: str, cuts: list[int]) -> Iterator[Cutting]:
    """A proxy before the server at `url`."""
    made = Cutting(int(url.rpartition(":")[2]), cuts)
    try:
        yield made
    finally:
        made.close()
