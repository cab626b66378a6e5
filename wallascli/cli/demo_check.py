"""What a demonstration did, and whether that was right: plain values and a pure function."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from wallascli.cli.messages import say

ANSWERED = "ok"


@dataclass(frozen=True, slots=True)
class Tried:
    """One request to a provider, as the engine saw it. ``kind``: the class of its failure, or ``ok``.

    ``time`` in epoch seconds; ``status`` is None where no status came.
    """

    provider: str
    model: str
    port: int
    kind: str
    status: int | None
    time: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Seen:
    """The same request, as the pretended provider saw it, with the status that it sent or was about to send.

    ``outcome``: complete; client_gone: the engine hung up; killed: a fault ended it.
    """

    provider: str
    model: str
    port: int
    status: int
    outcome: str
    time: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Act:
    """One question. ``fails`` is the class of failure that the first provider was told to show, or empty."""

    name: str
    script: str
    fails: str
    stream: bool


@dataclass(frozen=True, slots=True)
class Story:
    """What came of an act."""

    act: Act
    question: str
    answer: str
    pieces: int
    seconds: float
    candidates: tuple[dict[str, Any], ...]
    tried: tuple[Tried, ...]
    seen: tuple[Seen, ...]

    def view(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "act": self.act.name,
            "stream": self.act.stream,
            "question": self.question,
            "answer": self.answer,
            "expected": expected(self.question),
            "seconds": round(self.seconds, 3),
            "candidates": list(self.candidates),
            "attempts": [asdict(one) for one in self.tried],
            "simulator": [asdict(one) for one in self.seen],
            "complaints": list(check(self)),
        }


def expected(question: str) -> str:
    """What the pretended providers answer."""
    return f"echo: {question}"


def check(story: Story) -> Iterator[str]:
    """Everything that is not as it should be."""
    act, tried = story.act, story.tried
    if story.answer != expected(story.question):
        yield say("demo.wrong.answer", expected=expected(story.question), answer=story.answer)
    if not tried or tried[-1].kind != ANSWERED:
        yield say("demo.wrong.nobody")
        return
    failed = tried[:-1]
    if act.fails and (not failed or any(one.kind != act.fails for one in failed)):
        yield say("demo.wrong.failure", expected=act.fails, kinds=", ".join(one.kind for one in failed) or "-")
    if act.fails and failed and tried[-1].provider == failed[0].provider:
        yield say("demo.wrong.same", provider=tried[-1].provider)
    if not act.fails and failed:
        yield say("demo.wrong.failed", kinds=", ".join(one.kind for one in failed))
    if act.stream and story.pieces < 2:
        yield say("demo.wrong.pieces", pieces=story.pieces)
    yield from _compared(story)


def _compared(story: Story) -> Iterator[str]:
    """Both sides must tell the same: who was asked, in which order, and what each said."""
    ours = [(one.provider, one.model, one.port, one.status or "-") for one in story.tried]
    theirs = [
        (one.provider, one.model, one.port, "-" if one.outcome == "client_gone" else one.status)
        for one in story.seen
    ]
    if ours != theirs:
        yield say("demo.wrong.log", ours=ours, theirs=theirs)
