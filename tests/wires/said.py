"""What a recorded answer says, as a person reads it out of the file: written by hand in the tests."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from wallascli.vocab.events import Completion


@dataclass(frozen=True, slots=True, eq=False)
class Long:
    """A text of ``length`` characters that begins and ends so."""

    length: int
    begin: str
    end: str

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, str)
            and len(other) == self.length
            and other.startswith(self.begin)
            and other.endswith(self.end)
        )


@dataclass(frozen=True, slots=True)
class Said:
    """``usage`` is input, output, of these cached and reasoning; ``signatures`` by their first eight letters."""

    text: str | Long = ""
    thoughts: str | Long = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    finish: str = "stop"
    usage: tuple[int, int, int, int] = (0, 0, 0, 0)
    signatures: list[str] = field(default_factory=list)


def said(answer: Completion) -> Said:
    """The same of an answer that was read."""
    first, usage = answer.first, answer.usage
    assert first.finish is not None
    assert usage is not None
    proofs = [piece.signature for piece in first.thoughts] + [call.signature for call in first.tool_calls]
    return Said(
        text=first.text,
        thoughts=first.thought,
        calls=[(call.name, json.loads(call.arguments)) for call in first.tool_calls],
        finish=first.finish.reason.value,
        usage=(usage.input, usage.output, usage.cached, usage.reasoning),
        signatures=[proof[:8] for proof in proofs if proof],
    )
