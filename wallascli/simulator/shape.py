"""What a wire must know to be simulated: how its requests are read and its answers look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from wallascli.simulator.answer import Answer
from wallascli.simulator.js import JsonObject
from wallascli.simulator.question import Question
from wallascli.simulator.routes import Target
from wallascli.simulator.script import Behaviour


class Part(Enum):
    """Where in the answer a frame stands; faults are placed by it."""

    OPEN = "open"
    CONTENT = "content"
    JOINT = "joint"  # between pieces: the end of a block, a ping
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Piece:
    """One frame of a stream, without the framing; `event` is its name where the wire names events."""

    body: str
    part: Part = Part.CONTENT
    event: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """Everything a shape needs to write one answer; `now` in seconds since 1970, `serial` counts the answers."""

    target: Target
    question: Question
    behaviour: Behaviour
    answer: Answer
    serial: int
    now: float

    def says(self, flag: str) -> bool:
        """Whether the script holds this word."""
        return flag in self.behaviour.flags


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, in words of the script; `hint_at` is when to come back, seconds since 1970."""

    status: int
    reason: str
    message: str
    hint: str
    hint_seconds: float
    target: Target
    now: float


@dataclass(frozen=True, slots=True)
class Shape:
    """One wire. `newline` ends the lines of its event stream; a `stream_type` that is none says JSON lines."""

    name: str
    read: Callable[[Target, JsonObject, bool], Question]  # the last: whether to check what a provider checks
    stream: Callable[[Told], Iterator[Piece]]
    whole: Callable[[Told], JsonObject]
    error: Callable[[Failure], object]
    error_pieces: Callable[[Failure, Told], Iterator[Piece]]
    other: Callable[[Target, tuple[str, ...], JsonObject], JsonObject]  # the operations that are not chat
    newline: str = "\n"
    spaced: bool = False  # JSON with a space after each colon and comma
    stream_type: str = "text/event-stream; charset=utf-8"
    whole_type: str = "application/json"
