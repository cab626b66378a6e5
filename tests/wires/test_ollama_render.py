"""Writing requests for Ollama: what its server takes, and the names of what it cannot be told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.exchanges import load
from tests.wires.asking import TOOL, asked, user
from wallascli.vocab.chat import (
    ChatRequest,
    Media,
    Message,
    Origin,
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
from wallascli.wires.base import Quirks, Rendered
from wallascli.wires.ollama import OUT


def render(request: ChatRequest, model: str = "qwen3:4b", *, quirks: Quirks | None = None) -> Rendered:
    return OUT.render(request, model, stream=True, quirks=quirks or Quirks())


def test_a_tool_conversation_is_written_as_the_recorded_client_wrote_it() -> None:
    """The fourth request of the recording, rebuilt from words, but for ``type`` and ids, which rig leaves out."""
    sent = load("ollama/chat-tools-qwen3-4b-rig-3359ea.json")[3].asked
    system, question, *history = sent["messages"]
    messages = [Message(Role.SYSTEM, (Text(system["content"]),)), user(question["content"])]
    waiting: list[ToolCall] = []
    for number, message in enumerate(history):
        if message["role"] == "tool":
            call = waiting.pop(0)
            messages.append(Message(Role.TOOL, (ToolResult(call.id, (Text(message["content"]),), call.name),)))
            continue
        waiting = [
            ToolCall(f"{number}-{i}", call["function"]["name"], json.dumps(call["function"]["arguments"]))
            for i, call in enumerate(message.get("tool_calls", []))
        ]
        thought = [Thought(message["thinking"])] if "thinking" in message else []
        messages.append(Message(Role.ASSISTANT, (*thought, Text(message["content"]), *waiting)))
    written = render(asked(*messages)).body["messages"]
    assert len(written) == len(sent["messages"])
    for ours, theirs in zip(written, sent["messages"], strict=True):
        ids = [call.pop("id") for call in ours.get("tool_calls", [])]
        assert len(set(ids)) == len(ids)
        ours.pop("tool_call_id", None)
        expected = dict(theirs)
        if "tool_calls" in theirs:
            expected["tool_calls"] = [{"function": call["function"]} for call in theirs["tool_calls"]]
        assert ours == expected


def test_parallel_calls_and_their_results_keep_their_ids_and_names() -> None:
    history = (
        user("both?"),
        Message(Role.ASSISTANT, (ToolCall("a", "add", '{"x": 1}'), ToolCall("b", "sub", '{"x": 2}'))),
        Message(Role.TOOL, (ToolResult("b", (Text("two"),)),)),
        Message(Role.TOOL, (ToolResult("a", (Text("one"),), name="add"),)),
    )
    assert render(asked(*history)).body["messages"][1:] == [
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"id": "a", "function": {"name": "add", "arguments": {"x": 1}}},
                {"id": "b", "function": {"name": "sub", "arguments": {"x": 2}}},
            ],
        },
        {"role": "tool", "content": "two", "tool_name": "sub", "tool_call_id": "b"},
        {"role": "tool", "content": "one", "tool_name": "add", "tool_call_id": "a"},
    ]


def test_results_beside_text_in_one_turn_come_before_it() -> None:
    turn = Message(Role.USER, (Text("go on"), ToolResult("a", (Text("one"),), name="add")))
    written = render(asked(turn)).body["messages"]
    assert [message["role"] for message in written] == ["tool", "user"]


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("", {}),
        ("null", {}),
        ('{"a": [1]}', {"a": [1]}),
        ('{"a": ', {"arguments": '{"a": '}),
        ("[1]", {"arguments": "[1]"}),
        ("7", {"arguments": "7"}),
    ],
)
def test_arguments_are_always_an_object(text: str, held: dict[str, Any]) -> None:
    body = render(asked(Message(Role.ASSISTANT, (ToolCall("a", "f", text),)))).body
    assert body["messages"][0]["tool_calls"][0]["function"]["arguments"] == held


def test_roles_are_the_four_that_templates_know() -> None:
    messages = tuple(Message(role, (Text("x"),)) for role in Role)
    roles = [message["role"] for message in render(asked(*messages)).body["messages"]]
    assert roles == ["system", "system", "user", "assistant", "user"]


def test_options_have_their_own_names_and_num_ctx_is_never_set() -> None:
    request = asked(
        max_tokens=24,
        temperature=0,
        top_k=40,
        top_p=0.9,
        min_p=0.05,
        seed=7,
        stop=("###",),
        frequency_penalty=0.1,
        presence_penalty=0.2,
        repetition_penalty=1.1,
    )
    assert render(request) == Rendered(
        "/api/chat",
        {
            "model": "qwen3:4b",
            "messages": [{"role": "user", "content": "hi"}],
            "stream": True,
            "options": {
                "num_predict": 24,
                "temperature": 0,
                "top_k": 40,
                "top_p": 0.9,
                "min_p": 0.05,
                "seed": 7,
                "stop": ["###"],
                "frequency_penalty": 0.1,
                "presence_penalty": 0.2,
                "repeat_penalty": 1.1,
            },
        },
    )


def test_a_plain_question_is_asked_plainly() -> None:
    rendered = OUT.render(asked(), "qwen3:4b", stream=False, quirks=Quirks())
    assert rendered.body == {
        "model": "qwen3:4b",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": False,
    }


def test_images_are_bare_base64_beside_the_text() -> None:
    message = Message(
        Role.USER, (Text("what?"), Media("image/png", base64="iVBO"), Media("image/jpeg", base64="/9j/"))
    )
    assert render(asked(message)).body["messages"] == [
        {"role": "user", "content": "what?", "images": ["iVBO", "/9j/"]}
    ]
    assert OUT.lacks(asked(message)) == ()


@pytest.mark.parametrize(
    ("media", "why"),
    [
        (Media("image/png", url="https://x.test/a.png"), "image by URL"),
        (Media("image/png", file_id="file-1"), "image by file id"),
        (Media("application/pdf", base64="JVBE"), "pdf input"),
        (Media("audio/wav", base64="UklG"), "audio input"),
        (Media("video/mp4", base64="AAAA"), "video input"),
        (Media("text/plain", base64="aGk="), "file input"),
    ],
)
def test_other_media_are_lacking_also_inside_a_tool_result(media: Media, why: str) -> None:
    assert OUT.lacks(asked(Message(Role.USER, (media,)))) == (why,)
    assert OUT.lacks(asked(Message(Role.TOOL, (ToolResult("a", (media,)),)))) == (why,)
    assert render(asked(Message(Role.USER, (media,)))).dropped == ("messages[].content",)


def test_formats() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    assert "format" not in render(asked(response_format=ResponseFormat("text"))).body
    assert render(asked(response_format=ResponseFormat("json_object"))).body["format"] == "json"
    wish = ResponseFormat("json_schema", name="x", schema=schema)
    assert render(asked(response_format=wish)).body["format"] == schema


def test_tools_are_offered_with_a_schema_even_if_none_was_given() -> None:
    assert render(asked(tools=(TOOL, Tool("now")))).body["tools"] == [
        {"type": "function", "function": {"name": "add", "description": "Adds.", "parameters": TOOL.parameters}},
        {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}},
    ]


@pytest.mark.parametrize(
    ("choice", "offered", "dropped"),
    [
        (ToolChoice("auto"), True, ()),
        (ToolChoice("none"), False, ()),
        (ToolChoice("required"), True, ("tool_choice",)),
        (ToolChoice("named", "add"), True, ("tool_choice",)),
    ],
)
def test_a_tool_choice_is_honoured_or_named_as_dropped(
    choice: ToolChoice, offered: bool, dropped: tuple[str, ...]
) -> None:
    rendered = render(asked(tools=(TOOL,), tool_choice=choice))
    assert ("tools" in rendered.body) is offered
    assert rendered.dropped == dropped


@pytest.mark.parametrize(
    ("model", "wish", "think", "dropped"),
    [
        ("qwen3:4b", Reasoning(effort="none"), False, ()),
        ("qwen3:4b", Reasoning(budget=0), False, ()),
        ("qwen3:4b", Reasoning(effort="high"), True, ("reasoning_effort",)),
        ("qwen3:4b", Reasoning(budget=2000), True, ("reasoning.max_tokens",)),
        ("gpt-oss:20b", Reasoning(effort="low"), "low", ()),
        ("gpt-oss:20b", Reasoning(effort="medium"), "medium", ()),
        ("gpt-oss:20b", Reasoning(effort="high"), "high", ()),
        ("gpt-oss:120b-cloud", Reasoning(effort="minimal"), "low", ("reasoning_effort",)),
        ("gpt-oss:20b", Reasoning(effort="xhigh"), "high", ("reasoning_effort",)),
        ("gpt-oss:20b", Reasoning(budget=9), True, ("reasoning.max_tokens",)),
    ],
)
def test_think_says_what_the_model_understands_of_the_wish(
    model: str, wish: Reasoning, think: bool | str, dropped: tuple[str, ...]
) -> None:
    rendered = render(asked(reasoning=wish), model)
    assert rendered.body["think"] == think
    assert rendered.dropped == dropped


def test_think_is_only_said_if_the_caller_spoke_of_thinking() -> None:
    assert "think" not in render(asked()).body
    rendered = render(asked(reasoning=Reasoning(show=False)))
    assert "think" not in rendered.body
    assert rendered.dropped == ("reasoning.exclude",)


def test_what_cannot_be_said_is_named() -> None:
    request = asked(
        Message(Role.USER, (Text("hi"), Media("image/png", base64="iVBO", detail="low")), name="ann"),
        Message(Role.ASSISTANT, (Thought("", "sig", "anthropic", redacted=True), Refusal("no"))),
        Message(Role.TOOL, (ToolResult("a", (Text("boom"),), is_error=True),)),
        n=2,
        logit_bias={"5": 1},
        user="ann",
        tools=(Tool("f", strict=True),),
        parallel_tool_calls=False,
        extra={"store": True, "metadata": {}},
    )
    rendered = render(request)
    assert sorted(rendered.dropped) == sorted(
        [
            "messages[].image_url.detail",
            "logit_bias",
            "messages[].is_error",
            "messages[].name",
            "messages[].reasoning",
            "metadata",
            "n",
            "parallel_tool_calls",
            "store",
            "tools[].strict",
            "user",
        ]
    )
    assert rendered.body["messages"][1] == {"role": "assistant", "content": "no"}


def test_logprobs_are_asked_for_by_the_same_names() -> None:
    body = render(asked(logprobs=True, top_logprobs=3)).body
    assert (body["logprobs"], body["top_logprobs"]) == (True, 3)


def test_a_callers_own_body_is_forwarded_with_fields_we_never_heard_of() -> None:
    own = {
        "model": "auto",
        "models": ["second"],
        "messages": [{"role": "user", "content": "hi", "new": 1}],
        "keep_alive": "5m",
        "options": {"num_ctx": 8192},
        "brand_new": {"x": 1},
    }
    request = asked(origin=Origin("ollama", own), extra={"brand_new": {"x": 1}})
    rendered = render(request)
    assert rendered.body == {
        **{key: value for key, value in own.items() if key != "models"},
        "model": "qwen3:4b",
        "stream": True,
    }
    assert rendered.dropped == ()
    assert own["model"] == "auto"


def test_a_changed_request_of_this_wire_is_written_from_words_and_keeps_its_extra_fields() -> None:
    request = asked(user("changed"), origin=Origin("ollama", {}), extra={"keep_alive": "5m"})
    rendered = render(request)
    assert rendered.body["messages"] == [{"role": "user", "content": "changed"}]
    assert rendered.body["keep_alive"] == "5m"
    assert rendered.dropped == ()


def test_the_quirks_of_a_row_reach_into_the_options() -> None:
    def no_images(body: dict[str, Any]) -> tuple[str, ...]:
        body["messages"] = [{"role": "user", "content": "x"}]
        return ("messages[].images",)

    quirks = Quirks(drops=frozenset({"num_predict", "think"}), renames={"seed": "random_seed"}, adjust=no_images)
    request = asked(max_tokens=5, seed=1, reasoning=Reasoning(effort="none"))
    rendered = render(request, quirks=quirks)
    assert rendered.body == {
        "model": "qwen3:4b",
        "messages": [{"role": "user", "content": "x"}],
        "stream": True,
        "options": {"random_seed": 1},
    }
    assert rendered.dropped == ("think", "max_tokens", "messages[].images")
