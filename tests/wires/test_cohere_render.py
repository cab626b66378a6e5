"""Requests to Cohere's v2 chat: as its API took them, and nothing lost on the way unsaid."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.exchanges import load
from wallascli.vocab.chat import (
    ChatRequest,
    Json,
    Media,
    Message,
    Origin,
    Part,
    Reasoning,
    Refusal,
    ResponseFormat,
    Role,
    Text,
    Thought,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from wallascli.vocab.events import fold
from wallascli.wires.base import Quirks, Rendered
from wallascli.wires.cohere import OUT

MODEL = "command-a-03-2025"
PNG = Media("image/png", base64="iVBORw0KGgo=")


def message(role: Role, *parts: Part | str) -> Message:
    return Message(role, tuple(Text(p) if isinstance(p, str) else p for p in parts))


def user(*parts: Part | str) -> Message:
    return message(Role.USER, *parts)


def assistant(*parts: Part | str) -> Message:
    return message(Role.ASSISTANT, *parts)


def asked(*messages: Message, quirks: Quirks | None = None, stream: bool = False, **fields: Any) -> Rendered:
    request = ChatRequest("auto", messages or (user("Hi"),), **fields)
    return OUT.render(request, MODEL, stream=stream, quirks=quirks or Quirks())


def lacks(*messages: Message, **fields: Any) -> tuple[str, ...]:
    return OUT.lacks(ChatRequest("auto", messages or (user("Hi"),), **fields))


@pytest.mark.parametrize("stream", [False, True])
def test_a_request_is_as_small_as_what_was_said(stream: bool) -> None:
    (taken,) = load("cohere/chat-command-r7b-12-2024-pydantic-ai-ba205d.json")
    sent = asked(user("hello"), stream=stream)
    assert sent == Rendered("/v2/chat", taken.asked | {"model": MODEL, "stream": stream})


def test_settings_are_written_as_cohere_took_them() -> None:
    (taken,) = load("cohere/chat-command-a-03-2025-rig-26322e.json")
    sent = asked(
        user("Reply with one short sentence about rain."),
        frequency_penalty=0.1,
        presence_penalty=0.1,
        top_k=20,
        top_p=0.8,
        max_tokens=24,
        seed=11,
        temperature=0.2,
    )
    same = {k: v for k, v in taken.asked.items() if k not in ("messages", "documents")}
    assert {k: v for k, v in sent.body.items() if k not in ("messages", "stream")} == same
    assert sent.dropped == ()


def test_a_tool_conversation_is_written_as_cohere_took_it() -> None:
    first, second = load("cohere/chat-tools-command-a-03-2025-ruby-llm-efa14f.json")
    calls = fold(OUT.read_whole(first.body)).first.tool_calls
    tool = second.asked["tools"][0]["function"]
    sent = asked(
        message(Role.SYSTEM, second.asked["messages"][0]["content"][0]["text"]),
        user("Roll the dice 3 times"),
        assistant(*calls),
        *(
            message(Role.TOOL, ToolResult(call.id, (Text(f'{{"roll":{n}}}'),)))
            for n, call in enumerate(calls, start=1)
        ),
        tools=(Tool(tool["name"], tool["description"], tool["parameters"]),),
    )
    theirs = copy.deepcopy(second.asked)
    for told in theirs["messages"][:2]:
        told["content"] = told["content"][0]["text"]
    del theirs["messages"][2]["content"]  # one empty text
    assert sent.body == theirs
    assert sent.dropped == ()


def test_what_was_planned_goes_back_with_the_calls_as_cohere_took_it() -> None:
    (taken,) = load("cohere/pdf-command-r-langchain-cohere-ed4501.json")
    plan, call = taken.asked["messages"][1]["tool_plan"], taken.asked["messages"][1]["tool_calls"][0]
    sent = asked(
        assistant(Thought(plan, maker="cohere"), ToolCall(call["id"], "magic_function", '{"input": 3}')),
    )
    assert sent.body["messages"] == [taken.asked["messages"][1]]


def test_pictures_are_written_as_cohere_took_them() -> None:
    (taken,) = load("cohere/vision-command-a-vision-07-2025-langchain-cohere-c4ab45.json")
    said, first, second = taken.asked["messages"][0]["content"]
    pictures = (
        Media("image/png", url=first["image_url"]["url"]),
        Media("image/png", url=second["image_url"]["url"], detail="low"),
    )
    assert asked(user(said["text"], *pictures)).body["messages"] == taken.asked["messages"]
    (taken,) = load("cohere/vision-command-a-vision-07-2025-langchain-cohere-f50504.json")
    url = taken.asked["messages"][0]["content"][1]["image_url"]["url"]
    picture = Media("image/png", base64=url.removeprefix("data:image/png;base64,"), detail="high")
    assert asked(user("Describe this image", picture)).body["messages"] == taken.asked["messages"]


def test_structured_output_is_written_as_cohere_took_it() -> None:
    (taken,) = load("cohere/structured-command-a-03-2025-ruby-llm-7f4030.json")
    schema = taken.asked["response_format"]["json_schema"]
    sent = asked(response_format=ResponseFormat("json_schema", "person", schema, strict=True))
    assert sent.body["response_format"] == taken.asked["response_format"]
    (taken,) = load("cohere/structured-command-r-langchain-cohere-1ef82e.json")
    sent = asked(response_format=ResponseFormat("json_object"))
    assert sent.body["response_format"] == taken.asked["response_format"]
    assert "response_format" not in asked(response_format=ResponseFormat("text")).body


def test_strict_tools_and_a_forced_call_are_written_as_cohere_took_them() -> None:
    (taken,) = load("cohere/chat-tools-command-a-03-2025-rig-ccdde1.json")
    tool = taken.asked["tools"][0]["function"]
    sent = asked(
        tools=(Tool(tool["name"], tool["description"], tool["parameters"], strict=True),),
        tool_choice=ToolChoice("required"),
    )
    for field in ("tools", "strict_tools", "tool_choice"):
        assert sent.body[field] == taken.asked[field]


def test_thinking_is_written_as_cohere_took_it() -> None:
    taken, _ = load("cohere/reasoning-command-a-reasoning-08-2025-ruby-llm-eca29a.json")
    assert asked(reasoning=Reasoning("high")).body["thinking"] == taken.asked["thinking"]


# Turns


def test_developers_speak_as_the_system_where_they_spoke() -> None:
    sent = asked(user("a"), message(Role.DEVELOPER, "b"), assistant("c"), message(Role.SYSTEM, "d"))
    assert [(m["role"], m["content"]) for m in sent.body["messages"]] == [
        ("user", "a"),
        ("system", "b"),
        ("assistant", "c"),
        ("system", "d"),
    ]


def test_an_assistant_who_said_nothing_says_nothing() -> None:
    assert asked(user("a"), assistant(), assistant(""), user("b")).body["messages"] == [
        {"role": "user", "content": "a"},
        {"role": "user", "content": "b"},
    ]


def test_a_refusal_is_what_the_assistant_said() -> None:
    assert asked(assistant(Refusal("No."))).body["messages"] == [{"role": "assistant", "content": "No."}]


def test_results_are_messages_of_their_own_and_words_beside_them_follow() -> None:
    sent = asked(message(Role.USER, ToolResult("1", (Text("a"),)), ToolResult("2", (Text("b"),)), "c"))
    assert sent.body["messages"] == [
        {"role": "tool", "tool_call_id": "1", "content": "a"},
        {"role": "tool", "tool_call_id": "2", "content": "b"},
        {"role": "user", "content": "c"},
    ]


def test_a_call_without_arguments_has_empty_ones() -> None:
    (sent,) = asked(assistant(ToolCall("1", "f", ""))).body["messages"]
    assert sent["tool_calls"][0]["function"] == {"name": "f", "arguments": "{}"}


@pytest.mark.parametrize(
    ("told", "dropped"),
    [
        (assistant(Thought("hm"), "Yes."), "messages[].reasoning"),
        (assistant(Thought("", "x", "anthropic", redacted=True), ToolCall("1", "f", "{}")), "messages[].reasoning"),
        (message(Role.TOOL, ToolResult("1", (Text("no"),), is_error=True)), "messages[].is_error"),
        (Message(Role.USER, (Text("Hi"),), name="ann"), "messages[].name"),
    ],
    ids=str,
)
def test_what_a_turn_cannot_hold_is_named(told: Message, dropped: str) -> None:
    assert asked(told).dropped == (dropped,)


# Tools

TOOL = Tool("f", "does f", {"type": "object", "properties": {"a": {}}, "required": ["a"]})


@pytest.mark.parametrize(("choice", "sent"), [("auto", None), ("none", "NONE"), ("required", "REQUIRED")])
def test_a_choice_of_tools_is_in_upper_case(choice: str, sent: str | None) -> None:
    rendered = asked(tools=(TOOL,), tool_choice=ToolChoice(choice))
    assert rendered.body.get("tool_choice") == sent
    assert rendered.dropped == ()


def test_a_named_tool_is_the_only_one_offered() -> None:
    sent = asked(tools=(TOOL, Tool("g")), tool_choice=ToolChoice("named", "f"))
    assert [tool["function"]["name"] for tool in sent.body["tools"]] == ["f"]
    assert sent.body["tool_choice"] == "REQUIRED"
    assert sent.dropped == ()


@pytest.mark.parametrize("choice", [ToolChoice("auto"), ToolChoice("required"), ToolChoice("named", "h")])
def test_a_choice_without_tools_is_dropped(choice: ToolChoice) -> None:
    assert asked(tool_choice=choice).dropped == ("tool_choice",)


@pytest.mark.parametrize(
    "tools",
    [
        (Tool("f", parameters=TOOL.parameters, strict=True), TOOL),
        (Tool("f", parameters={"type": "object", "properties": {"a": {}}}, strict=True),),
    ],
)
def test_strictness_that_cannot_be_had_is_named(tools: tuple[Tool, ...]) -> None:
    sent = asked(tools=tools)
    assert "strict_tools" not in sent.body
    assert sent.dropped == ("tools[].strict",)


def test_a_tool_without_parameters_has_an_empty_object() -> None:
    (sent,) = asked(tools=(Tool("f"),)).body["tools"]
    assert sent["function"]["parameters"] == {"type": "object", "properties": {}}


# Settings


@pytest.mark.parametrize(
    ("field", "value", "name", "sent"),
    [
        ("top_p", 1.0, "p", 0.99),
        ("top_p", 0.0, "p", 0.01),
        ("top_k", 1000, "k", 500),
        ("frequency_penalty", -1.5, "frequency_penalty", 0.0),
        ("presence_penalty", 2.0, "presence_penalty", 1.0),
    ],
)
def test_what_is_out_of_range_is_sent_as_near_as_can_be_and_named(
    field: str, value: Any, name: str, sent: float
) -> None:
    rendered = asked(**{field: value})
    assert rendered.body[name] == sent
    assert rendered.dropped == (field,)


def test_zeros_are_said() -> None:
    sent = asked(temperature=0.0, seed=0, logprobs=False, frequency_penalty=0.0, top_k=0)
    said = {"temperature": 0.0, "seed": 0, "logprobs": False, "frequency_penalty": 0.0, "k": 0}
    assert {k: sent.body[k] for k in said} == said
    assert sent.dropped == ()


def test_the_sixth_stop_is_dropped_and_said_so() -> None:
    sent = asked(stop=tuple("abcdef"))
    assert sent.body["stop_sequences"] == list("abcde")
    assert sent.dropped == ("stop",)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("n", 2),
        ("min_p", 0.0),
        ("repetition_penalty", 1.1),
        ("top_logprobs", 3),
        ("logit_bias", {"5": 1}),
        ("user", "u"),
        ("parallel_tool_calls", False),
    ],
)
def test_what_cohere_has_no_word_for_is_named(field: str, value: Any) -> None:
    assert asked(**{field: value}).dropped == (field,)


def test_unknown_fields_are_named_and_cohere_s_own_are_known() -> None:
    documents = [{"id": "1", "data": {"text": "x"}}]
    sent = asked(extra={"documents": documents, "safety_mode": "STRICT", "verbosity": "low"})
    assert (sent.body["documents"], sent.body["safety_mode"]) == (documents, "STRICT")
    assert sent.dropped == ("verbosity",)


@pytest.mark.parametrize(
    ("wish", "thinking", "dropped"),
    [
        (Reasoning("none"), {"type": "disabled"}, ()),
        (Reasoning(budget=0), {"type": "disabled"}, ()),
        (Reasoning(budget=500), {"type": "enabled", "token_budget": 500}, ()),
        (Reasoning(budget=-1), {"type": "enabled"}, ()),
        (Reasoning(show=True), {"type": "enabled"}, ()),
        (Reasoning("low"), {"type": "enabled"}, ("reasoning_effort",)),
        (Reasoning("high", show=False), {"type": "enabled"}, ("reasoning.exclude",)),
        (Reasoning(), None, ()),
    ],
    ids=str,
)
def test_thinking_is_on_or_off(wish: Reasoning, thinking: Json | None, dropped: tuple[str, ...]) -> None:
    sent = asked(reasoning=wish)
    assert (sent.body.get("thinking"), sent.dropped) == (thinking, dropped)


# Quirks, and callers who speak Cohere


def test_quirks_are_cohere_s_names_and_drops_go_by_the_caller_s() -> None:
    def adjust(body: dict[str, Any]) -> tuple[str, ...]:
        return ("seed", str(body.pop("seed")))

    quirks = Quirks(drops=frozenset({"p", "thinking"}), renames={"k": "top_k"}, adjust=adjust)
    sent = asked(top_p=0.5, top_k=5, seed=1, reasoning=Reasoning("high"), quirks=quirks)
    assert sent.body == {
        "messages": [{"role": "user", "content": "Hi"}],
        "top_k": 5,
        "model": MODEL,
        "stream": False,
    }
    assert set(sent.dropped) == {"top_p", "reasoning", "seed", "1"}


def test_a_cohere_body_is_forwarded_with_all_we_have_no_word_for() -> None:
    body = {"model": "auto", "models": ["x"], "messages": [], "citation_options": {"mode": "FAST"}, "k": None}
    sent = asked(origin=Origin("cohere", body), extra={"citation_options": {}}, stream=True)
    assert sent.body == {"model": MODEL, "messages": [], "citation_options": {"mode": "FAST"}, "stream": True}
    assert sent.dropped == ()


# What cannot be said


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (user("Hi", PNG), ()),
        (user(Media("image/png", url="https://example.org/cat.png")), ()),
        (user(Media("audio/wav", base64="UklGRg==")), ("audio",)),
        (user(Media("application/pdf", base64="JVBERi0=")), ("pdf",)),
        (user(Media("image/png", file_id="file-abc")), ("image by file_id",)),
        (assistant(PNG), ("image in a message of the assistant",)),
        (message(Role.SYSTEM, PNG), ("image in a message of the system",)),
        (message(Role.TOOL, ToolResult("1", (PNG,))), ("image in a tool result",)),
    ],
    ids=str,
)
def test_beside_text_only_pictures_of_users_can_be_said(told: Message, words: tuple[str, ...]) -> None:
    assert lacks(told) == words
    assert asked(told).dropped == (("messages[].content",) if words else ())


@pytest.mark.parametrize("name", ["get-weather", "7up", "a.b", ""])
def test_a_tool_name_cohere_refuses_cannot_be_said(name: str) -> None:
    assert lacks(tools=(Tool(name),)) == (f"a tool named {name!r}",)


def test_tools_and_json_do_not_go_together() -> None:
    # "not supported when used in combinations with the documents or tools parameters" (cohere 7.3.1)
    both = {"tools": (TOOL,), "response_format": ResponseFormat("json_object")}
    assert lacks(**both) == ("response_format together with tools",)
    assert lacks(**(both | {"response_format": ResponseFormat("text")})) == ()
