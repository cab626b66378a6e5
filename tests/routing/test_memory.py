"""What is kept of an answer that nobody is shown yet has a bound, also where each frame is small."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from wallascli.routing.stream import Feed, Verbatim, Words
from wallascli.vocab.failures import AttemptFailed, FailureClass
from wallascli.wires.base import Writer
from wallascli.wires.openai_chat import OUT

MIB = 1024 * 1024


def _nobody_writes(feed: Feed[bytes]) -> Writer:
    raise AssertionError


def verbatim() -> Verbatim:
    return Verbatim(OUT, skip_malformed=True, writer=_nobody_writes)


def words() -> Words:
    return Words(OUT, skip_malformed=True)


def frame(delta: object) -> bytes:
    return b"data: " + json.dumps({"id": "x", "choices": [{"index": 0, "delta": delta}]}).encode() + b"\n\n"


def call(arguments: str, **more: object) -> bytes:
    function = {"arguments": arguments, **({"name": "f"} if more else {})}
    return frame({"tool_calls": [{"index": 0, "function": function, **more}]})


@pytest.mark.parametrize("feed", [verbatim, words])
@pytest.mark.parametrize("first", [b"", frame({"content": "Let me see."})])
def test_a_call_whose_arguments_never_close_is_given_up(
    feed: Callable[[], Verbatim] | Callable[[], Words], first: bytes
) -> None:
    reading = feed()
    reading.take(first + call('{"a": "', id="c1", type="function"))
    piece = call("a" * MIB)
    for _ in range(63):
        assert not reading.take(piece)
    with pytest.raises(AttemptFailed, match="a call without end") as failed:
        reading.take(piece)
    assert failed.value.failure.kind is FailureClass.BROKEN


@pytest.mark.parametrize("feed", [verbatim, words])
def test_many_whole_calls_may_be_larger_than_that_together(
    feed: Callable[[], Verbatim] | Callable[[], Words],
) -> None:
    reading = feed()
    filling = "a" * MIB
    for number in range(70):
        delta = {
            "index": number,
            "id": f"c{number}",
            "function": {"name": "f", "arguments": f'{{"a":"{filling}"}}'},
        }
        assert reading.take(frame({"tool_calls": [delta]}))


def test_who_keeps_a_whole_answer_hears_when_it_is_too_large() -> None:
    reading = words()
    piece = frame({"content": "a" * MIB})
    for _ in range(64):
        reading.take(piece)
    with pytest.raises(AttemptFailed, match="an answer of more than 67108864 bytes"):
        reading.state.check_size()
