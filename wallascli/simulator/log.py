"""What the simulator was asked, and how each exchange ended."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import asdict, dataclass, field

from wallascli.simulator.http import Request
from wallascli.simulator.js import JsonObject

KEPT = 2000
BODY_KEPT = 64 * 1024
SECRET = frozenset({"authorization", "x-api-key", "x-goog-api-key", "api-key"})


@dataclass(slots=True)
class Entry:
    """One exchange. `outcome`: open, complete, client_gone, killed (a fault ended it), failed. Times in seconds."""

    time: float
    port: int
    method: str
    path: str
    provider: str = ""
    wire: str = ""
    operation: str = ""
    model: str = ""
    stream: bool = False
    script: str = ""
    status: int = 0
    fault: str = ""
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: object = None
    body_bytes: int = 0
    connection: int = 0
    nth_on_connection: int = 1
    pieces: int = 0
    outcome: str = "open"
    seconds: float = 0.0
    open_connections: int = 0


class Log:
    """The last exchanges, oldest first."""

    def __init__(self, kept: int = KEPT) -> None:
        self.entries: deque[Entry] = deque(maxlen=kept)
        self.total = 0

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.total += 1

    def clear(self) -> None:
        self.entries.clear()

    def select(self, filters: dict[str, str]) -> list[JsonObject]:
        """Entries whose fields equal the filters, as JSON objects; `last` limits their number."""
        wanted = {name: value for name, value in filters.items() if name != "last"}
        found = [
            entry
            for entry in self.entries
            if all(str(getattr(entry, name, None)) == value for name, value in wanted.items())
        ]
        return [asdict(entry) for entry in found[-int(filters.get("last", "0")) :]]


def masked(name: str, value: str) -> str:
    """A header as it may be shown: of a key only the last four characters."""
    return f"…{value[-4:]}" if name in SECRET else value


def seen(request: Request) -> tuple[dict[str, str], dict[str, str], object]:
    """Query, headers and body of a request as the log keeps them."""
    query = {name: f"…{value[-4:]}" if name == "key" else value for name, value in request.query.items()}
    headers = {name: masked(name, value) for name, value in request.headers.items()}
    return query, headers, _body(request.body)


def _body(body: bytes) -> object:
    if len(body) <= BODY_KEPT:
        try:
            return json.loads(body) if body else None
        except ValueError:
            pass
    return body[:BODY_KEPT].decode("utf-8", "replace")
