"""Writing a conversation in Anthropic's turns."""

from __future__ import annotations

import base64
import json
from copy import deepcopy
from typing import Any

import pytest

from tests.exchanges import load
from tests.wires.asking import asked, user
from wallascli.vocab.chat import (
    ChatRequest,
    Media,
    Message,
    Origin,
    Refusal,
    Role,
    Text,
    Thought,
    ToolCall,
    ToolResult,
)
from wallascli.wires.anthropic import OUT
from wallascli.wires.base import Quirks, Rendered


def render(request: ChatRequest) -> Rendered:
    return OUT.render(request, "claude-haiku-4-5", stream=True, quirks=Quirks())


def test_a_tool_conversation_is_written_as_the_recorded_client_wrote_it() -> None:
    """The last request of the recording (two tools in turn, a text between them), rebuilt from words."""
    sent = deepcopy(load("anthropic/messages-tools-claude-sonnet-5-ellmer-47dbd8.json")[3].asked)
    messages = [Message(Role.SYSTEM, (Text(sent["system"][0]["text"]),))]
    for turn in sent["messages"]:
        for block in turn["content"]:
            match block["type"]:
                case "tool_use":
                    call = ToolCall(block["id"], block["name"], json.dumps(block["input"]))
                    messages.append(Message(Role.ASSISTANT, (call,)))
                case "tool_result":
                    result = ToolResult(block["tool_use_id"], (Text(block["content"]),))
                    messages.append(Message(Role.TOOL, (result,)))
                case _:
                    messages.append(Message(Role(turn["role"]), (Text(block["text"]),)))
    body = render(asked(*messages)).body
    for block in (block for turn in sent["messages"] for block in turn["content"]):
        block.pop("cache_control", None)
        block.pop("is_error", None)  # false in the recording
    assert body["messages"] == sent["messages"]
    assert body["system"] == [{"type": "text", "text": sent["system"][0]["text"]}]


def test_parallel_calls_are_one_turn_and_their_results_stand_first_in_the_next() -> None:
    history = (
        user("both?"),
        Message(Role.ASSISTANT, (Text("Looking."), ToolCall("a", "f", '{"n": 1}'), ToolCall("b", "g", ""))),
        user("hurry"),
        Message(Role.TOOL, (ToolResult("b", (Text("two"),)),)),
        Message(Role.TOOL, (ToolResult("a", (Text("boom"),), is_error=True),)),
    )
    assert render(asked(*history)).body["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "both?"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Looking."},
                {"type": "tool_use", "id": "a", "name": "f", "input": {"n": 1}},
                {"type": "tool_use", "id": "b", "name": "g", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "b", "content": "two"},
                {"type": "tool_result", "tool_use_id": "a", "content": "boom", "is_error": True},
                {"type": "text", "text": "hurry"},
            ],
        },
    ]


def ids_after(*ids: str) -> list[tuple[str, str]]:
    """The ids of calls and of their results, each call in a turn of its own, as they are written."""
    turns: list[Message] = []
    for given_id in ids:
        turns.append(Message(Role.ASSISTANT, (ToolCall(given_id, "f", "{}"),)))
        turns.append(Message(Role.TOOL, (ToolResult(given_id, (Text("x"),)),)))
    blocks = [turn["content"][0] for turn in render(asked(*turns)).body["messages"]]
    calls, results = blocks[::2], blocks[1::2]
    return [(call["id"], result["tool_use_id"]) for call, result in zip(calls, results, strict=True)]


@pytest.mark.parametrize(
    ("ids", "written"),
    [
        (("toolu_01", "toolu_02"), ["toolu_01", "toolu_02"]),
        (("functions.weather:0", "functions_weather:0"), ["functions_weather_0", "functions_weather_0_2"]),
        (("call_0", "call_0", "call_0"), ["call_0", "call_0_2", "call_0_3"]),
        (("", ""), ["call", "call_2"]),
        (("é", "ü"), ["_", "__2"]),
    ],
)
def test_ids_of_other_makers_are_made_fit_and_stay_apart(ids: tuple[str, ...], written: list[str]) -> None:
    assert ids_after(*ids) == [(one, one) for one in written]


