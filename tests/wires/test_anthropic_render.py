"""Writing requests for Anthropic: everything beside the conversation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.wires.asking import TOOL, asked, user
from wallascli.vocab.chat import (
    ChatRequest,
    Media,
    Message,
    Origin,
    Reasoning,
    ResponseFormat,
    Role,
    Text,
    Thought,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from wallascli.wires.anthropic import OUT
from wallascli.wires.anthropic_render import MAX_TOKENS
from wallascli.wires.base import Quirks, Rendered


def render(request: ChatRequest, *, quirks: Quirks | None = None) -> Rendered:
    return OUT.render(request, "claude-haiku-4-5", stream=True, quirks=quirks or Quirks())


def test_a_plain_question_is_asked_plainly_with_the_limit_that_the_api_demands() -> None:
    assert OUT.render(asked(), "claude-haiku-4-5", stream=False, quirks=Quirks()) == Rendered(
        "/v1/messages",
        {
            "model": "claude-haiku-4-5",
            "stream": False,
            "max_tokens": MAX_TOKENS,
            "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
        },
    )


def test_the_callers_limit_sampling_stops_and_user_are_said() -> None:
    body = render(asked(max_tokens=5, temperature=1, top_p=0.9, top_k=40, stop=("###",), user="ann")).body
    assert {key: value for key, value in body.items() if key not in ("model", "messages", "stream")} == {
        "max_tokens": 5,
        "temperature": 1,
        "top_p": 0.9,
        "top_k": 40,
        "stop_sequences": ["###"],
        "metadata": {"user_id": "ann"},
    }


def test_a_temperature_above_its_range_is_dropped_not_changed() -> None:
    rendered = render(asked(temperature=1.3))
    assert "temperature" not in rendered.body
    assert rendered.dropped == ("temperature",)


def test_a_stop_of_white_space_is_dropped() -> None:
    rendered = render(asked(stop=("\n", "END")))
    assert rendered.body["stop_sequences"] == ["END"]
    assert rendered.dropped == ("stop",)


def test_tools_have_a_schema_even_if_none_was_given() -> None:
    assert render(asked(tools=(replace(TOOL, strict=True), Tool("now")))).body["tools"] == [
        {"name": "add", "description": "Adds.", "input_schema": TOOL.parameters, "strict": True},
        {"name": "now", "input_schema": {"type": "object", "properties": {}}},
    ]


@pytest.mark.parametrize(
    ("choice", "parallel", "written"),
    [
        (None, None, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice("auto"), None, {"type": "auto"}),
        (ToolChoice("none"), False, {"type": "none"}),
        (ToolChoice("required"), True, {"type": "any", "disable_parallel_tool_use": False}),
        (ToolChoice("named", "add"), False, {"type": "tool", "name": "add", "disable_parallel_tool_use": True}),
    ],
)
def test_tool_choices(choice: ToolChoice | None, parallel: bool | None, written: dict[str, Any] | None) -> None:
    rendered = render(asked(tools=(TOOL,), tool_choice=choice, parallel_tool_calls=parallel))
    assert rendered.body.get("tool_choice") == written
    assert rendered.dropped == ()


def test_a_forced_choice_without_tools_is_dropped() -> None:
    rendered = render(asked(tool_choice=ToolChoice("required"), parallel_tool_calls=False))
    assert "tool_choice" not in rendered.body
    assert rendered.dropped == ("tool_choice", "parallel_tool_calls")


def test_formats() -> None:
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    rendered = render(asked(response_format=ResponseFormat("json_schema", "x", schema, strict=True)))
    assert rendered.body["output_config"] == {"format": {"type": "json_schema", "schema": schema}}
    assert rendered.dropped == ()
    assert render(asked(response_format=ResponseFormat("text"))).dropped == ()
    assert render(asked(response_format=ResponseFormat("json_object"))).dropped == ("response_format",)


@pytest.mark.parametrize(
    ("wish", "limit", "thinking", "dropped"),
    [
        (Reasoning(effort="none"), 5000, {"type": "disabled"}, ()),
        (Reasoning(budget=0), 5000, {"type": "disabled"}, ()),
        (Reasoning(effort="high"), 5000, {"type": "adaptive"}, ()),
        (Reasoning(effort="high", show=False), 5000, {"type": "adaptive", "display": "omitted"}, ()),
        (Reasoning(budget=2000), 5000, {"type": "enabled", "budget_tokens": 2000}, ()),
        (
            Reasoning(budget=2000, show=True),
            5000,
            {"type": "enabled", "budget_tokens": 2000, "display": "summarized"},
            (),
        ),
        (Reasoning(budget=100), 5000, {"type": "enabled", "budget_tokens": 1024}, ("reasoning.max_tokens",)),
        (Reasoning(budget=9000), 5000, {"type": "enabled", "budget_tokens": 4999}, ("reasoning.max_tokens",)),
        (Reasoning(budget=2000), 1024, None, ("reasoning.max_tokens",)),
        (Reasoning(show=True), 5000, None, ("reasoning.exclude",)),
    ],
)
def test_thinking(wish: Reasoning, limit: int, thinking: dict[str, Any] | None, dropped: tuple[str, ...]) -> None:
    rendered = render(asked(reasoning=wish, max_tokens=limit))
    assert rendered.body.get("thinking") == thinking
    assert rendered.body["max_tokens"] == limit
    assert rendered.dropped == dropped


def test_an_effort_stands_beside_a_format() -> None:
    schema = ResponseFormat("json_schema", schema={"type": "object"})
    rendered = render(asked(reasoning=Reasoning(effort="xhigh"), response_format=schema))
    assert rendered.body["output_config"]["effort"] == "xhigh"
    assert rendered.body["output_config"]["format"]["schema"] == {"type": "object"}
    minimal = render(asked(reasoning=Reasoning(effort="minimal")))
    assert (minimal.body["output_config"], minimal.dropped) == ({"effort": "low"}, ("reasoning_effort",))


def test_a_budget_does_not_eat_the_room_of_an_answer_that_nobody_limited() -> None:
    assert render(asked(reasoning=Reasoning(budget=10_000))).body["max_tokens"] == MAX_TOKENS + 10_000


def test_thinking_gives_way_to_a_forced_tool() -> None:
    for wish, name in (
        (Reasoning(effort="high"), "reasoning_effort"),
        (Reasoning(budget=2000), "reasoning.max_tokens"),
    ):
        rendered = render(asked(reasoning=wish, tools=(TOOL,), tool_choice=ToolChoice("required")))
        assert "thinking" not in rendered.body
        assert rendered.dropped == (name,)


def test_sampling_gives_way_to_thinking() -> None:
    rendered = render(asked(reasoning=Reasoning(effort="high"), temperature=0.2, top_p=0.5, top_k=3))
    assert not {"temperature", "top_p", "top_k"} & rendered.body.keys()
    assert rendered.dropped == ("temperature", "top_p", "top_k")
    assert render(asked(reasoning=Reasoning(effort="high"), temperature=1, top_p=0.95)).dropped == ()


@pytest.mark.parametrize(
    ("thought", "thinks"), [(Thought("t", "sig", "anthropic"), True), (Thought("t", "", "openai"), False)]
)
def test_a_budget_is_given_up_in_a_tool_loop_that_another_maker_began(thought: Thought, thinks: bool) -> None:
    history = (
        user(),
        Message(Role.ASSISTANT, (thought, ToolCall("a", "f", "{}"))),
        Message(Role.TOOL, (ToolResult("a", (Text("x"),)),)),
    )
    rendered = render(asked(*history, tools=(TOOL,), reasoning=Reasoning(budget=2000)))
    assert ("thinking" in rendered.body) is thinks
    assert ("reasoning.max_tokens" in rendered.dropped) is not thinks
    adaptive = render(asked(*history, tools=(TOOL,), reasoning=Reasoning(effort="low")))
    assert adaptive.body["thinking"] == {"type": "adaptive"}


def test_what_cannot_be_said_is_named() -> None:
    request = asked(
        Message(Role.USER, (Text("hi"), Media("image/png", base64="iVBO", detail="low")), name="ann"),
        min_p=0.1,
        frequency_penalty=0.0,
        presence_penalty=0.2,
        repetition_penalty=1.1,
        seed=0,
        n=2,
        logprobs=True,
        top_logprobs=2,
        logit_bias={"5": 1},
        extra={"store": True, "service_tier": "flex"},
    )
    assert sorted(render(request).dropped) == sorted(
        [
            "frequency_penalty",
            "messages[].image_url.detail",
            "logit_bias",
            "logprobs",
            "messages[].name",
            "min_p",
            "n",
            "presence_penalty",
            "repetition_penalty",
            "seed",
            "service_tier",
            "store",
            "top_logprobs",
        ]
    )


def test_a_callers_own_body_is_forwarded_with_fields_we_never_heard_of() -> None:
    own = {
        "model": "claude",
        "models": ["second"],
        "max_tokens": 10,
        "system": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": "user", "content": "hi"}],
        "context_management": {"edits": []},
        "stream": False,
    }
    rendered = render(asked(origin=Origin("anthropic", own), extra={"context_management": {"edits": []}}))
    assert rendered.body == {
        **{key: value for key, value in own.items() if key != "models"},
        "model": "claude-haiku-4-5",
        "stream": True,
    }
    assert rendered.dropped == ()
    assert own["model"] == "claude"


def test_a_changed_request_of_this_wire_is_written_from_words_and_keeps_its_extra_fields() -> None:
    request = asked(user("changed"), origin=Origin("anthropic", {}), extra={"context_management": {"edits": []}})
    rendered = render(request)
    assert rendered.body["messages"][0]["content"][0]["text"] == "changed"
    assert rendered.body["context_management"] == {"edits": []}
    assert rendered.dropped == ()


def test_the_quirks_of_a_row_come_last_and_never_touch_the_callers_body() -> None:
    def no_cache(body: dict[str, Any]) -> tuple[str, ...]:
        del body["messages"][0]["cache_control"]
        return ("cache_control",)

    own = {"messages": [{"role": "user", "content": "hi", "cache_control": {}}], "temperature": 1, "top_k": 1}
    quirks = Quirks(drops=frozenset({"temperature"}), renames={"top_k": "k"}, adjust=no_cache)
    rendered = render(asked(origin=Origin("anthropic", own)), quirks=quirks)
    assert rendered.dropped == ("temperature", "cache_control")
    assert rendered.body["k"] == 1
    assert own["messages"] == [{"role": "user", "content": "hi", "cache_control": {}}]
    dropped = render(
        asked(stop=("x",), user="u"), quirks=Quirks(drops=frozenset({"stop_sequences", "metadata"}))
    ).dropped
    assert dropped == ("user", "stop")
