"""Ports on which connecting fails, as a machine that is down or a firewall makes it fail."""

from __future__ import annotations

import socket


class OddPorts:
    """Holds its ports until closed, so that no other program can take them meanwhile."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._held: list[socket.socket] = []

    def refused(self) -> int:
        """A port where nobody listens: connecting is refused at once."""
        return self._bound().getsockname()[1]  # type: ignore[no-any-return]

    def silent(self) -> int:
        """A port where connecting takes for ever: its queue is full, and nobody accepts."""
        held = self._bound()
        held.listen(0)
        for _ in range(2):
            filler = socket.socket()
            self._held.append(filler)
            filler.setblocking(False)
            filler.connect_ex(held.getsockname())
        return held.getsockname()[1]  # type: ignore[no-any-return]

    def close(self) -> None:
        """Give the ports back."""
        while self._held:
            self._held.pop().close()

    def _bound(self) -> socket.socket:
        held = socket.socket()
        self._held.append(held)
        held.bind((self._host, 0))
        return held