def test_system_and_developer_messages_go_to_the_top_in_their_order() -> None:
    request = asked(
        Message(Role.SYSTEM, (Text("one"), Text("two"))),
        user("a"),
        Message(Role.DEVELOPER, (Text("three"),)),
        user("b"),
    )
    body = render(request).body
    assert [block["text"] for block in body["system"]] == ["one", "two", "three"]
    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": t} for t in "ab"]}]
    assert render(request).dropped == ()


def test_a_system_message_alone_is_the_question() -> None:
    body = render(asked(Message(Role.SYSTEM, (Text("Say hi."),)))).body
    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "Say hi."}]}]
    assert "system" not in body


def test_blank_texts_are_left_out_with_the_turns_they_leave_empty() -> None:
    body = render(asked(user("a"), Message(Role.ASSISTANT, (Text(" \n"),)), user(""), user("b"))).body
    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": t} for t in "ab"]}]


def test_only_its_own_signed_thoughts_go_back() -> None:
    thoughts = (
        Thought("mine", "sig", "anthropic"),
        Thought("", "data", "anthropic", redacted=True),
        Thought("unsigned", "", "anthropic"),
        Thought("another's", "sig", "gemini"),
    )
    rendered = render(asked(user(), Message(Role.ASSISTANT, (*thoughts, Text("x"), Refusal("no")))))
    assert rendered.body["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "mine", "signature": "sig"},
        {"type": "redacted_thinking", "data": "data"},
        {"type": "text", "text": "x"},
        {"type": "text", "text": "no"},
    ]
    assert rendered.dropped == ("messages[].reasoning",)


@pytest.mark.parametrize(
    ("media", "block"),
    [
        (
            Media("image/png", base64="iVBO"),
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"}},
        ),
        (
            Media("image/*", url="https://x.test/a"),
            {"type": "image", "source": {"type": "url", "url": "https://x.test/a"}},
        ),
        (
            Media("application/pdf", base64="JVBE", name="a.pdf"),
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
                "title": "a.pdf",
            },
        ),
        (
            Media("application/pdf", url="https://x.test/a.pdf"),
            {"type": "document", "source": {"type": "url", "url": "https://x.test/a.pdf"}},
        ),
        (
            Media("text/markdown", base64=base64.b64encode("# é".encode()).decode()),
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "# é"}},
        ),
    ],
)
def test_pictures_and_documents_are_shown_also_inside_a_tool_result(media: Media, block: dict[str, Any]) -> None:
    request = asked(Message(Role.USER, (media,)), Message(Role.TOOL, (ToolResult("a", (Text("see"), media)),)))
    result, shown = render(request).body["messages"][0]["content"]
    assert shown == block
    assert result["content"] == [{"type": "text", "text": "see"}, block]
    assert OUT.lacks(request) == ()
    assert render(request).dropped == ()


@pytest.mark.parametrize(
    ("media", "why"),
    [
        (Media("audio/wav", base64="UklG"), "audio input"),
        (Media("video/mp4", url="https://x.test/v"), "video input"),
        (Media("image/bmp", base64="Qk0="), "image of type image/bmp"),
        (Media("application/octet-stream", base64="AAAA"), "file input"),
        (Media("text/plain", base64="/w=="), "file input"),
        (Media("image/png", file_id="file-1"), "file id of another provider"),
    ],
)
def test_other_media_are_lacking_also_inside_a_tool_result(media: Media, why: str) -> None:
    assert OUT.lacks(asked(Message(Role.USER, (media,)))) == (why,)
    assert OUT.lacks(asked(Message(Role.TOOL, (ToolResult("a", (media,)),)))) == (why,)
    assert render(asked(user(), Message(Role.USER, (media,)))).dropped == ("messages[].content",)


def test_a_file_id_means_something_to_the_provider_that_gave_it() -> None:
    request = asked(Message(Role.USER, (Media("image/*", file_id="file_1"),)), origin=Origin("anthropic", {}))
    assert OUT.lacks(request) == ()
    (block,) = render(request).body["messages"][0]["content"]
    assert block == {"type": "image", "source": {"type": "file", "file_id": "file_1"}}


def test_a_picture_by_the_assistant_is_named_as_dropped() -> None:
    rendered = render(asked(user(), Message(Role.ASSISTANT, (Text("here"), Media("image/png", base64="iVBO")))))
    assert rendered.body["messages"][1]["content"] == [{"type": "text", "text": "here"}]
    assert rendered.dropped == ("messages[].content",)
