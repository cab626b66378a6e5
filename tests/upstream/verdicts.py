"""The yardstick: every error that was judged by hand, as a response that can be classified again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tests import exchanges

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Judged:
    """One response and what a reader says of it: ``from_body`` from the body alone, ``whole`` from all of it.

    ``until`` in epoch seconds, read at ``now``.
    """

    name: str
    provider: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    from_body: str
    whole: str
    now: float
    until: float | None
    window: int | None
    param: str | None
    tells: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


@cache
def judged() -> tuple[Judged, ...]:
    """Every row of both tables."""
    return (*_recorded(), *_documented())


def _recorded() -> Iterator[Judged]:
    table = json.loads((HERE / "error_classes.json").read_text())
    now = json.loads((HERE / "documented_errors.json").read_text())["now"]
    for row in table["rows"]:
        exchange = exchanges.load(row["file"])[row["exchange"]]
        body = _last_event(exchange.body) if "at" in row else exchange.body
        yield _row(row, row["file"], exchange.status, exchange.headers, body, row.get("now", now))


def _documented() -> Iterator[Judged]:
    table = json.loads((HERE / "documented_errors.json").read_text())
    for row in table["rows"]:
        body = row["text"] if "text" in row else "" if row["body"] is None else json.dumps(row["body"])
        now = row.get("now", table["now"])
        yield _row(row, row["id"], row["status"], row.get("headers", {}), body.encode(), now)


def _row(
    row: Mapping[str, Any], name: str, status: int, headers: Mapping[str, str], body: bytes, now: float
) -> Judged:
    tells = row.get("tells", {})
    until = tells.get("until", now + tells["retry_after"] if "retry_after" in tells else None)
    return Judged(
        name=name,
        provider=row["provider"],
        status=status,
        headers=headers,
        body=body,
        from_body=row["class"],
        whole=row.get("full", row["class"]),
        now=now,
        until=until,
        window=tells.get("context_window"),
        param=row.get("field"),
        tells=tells,
    )


def _last_event(stream: bytes) -> bytes:
    """The data of the last event of a stream: the error that ended it."""
    return next(line[6:] for line in reversed(stream.splitlines()) if line.startswith(b"data: {"))
