"""Requests to Gemini: nothing is lost on the way unsaid."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.wires.gemini_asked import NEW, OLD, asked, config, user
from wallascli.vocab.chat import (
    ChatRequest,
    Json,
    Media,
    Message,
    Origin,
    Reasoning,
    ResponseFormat,
    Role,
    Text,
    Tool,
    ToolChoice,
)
from wallascli.wires.base import Quirks
from wallascli.wires.gemini import OUT

SENTINEL = "skip_thought_signature_validator"


# The path


def test_a_plain_answer_and_a_stream_have_methods_of_their_own() -> None:
    request = ChatRequest("auto", (user("Hi"),))
    plain = OUT.render(request, "models/gemini-2.5-flash", stream=False, quirks=Quirks())
    stream = OUT.render(request, OLD, stream=True, quirks=Quirks())
    assert plain.path == "/models/gemini-2.5-flash:generateContent"
    assert stream.path == "/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    assert plain.body == stream.body == {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}


def test_a_model_s_name_cannot_leave_its_place_in_the_path() -> None:
    assert asked(to="../files?x=1#y").path == "/models/..%2Ffiles%3Fx%3D1%23y:generateContent"


# Tools


TOOL = Tool("f", "does f", {"type": "object", "properties": {"a": {"type": "string", "pattern": "^x"}}})


def test_a_tool_s_schema_is_json_schema_and_what_is_not_read_is_named() -> None:
    sent = asked(tools=(TOOL, Tool("g")))
    assert sent.body["tools"] == [
        {
            "functionDeclarations": [
                {
                    "name": "f",
                    "description": "does f",
                    "parametersJsonSchema": {"type": "object", "properties": {"a": {"type": "string"}}},
                },
                {"name": "g", "description": ""},
            ]
        }
    ]
    assert sent.dropped == ("tools[].parameters.pattern",)


def test_parameters_are_an_object_even_if_nobody_said_so() -> None:
    tool = Tool("f", parameters={"properties": {}})
    declared = asked(tools=(tool,)).body["tools"][0]["functionDeclarations"][0]
    assert declared["parametersJsonSchema"] == {"type": "object", "properties": {}}


@pytest.mark.parametrize(
    ("choice", "calling"),
    [
        (ToolChoice("auto"), {"mode": "AUTO"}),
        (ToolChoice("none"), {"mode": "NONE"}),
        (ToolChoice("required"), {"mode": "ANY"}),
        (ToolChoice("named", "f"), {"mode": "ANY", "allowedFunctionNames": ["f"]}),
    ],
)
def test_a_choice_of_tools_is_a_mode(choice: ToolChoice, calling: Json) -> None:
    sent = asked(tools=(TOOL,), tool_choice=choice)
    assert sent.body["toolConfig"] == {"functionCallingConfig": calling}


def test_a_choice_without_tools_is_dropped() -> None:
    # 400 "Function calling config is set without function_declarations."
    sent = asked(tool_choice=ToolChoice("auto"))
    assert "toolConfig" not in sent.body
    assert sent.dropped == ("tool_choice",)


def test_strict_tools_are_said_to_be_dropped() -> None:
    assert asked(tools=(Tool("f", strict=True),)).dropped == ("tools[].strict",)
    assert asked(tools=(Tool("f", strict=False),)).dropped == ()


# Settings


def test_settings_go_by_gemini_s_names() -> None:
    sent = asked(
        temperature=0.0,
        top_p=0.9,
        top_k=3,
        max_tokens=100,
        n=2,
        seed=0,
        presence_penalty=0.1,
        frequency_penalty=-0.1,
        logprobs=True,
        top_logprobs=0,
        stop=("a", "b"),
    )
    assert sent.body["generationConfig"] == {
        "temperature": 0.0,
        "topP": 0.9,
        "topK": 3,
        "maxOutputTokens": 100,
        "candidateCount": 2,
        "seed": 0,
        "presencePenalty": 0.1,
        "frequencyPenalty": -0.1,
        "responseLogprobs": True,
        "logprobs": 0,
        "stopSequences": ["a", "b"],
    }
    assert sent.dropped == ()


def test_nothing_said_is_nothing_sent() -> None:
    assert "generationConfig" not in asked(logprobs=False, response_format=ResponseFormat("text")).body


def test_the_number_of_top_logprobs_asks_for_logprobs() -> None:
    assert config(top_logprobs=3) == {"logprobs": 3, "responseLogprobs": True}


def test_the_sixth_stop_is_dropped_and_said_so() -> None:
    sent = asked(stop=tuple("abcdef"))
    assert sent.body["generationConfig"]["stopSequences"] == list("abcde")
    assert sent.dropped == ("stop",)


@pytest.mark.parametrize("seed", [2**31, -(2**31), 2**63])
def test_a_seed_that_is_no_int32_is_dropped(seed: int) -> None:
    sent = asked(seed=seed)
    assert "generationConfig" not in sent.body
    assert sent.dropped == ("seed",)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("min_p", 0.0),
        ("repetition_penalty", 1.1),
        ("logit_bias", {"5": 1}),
        ("user", "u"),
        ("parallel_tool_calls", False),
    ],
)
def test_what_gemini_has_no_word_for_is_named(field: str, value: Any) -> None:
    assert asked(**{field: value}).dropped == (field,)


def test_unknown_fields_are_named_and_modalities_are_known() -> None:
    sent = asked(extra={"modalities": ["text", "image"], "verbosity": "low", "store": True})
    assert sent.body["generationConfig"] == {"responseModalities": ["TEXT", "IMAGE"]}
    assert sent.dropped == ("verbosity", "store")
    assert asked(extra={"modalities": "text"}).dropped == ("modalities",)


def test_names_of_speakers_details_and_file_names_are_named_as_dropped() -> None:
    picture = Media("image/png", base64="AAAA", detail="low", name="cat.png")
    sent = asked(Message(Role.USER, (Text("Hi"), picture), name="ann"))
    assert sent.dropped == ("messages[].name", "messages[].image_url.detail", "messages[].file.filename")
    assert asked(user(Media("image/png", base64="AAAA", detail="auto"))).dropped == ()


# Structured output


SCHEMA = {"type": "object", "properties": {"a": {"type": "string", "minLength": 1}}, "$schema": "x"}


def test_a_schema_for_the_answer_is_json_schema() -> None:
    sent = asked(response_format=ResponseFormat("json_schema", "answer", SCHEMA, strict=True))
    assert sent.body["generationConfig"] == {
        "responseMimeType": "application/json",
        "responseJsonSchema": {"type": "object", "properties": {"a": {"type": "string"}}},
    }
    assert sent.dropped == ("response_format.schema.minLength",)


def test_any_json_is_a_mime_type() -> None:
    assert config(response_format=ResponseFormat("json_object")) == {"responseMimeType": "application/json"}


@pytest.mark.parametrize(("to", "dropped"), [(OLD, ("response_format",)), (NEW, ())])
def test_tools_and_json_go_together_from_3_on(to: str, dropped: tuple[str, ...]) -> None:
    sent = asked(to=to, tools=(Tool("f"),), response_format=ResponseFormat("json_object"))
    assert ("generationConfig" in sent.body) is not bool(dropped)
    assert sent.dropped == dropped


# Quirks


def test_quirks_reach_the_generation_config_and_drops_go_by_the_caller_s_names() -> None:
    quirks = Quirks(drops=frozenset({"candidateCount", "thinkingConfig", "tools"}), renames={"topP": "top_p"})
    sent = asked(n=2, top_p=0.5, tools=(Tool("f"),), reasoning=Reasoning("low"), quirks=quirks)
    assert sent.body["generationConfig"] == {"top_p": 0.5}
    assert "tools" not in sent.body
    assert set(sent.dropped) == {"n", "reasoning", "tools"}


def test_a_schema_falls_with_its_mime_type() -> None:
    quirks = Quirks(drops=frozenset({"responseMimeType"}))
    sent = asked(response_format=ResponseFormat("json_schema", "a", {"type": "object"}), quirks=quirks)
    assert "generationConfig" not in sent.body
    assert sent.dropped == ("response_format",)


def test_the_last_hand_is_the_quirk_s() -> None:
    def adjust(body: dict[str, Any]) -> tuple[str, ...]:
        body["labels"] = {}
        return ("seed", "seed")

    sent = asked(quirks=Quirks(adjust=adjust))
    assert sent.body["labels"] == {}
    assert sent.dropped == ("seed",)


# A caller who speaks Gemini


GEMINI_CLI: dict[str, Any] = {
    "contents": [
        {"role": "user", "parts": [{"text": "Hi"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]},
    ],
    "systemInstruction": {"parts": {"text": "Be brief."}},
    "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
    "generation_config": {"mediaResolution": "MEDIA_RESOLUTION_LOW", "temperature": 1},
    "tools": [{"googleSearch": {}}],
    "cachedContent": None,
    "model": "models/auto",
    "models": ["gemini-2.5-pro"],
}


def test_a_gemini_body_is_forwarded_with_all_we_have_no_word_for() -> None:
    before = copy.deepcopy(GEMINI_CLI)
    sent = asked(origin=Origin("gemini", GEMINI_CLI), extra={"safetySettings": []}, to=OLD)
    assert sent.body == {
        "contents": GEMINI_CLI["contents"],
        "systemInstruction": {"parts": {"text": "Be brief."}},
        "safetySettings": GEMINI_CLI["safetySettings"],
        "generationConfig": {"mediaResolution": "MEDIA_RESOLUTION_LOW", "temperature": 1},
        "tools": [{"googleSearch": {}}],
    }
    assert sent.dropped == ()
    assert before == GEMINI_CLI


def test_unsigned_calls_in_a_gemini_body_are_signed_from_3_on() -> None:
    sent = asked(origin=Origin("gemini", GEMINI_CLI), to=NEW).body["contents"]
    assert sent[1]["parts"][0]["thoughtSignature"] == SENTINEL
    assert "thoughtSignature" not in GEMINI_CLI["contents"][1]["parts"][0]


def test_quirks_hold_for_a_gemini_body_too() -> None:
    quirks = Quirks(drops=frozenset({"systemInstruction", "temperature"}))
    sent = asked(origin=Origin("gemini", GEMINI_CLI), to=OLD, quirks=quirks)
    assert sent.body["contents"][0]["parts"] == [{"text": "Be brief."}, {"text": "Hi"}]
    assert sent.body["generationConfig"] == {"mediaResolution": "MEDIA_RESOLUTION_LOW"}
    assert sent.dropped == ("temperature",)


def test_a_body_of_another_dialect_is_not_forwarded() -> None:
    sent = asked(user("Hi"), origin=Origin("openai", {"contents": "x"}), extra={"contents": "x"})
    assert sent.body == {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}
    assert sent.dropped == ("contents",)
