"""What an answer is made of, seen from the socket: a sequence of acts, decided before the first is performed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Send:
    """Write these bytes; `content` when they hold a piece of the answer (counted in the log)."""

    body: bytes
    content: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hold:
    """Do nothing until the client leaves."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Break the connection with an RST, once everything sent has arrived."""


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection with a FIN, once everything sent has arrived. `told`: the answer was whole before it."""

    whole: bool = False


Act: TypeAlias = Send | Wait | Hold | Reset | Close
