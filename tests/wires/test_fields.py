"""Every field of a request, on every wire that asks: it is in the rendered request, or named as dropped (P3).

A wire in the folder is found by itself. A new field fails here until a value for it is written down.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from wallascli.vocab.chat import (
    ChatRequest,
    Message,
    Origin,
    Reasoning,
    ResponseFormat,
    Role,
    Text,
    Tool,
    ToolChoice,
)
from wallascli.wires import WIRES
from wallascli.wires.base import Outbound, Quirks, Rendered

TOOL = Tool("look", "looks", {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]})
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}

# Values that differ from what happens when nothing is said.
VALUES: dict[str, Any] = {
    "tools": (TOOL,),
    "tool_choice": ToolChoice("required"),
    "parallel_tool_calls": False,
    "response_format": ResponseFormat("json_schema", "answer", SCHEMA, strict=True),
    "reasoning": Reasoning("high"),
    "max_tokens": 77,
    "temperature": 0.25,
    "top_p": 0.75,
    "top_k": 7,
    "min_p": 0.05,
    "frequency_penalty": 0.5,
    "presence_penalty": 0.5,
    "repetition_penalty": 1.5,
    "seed": 7,
    "stop": ("END",),
    "n": 2,
    "logprobs": True,
    "top_logprobs": 3,
    "logit_bias": {"50256": -100},
    "user": "somebody",
    "extra": {"x_one": 1, "x_two": {"a": 2}},
}
# Zero is said as well: only None, nothing and False may mean that nobody said anything.
ZEROS = {
    name: type(value)(0) for name, value in VALUES.items() if isinstance(value, float) or name in ("seed", "top_k")
}
# What a field needs beside it to mean anything.
BESIDE: dict[str, dict[str, Any]] = {
    "tool_choice": {"tools": (TOOL,)},
    "parallel_tool_calls": {"tools": (TOOL,)},
    "top_logprobs": {"logprobs": True},
}
# Said in another way than by a field of the body, each with a test of its own below: ``model`` and ``stream`` are
# arguments of ``render``; ``models`` is ours; ``messages`` is what a request is; ``include_usage`` is the wish of
# a caller for its own stream; ``origin`` is the body a request came in.
SPECIAL = {"model", "stream", "models", "messages", "include_usage", "origin"}

OUTBOUND = {name: wire.outbound for name, wire in WIRES.items() if wire.outbound is not None}
every_wire = pytest.mark.parametrize("wire", OUTBOUND.values(), ids=OUTBOUND)
QUESTION = (Message(Role.USER, (Text("What is the weather?"),)),)


def asked(wire: Outbound, *, model: str = "some-model", stream: bool = False, **fields: Any) -> Rendered:
    request = ChatRequest(**{"model": "auto", "messages": QUESTION} | fields)
    return wire.render(request, model, stream=stream, quirks=Quirks())


def texts(value: Any) -> str:
    """All strings of a body, so that a test need not know where a wire puts them."""
    if isinstance(value, dict):
        return " ".join(texts(item) for pair in value.items() for item in pair)
    return " ".join(texts(item) for item in value) if isinstance(value, list | tuple) else str(value)


def is_named(field: str, dropped: tuple[str, ...]) -> bool:
    """By its name, or by that of a part of it; reasoning goes by OpenAI's name too."""
    heads = {name.replace("[", ".").split(".")[0] for name in dropped}
    return field in heads or (field == "reasoning" and "reasoning_effort" in heads)


def test_every_field_has_a_value_here_or_a_test_of_its_own() -> None:
    assert {field.name for field in dataclasses.fields(ChatRequest)} == VALUES.keys() | SPECIAL


@pytest.mark.parametrize("field", [name for name in VALUES if name != "extra"])
@every_wire
def test_a_field_is_in_the_request_or_named_as_dropped(wire: Outbound, field: str) -> None:
    beside = BESIDE.get(field, {})
    without, sent = asked(wire, **beside), asked(wire, **beside, **{field: VALUES[field]})
    is_sent = (sent.path, sent.body) != (without.path, without.body)
    assert is_sent or is_named(field, sent.dropped), sent
    assert not is_named(field, without.dropped), "what nobody said is not dropped"


@pytest.mark.parametrize("field", ZEROS)
@every_wire
def test_zero_is_a_value(wire: Outbound, field: str) -> None:
    without, sent = asked(wire), asked(wire, **{field: ZEROS[field]})
    assert sent.body != without.body or is_named(field, sent.dropped)


@every_wire
def test_every_unknown_field_is_named_as_dropped(wire: Outbound) -> None:
    sent = asked(wire, extra=VALUES["extra"])
    assert {"x_one", "x_two"} <= set(sent.dropped)
    assert "x_one" not in texts(sent.body)


@every_wire
def test_what_is_dropped_is_named_once_and_nothing_is_dropped_from_a_bare_question(wire: Outbound) -> None:
    everything = asked(wire, **VALUES)
    assert len(set(everything.dropped)) == len(everything.dropped)
    assert asked(wire).dropped == ()


@every_wire
def test_all_at_once_nothing_is_lost_either(wire: Outbound) -> None:
    """``logprobs`` is left out: asking for their number asks for them."""
    everything = asked(wire, **VALUES)
    for field in VALUES.keys() - {"extra", "logprobs"}:
        without = asked(wire, **{name: value for name, value in VALUES.items() if name != field})
        assert everything.body != without.body or is_named(field, everything.dropped), field


@every_wire
def test_the_words_of_every_role_are_in_the_request(wire: Outbound) -> None:
    said = [(Role.SYSTEM, "alpha"), (Role.DEVELOPER, "beta"), (Role.USER, "gamma"), (Role.ASSISTANT, "delta")]
    turns = tuple(Message(role, (Text(word),)) for role, word in said)
    sent = asked(wire, messages=(*turns, *QUESTION))
    assert all(word in texts(sent.body) for _, word in said)


@every_wire
def test_the_model_that_is_asked_is_the_candidate_s_and_not_the_caller_s(wire: Outbound) -> None:
    sent = asked(wire, model="some-model")
    assert "some-model" in sent.path + texts(sent.body)
    assert "auto" not in sent.path + texts(sent.body)


@every_wire
def test_a_stream_is_asked_for_as_the_argument_says(wire: Outbound) -> None:
    plain, stream = asked(wire, stream=False), asked(wire, stream=True)
    assert (plain.path, plain.body) != (stream.path, stream.body)


@every_wire
def test_the_list_of_models_is_ours(wire: Outbound) -> None:
    sent = asked(wire, models=("second-model", "third-model"))
    assert "second-model" not in texts(sent.body)
    assert sent.dropped == ()


@every_wire
def test_a_wish_for_usage_in_the_caller_s_stream_is_never_dropped(wire: Outbound) -> None:
    assert asked(wire, include_usage=True).dropped == ()


@every_wire
def test_the_body_of_another_dialect_stays_where_it_came_from(wire: Outbound) -> None:
    origin = Origin("a dialect of nobody", {"messages": [], "secret_field": 1})
    sent = asked(wire, origin=origin)
    assert sent == asked(wire)


@every_wire
def test_the_caller_s_values_are_not_touched(wire: Outbound) -> None:
    before = repr(VALUES)
    asked(wire, **VALUES)
    assert repr(VALUES) == before
