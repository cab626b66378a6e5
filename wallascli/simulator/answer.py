"""The whole answer, before any wire gives it a shape."""

from __future__ import annotations

from dataclasses import dataclass

from wallascli.simulator import tools, words
from wallascli.simulator.js import compact
from wallascli.simulator.question import Call, Question, Turn
from wallascli.simulator.samples import sample
from wallascli.simulator.script import Behaviour

REFUSAL = "I'm sorry, I can't help with that."
THOUGHTS_WHEN_ASKED = 5


class Declined(Exception):
    """The request cannot be answered; `reason` is a word of the script."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status, self.reason, self.message = status, reason, message


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said now. `texts[i]` are the pieces of choice i.

    `finish`: stop, calls, length, filter, refusal, or a word of the wire as it stands.
    """

    thoughts: tuple[str, ...]
    texts: tuple[tuple[str, ...], ...]
    calls: tuple[Call, ...]
    finish: str
    stop_hit: str | None = None

    @property
    def tokens(self) -> int:
        """Everything generated, thoughts included: one token for each piece, four characters of a call."""
        said = sum(len(pieces) for pieces in self.texts) + sum(1 + len(call.arguments) // 4 for call in self.calls)
        return said + len(self.thoughts)


def compose(question: Question, behaviour: Behaviour) -> Answer:
    """What the simulated model says. Raises Declined when the script refuses to go on."""
    flags = behaviour.flags
    if flags & {"blank", "nochoices", "blocked"}:
        finish = "filter" if "blocked" in flags else behaviour.finish or "stop"
        return Answer((), ((),) * question.n, (), finish)
    if behaviour.finish == "refusal":
        return Answer((), (tuple(words.pieces(REFUSAL, behaviour.letters)),), (), "refusal")
    count = behaviour.think or (THOUGHTS_WHEN_ASKED if question.think else 0)
    thoughts = tuple(words.thoughts(question, count))
    if called := tools.calls(question, behaviour):
        return Answer(thoughts, ((),) * question.n, called, behaviour.finish or "calls")
    text = said(question, behaviour)
    text, stop_hit = _until_stop(text, question.stops)
    cuts = [
        tuple(words.pieces(text if index == 0 else f"choice {index}: {text}", _letters(behaviour)))
        for index in range(question.n)
    ]
    limit = question.limit
    cut_short = limit is not None and len(cuts[0]) > limit
    finish = behaviour.finish or ("length" if cut_short else "stop")
    return Answer(thoughts, tuple(cut[:limit] for cut in cuts), (), finish, None if cut_short else stop_hit)


def said(question: Question, behaviour: Behaviour) -> str:
    """The text said now: the whole answer, or what is missing of it. Raises Declined."""
    turns, partial = words.partial_answer(question.turns)
    full = _full(question, turns, behaviour)
    strict = "strict" in behaviour.flags
    if partial and partial.asked and not (partial.anchor or strict or _unfinished(partial.text, full)):
        return _full(question, question.turns, behaviour)
    if partial and not partial.asked and "noprefill" in behaviour.flags:
        raise Declined(400, "noprefill", "")
    if partial and strict and not words.is_prefix(partial, full):
        agreed = next(
            (i for i, (a, b) in enumerate(zip(partial.text, full, strict=False)) if a != b),
            min(len(partial.text), len(full)),
        )
        raise Declined(
            409,
            "strict",
            f"the partial answer leaves the full answer after {agreed} characters: "
            f"got {partial.text[agreed : agreed + 20]!r}, expected {full[agreed : agreed + 20]!r}",
        )
    repeats = question.repeats and "norepeat" not in behaviour.flags
    return words.continuation(full, partial, behaviour.flags | ({"repeat"} if repeats else set()))


def _full(question: Question, turns: tuple[Turn, ...], behaviour: Behaviour) -> str:
    if (question.json or question.schema) and behaviour.say is None and not behaviour.chunks:
        asked = words.last_user_text(turns)
        return compact(sample(question.schema, asked[:200]) if question.schema else {"echo": asked})
    return words.full_text(turns, behaviour)


def _unfinished(partial: str, full: str) -> bool:
    return full.startswith(partial) and partial != full


def _letters(behaviour: Behaviour) -> int:
    return behaviour.letters or (1 if behaviour.trickle else 0)


def _until_stop(text: str, stops: tuple[str, ...]) -> tuple[str, str | None]:
    hits = [(text.find(stop), stop) for stop in stops if stop and stop in text]
    if not hits:
        return text, None
    where, stop = min(hits)
    return text[:where], stop
