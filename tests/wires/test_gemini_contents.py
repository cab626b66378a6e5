"""Conversations as Gemini took them: turns, media, calls, results, signatures, and what cannot be said."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.exchanges import load
from tests.wires.gemini_asked import NEW, OLD, PDF, PNG, WAV, asked, model, result, results, user
from wallascli.vocab.chat import (
    ChatRequest,
    Json,
    Media,
    Message,
    Origin,
    Reasoning,
    Refusal,
    Role,
    Text,
    Thought,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from wallascli.vocab.events import fold
from wallascli.wires.base import Quirks
from wallascli.wires.gemini import OUT

SENTINEL = "skip_thought_signature_validator"


# Conversations that were answered with 200


def test_a_tool_conversation_is_written_as_gemini_took_it() -> None:
    first, second = load("gemini/chat-tools-gemini-2-5-flash-fantasy-5b316b.json")
    (call,) = fold(OUT.read_whole(first.body)).first.tool_calls
    weather = first.asked["tools"][0]["functionDeclarations"][0]
    schema = {"type": "object", "properties": {"location": {"type": "string", "description": "the city"}}}
    sent = asked(
        Message(Role.SYSTEM, (Text("You are a helpful assistant"),)),
        user("What's the weather in Florence, Italy?"),
        model(ToolCall("1", call.name, call.arguments, call.signature, call.maker)),
        results(result("1", '{"result": "40 C"}')),
        to=OLD,
        tools=(Tool("weather", weather["description"], {**schema, "required": ["location"]}),),
        tool_choice=ToolChoice("auto"),
        reasoning=Reasoning(budget=128, show=True),
    )
    taken = copy.deepcopy(second.asked)
    del taken["systemInstruction"]["role"]
    # They sent the older ``parameters``; types in upper case and no JSON schema are all the difference.
    del taken["tools"][0]["functionDeclarations"][0]["parameters"]
    declared = sent.body["tools"][0]["functionDeclarations"][0].pop("parametersJsonSchema")
    assert declared == {**schema, "required": ["location"]}
    assert sent.body == taken
    assert sent.dropped == ()


def test_parallel_calls_and_their_results_stand_together_as_gemini_took_them() -> None:
    first, second = load("gemini/chat-tools-gemini-2-5-pro-dd-trace-py-1cf3c2.json")
    calls = fold(OUT.read_whole(first.body)).first.tool_calls
    sent = asked(
        user(second.asked["contents"][0]["parts"][0]["text"]),
        model(*calls),
        results(result(calls[0].id, '{"results": ["Found reference for: test"]}')),
        results(result(calls[1].id, '{"product": 15}')),
        to="gemini-2.5-pro",
    ).body["contents"]
    # They sent no ids, and the signature in the other base64 alphabet; ids were taken elsewhere.
    for turn in sent:
        for part in turn["parts"]:
            for kind in ("functionCall", "functionResponse"):
                part.get(kind, {}).pop("id", None)
    theirs = copy.deepcopy(second.asked["contents"])
    signature = theirs[1]["parts"][0]["thoughtSignature"]
    theirs[1]["parts"][0]["thoughtSignature"] = signature.replace("-", "+").replace("_", "/")
    assert sent == theirs


def test_a_picture_inside_a_result_is_written_as_gemini_3_took_it() -> None:
    (one,) = load("gemini/vision-gemini-3-flash-preview-rig-05ee03.json")
    prompt, call, answer = (
        [{k: v for k, v in p.items() if k != "thought"} for p in t["parts"]] for t in one.asked["contents"]
    )
    told = answer[0]["functionResponse"]
    picture = Media("image/png", base64=told["parts"][0]["inlineData"]["data"])
    sent = asked(
        user(prompt[0]["text"]),
        model(ToolCall("call_320", told["name"], "{}", call[0]["thoughtSignature"], "gemini")),
        results(
            result(
                "call_320",
                '{"result": {"instruction": "Use the image part to answer the user\'s question."}}',
                picture,
            )
        ),
        to="gemini-3-flash-preview",
    )
    assert [turn["parts"] for turn in sent.body["contents"]] == [prompt, call, answer]


def test_before_3_a_picture_stands_beside_its_result_as_gemini_took_it() -> None:
    (one,) = load("gemini/vision-gemini-2-5-flash-ruby-llm-364f69.json")
    theirs = one.asked["contents"][2]["parts"]
    assert [list(part) for part in theirs] == [["functionResponse"], ["inline_data"]]
    sent = asked(
        user("Use the tool."),
        model(ToolCall("a", "image_fetch", "{}", "sig", "gemini")),
        results(result("a", "Fetched the image.", PNG)),
        to=OLD,
    ).body["contents"][2]["parts"]
    assert [list(part) for part in sent] == [["functionResponse"], ["inlineData"]]


def test_a_thought_goes_back_with_its_signature_as_gemini_3_took_it() -> None:
    first, second = load("gemini/reasoning-gemini-3-flash-preview-ruby-llm-c0010f.json")
    answer = fold(OUT.read_whole(first.body)).first
    thoughts = (Thought(t.text, t.signature, t.maker) for t in answer.thoughts)
    sent = asked(
        user("What is 5 + 3?"), model(*thoughts, answer.text), user("Now multiply that by 2"), to="gemini-3-flash"
    )
    assert sent.body["contents"] == second.asked["contents"]


def test_pictures_sounds_and_documents_are_sent_as_bytes_as_gemini_took_them() -> None:
    for file in ("audio-in-gemini-2-0-flash-crewai-1df497", "pdf-gemini-2-0-flash-pydantic-ai-c6d253"):
        (one,) = load(f"gemini/{file}.json")
        said, held = one.asked["contents"][0]["parts"]
        media = Media(held["inlineData"]["mimeType"], base64=held["inlineData"]["data"])
        assert asked(user(said["text"], media)).body["contents"] == one.asked["contents"]


# Turns


def test_runs_of_one_role_are_one_turn_and_nothing_is_empty() -> None:
    sent = asked(user("a"), user("", "b"), model(""), model("c"), model(), user("d")).body["contents"]
    assert sent == [
        {"role": "user", "parts": [{"text": "a"}, {"text": "b"}]},
        {"role": "model", "parts": [{"text": "c"}]},
        {"role": "user", "parts": [{"text": "d"}]},
    ]


def test_system_and_developer_words_stand_before_everything() -> None:
    body = asked(
        Message(Role.SYSTEM, (Text("one"),)), user("Hi"), Message(Role.DEVELOPER, (Text("two"),)), model("Hello")
    ).body
    assert body["systemInstruction"] == {"parts": [{"text": "one"}, {"text": "two"}]}
    assert [turn["role"] for turn in body["contents"]] == ["user", "model"]


def test_a_model_without_system_instructions_gets_them_in_the_first_turn() -> None:
    quirks = Quirks(drops=frozenset({"systemInstruction"}))
    sent = asked(Message(Role.SYSTEM, (Text("Be brief."),)), user("Hi"), to="gemma-3-27b-it", quirks=quirks)
    assert sent.body == {"contents": [{"role": "user", "parts": [{"text": "Be brief."}, {"text": "Hi"}]}]}
    assert sent.dropped == ()


def test_a_request_of_instructions_alone_is_still_a_request() -> None:
    body = asked(Message(Role.SYSTEM, (Text("Say hello."),))).body
    assert body == {"contents": [{"role": "user", "parts": [{"text": "Say hello."}]}]}


def test_instructions_before_an_answer_are_a_turn_of_their_own_where_they_must_be_one() -> None:
    quirks = Quirks(drops=frozenset({"systemInstruction"}))
    sent = asked(Message(Role.SYSTEM, (Text("Be brief."),)), model("Hello"), user("Hi"), quirks=quirks)
    assert [turn["role"] for turn in sent.body["contents"]] == ["user", "model", "user"]


def test_a_refusal_is_what_the_model_said() -> None:
    sent = asked(user("Hi"), model(Refusal("No.")), user("Why?")).body["contents"]
    assert sent[1] == {"role": "model", "parts": [{"text": "No."}]}


# Calls and results


@pytest.mark.parametrize(
    ("arguments", "args"),
    [
        ('{"a": [1]}', {"a": [1]}),
        ("", {}),
        ("null", {}),  # groq/chat-tools-stream-llama-3-3-70b-versatile-rig-e6a1b3
        ("[1]", {"arguments": "[1]"}),
        ('{"a":', {"arguments": '{"a":'}),
    ],
)
def test_arguments_are_an_object_whatever_was_written(arguments: str, args: Json) -> None:
    call = asked(user("Hi"), model(ToolCall("", "f", arguments)), to=OLD).body["contents"][1]["parts"][0]
    assert call == {"functionCall": {"name": "f", "args": args}}


@pytest.mark.parametrize(
    ("told", "response"),
    [
        (result("1", "40 C"), {"output": "40 C"}),
        (result("1", ""), {"output": ""}),
        (result("1", "{}"), {"output": "{}"}),
        (result("1", "[1]"), {"output": "[1]"}),
        (result("1", '{"degrees": 40}'), {"degrees": 40}),
        (result("1", '{"output": "x"}'), {"output": "x"}),
        (result("1", '{"error": null, "rows": 3}'), {"output": {"error": None, "rows": 3}}),
        (result("1", "no such city", is_error=True), {"error": "no such city"}),
    ],
    ids=str,
)
def test_a_result_is_an_object_whatever_a_tool_gave(told: ToolResult, response: Json) -> None:
    call = ToolCall("1", "f", "{}", "sig", "gemini")
    sent = asked(user("Hi"), model(call), results(told)).body["contents"][2]["parts"]
    assert sent == [{"functionResponse": {"id": "1", "name": "f", "response": response}}]


def test_a_result_is_named_after_its_call_even_if_that_is_long_ago_or_unknown() -> None:
    sent = asked(
        user("Hi"),
        model(ToolCall("1", "f", "{}", "s", "gemini")),
        results(result("1", "a"), result("2", "b"), ToolResult("3", (Text("c"),), name="h")),
    ).body["contents"][2]["parts"]
    assert [part["functionResponse"]["name"] for part in sent] == ["f", "2", "h"]


def test_sound_stands_beside_its_result_and_pdf_inside() -> None:
    call = ToolCall("1", "f", "{}", "s", "gemini")
    sent = asked(user("Hi"), model(call), results(result("1", "x", PDF, WAV))).body["contents"][2]["parts"]
    assert [part["inlineData"]["mimeType"] for part in sent[0]["functionResponse"]["parts"]] == ["application/pdf"]
    assert sent[1] == {"inlineData": {"mimeType": "audio/wav", "data": WAV.base64}}


# Signatures


def signatures(*calls: ToolCall, to: str = NEW) -> list[str | None]:
    sent = asked(user("Hi"), model("Well.", *calls), to=to).body["contents"][1]["parts"]
    return [part.get("thoughtSignature") for part in sent if "functionCall" in part]


OWN, OWN_UNSIGNED = ToolCall("1", "f", "{}", "c2ln", "gemini"), ToolCall("2", "g", "{}", "", "gemini")
FOREIGN = ToolCall("3", "h", "{}", "EqQBCk", "anthropic")


def test_gemini_gets_its_own_signatures_back_and_nobody_else_s() -> None:
    assert signatures(OWN, OWN_UNSIGNED) == ["c2ln", None]
    assert signatures(FOREIGN, FOREIGN) == [SENTINEL, None]
    assert signatures(FOREIGN, OWN) == [SENTINEL, "c2ln"]


@pytest.mark.parametrize("to", ["gemini-3-flash-preview", "gemini-4-argon", "gemini-flash-latest"])
def test_from_3_on_the_first_call_of_a_turn_is_signed(to: str) -> None:
    assert signatures(OWN_UNSIGNED, to=to) == [SENTINEL]


@pytest.mark.parametrize("to", ["gemini-2.5-pro", "gemini-2.0-flash", "gemma-4-31b-it"])
def test_before_3_no_stand_in_is_needed(to: str) -> None:
    assert signatures(FOREIGN, to=to) == [None]


def test_others_thoughts_go_along_without_their_proof_and_locked_ones_not_at_all() -> None:
    sent = asked(
        user("Hi"),
        model(Thought("hm", "sig", "anthropic"), "Yes."),
        user("Sure?"),
        model(Thought("", "lock", "anthropic", redacted=True), "Yes."),
    )
    assert sent.body["contents"][1]["parts"] == [{"thought": True, "text": "hm"}, {"text": "Yes."}]
    assert sent.body["contents"][3]["parts"] == [{"text": "Yes."}]
    assert sent.dropped == ("messages[].reasoning",)


# What cannot be said


def lacks(*messages: Message, **fields: Any) -> tuple[str, ...]:
    return OUT.lacks(ChatRequest("auto", messages or (user("Hi"),), **fields))


@pytest.mark.parametrize(
    ("media", "word"),
    [
        (Media("image/png", url="https://example.org/cat.png"), "image by url"),
        (Media("application/pdf", file_id="file-abc"), "pdf by file_id"),
        (Media("audio/mpeg", url="http://example.org/a.mp3"), "audio by url"),
    ],
)
def test_what_google_does_not_fetch_cannot_be_said(media: Media, word: str) -> None:
    assert lacks(user("Hi", media)) == (word,)
    assert lacks(results(ToolResult("1", (media,)))) == (word,)


@pytest.mark.parametrize(
    "media",
    [
        PNG,
        Media("video/mp4", url="https://www.youtube.com/watch?v=x"),
        Media("image/png", url="https://generativelanguage.googleapis.com/v1beta/files/abc"),
        Media("application/pdf", file_id="https://generativelanguage.googleapis.com/v1beta/files/abc"),
    ],
)
def test_what_google_reads_can_be_said(media: Media) -> None:
    assert lacks(user(media)) == ()
    (sent,) = asked(user(media)).body["contents"][0]["parts"]
    assert sent in (
        {"inlineData": {"mimeType": media.mime, "data": media.base64}},
        {"fileData": {"mimeType": media.mime, "fileUri": media.url or media.file_id}},
    )


def test_a_picture_among_the_instructions_cannot_be_said() -> None:
    message = Message(Role.SYSTEM, (Text("Like this:"), PNG))
    assert lacks(message, user("Hi")) == ("image in a system message",)
    assert asked(message, user("Hi")).dropped == ("messages[].content",)


@pytest.mark.parametrize("name", ["7up", "-f", "f g", "", "f" * 129])
def test_a_tool_name_google_refuses_cannot_be_said(name: str) -> None:
    assert lacks(tools=(Tool(name),)) == (f"a tool named {name!r}",)


@pytest.mark.parametrize("name", ["get-weather", "_f", "mcp.f:g", "f" * 128])
def test_other_tool_names_can(name: str) -> None:
    assert lacks(tools=(Tool(name),)) == ()


def test_a_gemini_body_says_itself() -> None:
    message = user(Media("image/png", url="https://example.org/cat.png"))
    assert lacks(message, origin=Origin("gemini", {"contents": []})) == ()
