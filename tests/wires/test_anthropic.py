"""Reading Anthropic's Messages: what recordings say, read by eye, is what we read; and listings."""

from __future__ import annotations

import json

import orjson
import pytest

from tests.exchanges import load
from tests.wires.reading import completion, events
from wallascli.vocab.chat import ToolCall, Usage
from wallascli.vocab.events import (
    Finished,
    FinishReason,
    ProviderError,
    Started,
    TextDelta,
    ThoughtDelta,
    UsageReported,
)
from wallascli.vocab.models import Modality, Status
from wallascli.wires import WIRES
from wallascli.wires.anthropic import OUT, WIRE
from wallascli.wires.base import Malformed

THOUGHT_THEN_CALL = "anthropic/messages-thinking-stream-claude-haiku-4-5-20251001-llm-anthropic-b347e9.json"
FORCED_CALL = "anthropic/messages-tools-stream-claude-sonnet-4-5-20250929-req-llm-cdf3cf.json"
SMALL_STREAM = "anthropic/messages-stream-claude-3-haiku-20240307-braintrust-sdk-pyt-8e08c2.json"
WEB_SEARCH = "anthropic/messages-stream-claude-haiku-4-5-20251001-ruby-llm-9c7075.json"
SERVER_TOOLS = "anthropic/messages-stream-claude-sonnet-4-6-pydantic-ai-f5c114.json"


# What the recordings say, read by eye


def test_the_wire_is_found_by_its_name() -> None:
    assert WIRES["anthropic"] is WIRE


def test_a_short_stream() -> None:
    found = events(OUT, load(SMALL_STREAM)[0])
    assert found == [
        Started("msg_01NR8LiXqHhf3PCEc3k3m3hJ", "claude-3-haiku-20240307"),
        UsageReported(Usage(input=19, output=4)),
        TextDelta("4"),
        UsageReported(Usage(input=19, output=5)),
        Finished(FinishReason.STOP, "end_turn"),
    ]


def test_a_thought_is_closed_by_its_signature_and_a_tool_without_input_gets_an_empty_object() -> None:
    answer = completion(OUT, THOUGHT_THEN_CALL)
    (thought,) = answer.first.thoughts
    assert thought.text.startswith("The user wants me to:\n1. Use the fixed_version tool\n2.")
    assert thought.signature.startswith("EoQDCm0IDhgCKkCDzGs2kL2PgnDCZU")
    assert (len(thought.signature), thought.maker) == (524, "anthropic")
    assert answer.first.tool_calls == (ToolCall("toolu_01825dXWLSoJwCst1qTsiWdb", "fixed_version", "{}"),)
    assert answer.first.finish == Finished(FinishReason.TOOL_CALLS, "tool_use")
    assert answer.usage == Usage(input=598, output=92, reasoning=53)


def test_a_call_in_pieces_between_pings() -> None:
    (call,) = completion(OUT, FORCED_CALL).first.tool_calls
    assert call.id == "toolu_01BuXrqU7iBfBNeskk1qHaHv"
    assert call.arguments.startswith('{"name": "Alex Chen"')
    assert json.loads(call.arguments)["name"] == "Alex Chen"


def test_an_omitted_thought_is_still_a_thought_with_a_signature() -> None:
    answer = completion(OUT, "anthropic/messages-thinking-claude-sonnet-5-activeagent-3a7b5b.json")
    (thought,) = answer.first.thoughts
    assert (thought.text, len(thought.signature)) == ("", 444)
    assert answer.first.text == "I'll check the weather in San Francisco for you."
    assert answer.first.tool_calls[0].arguments == '{"location":"San Francisco, CA"}'
    assert answer.usage == Usage(input=466, output=101, reasoning=28)


def test_a_redacted_thought_keeps_its_data_to_be_sent_back() -> None:
    answer = completion(OUT, "anthropic/messages-thinking-claude-sonnet-4-6-rig-7b4ee0.json")
    assert answer.first.thoughts == (ThoughtDelta("", "redacted_thinking_REDACTED_1", "anthropic", redacted=True),)
    assert answer.first.text == "OK"


def test_an_answer_of_nothing_but_a_stop_sequence() -> None:
    answer = completion(OUT, "anthropic/messages-claude-haiku-4-5-rig-a57425.json")
    assert answer.first.text == ""
    assert answer.first.finish == Finished(FinishReason.STOP, "stop_sequence", "###")


def test_max_tokens_is_a_length() -> None:
    answer = completion(OUT, "anthropic/messages-claude-3-5-haiku-latest-langsmith-sdk-059ca7.json")
    assert (answer.first.text, answer.first.finish) == ("foo", Finished(FinishReason.LENGTH, "max_tokens"))


def test_input_includes_what_was_read_from_the_cache_and_written_to_it() -> None:
    answer = completion(OUT, "anthropic/pdf-claude-sonnet-5-ellmer-f89164.json")
    assert answer.usage == Usage(input=2 + 3522 + 77, output=43, cached=3522, cache_written=77)


def test_a_server_tool_is_no_call_but_is_kept_with_its_input_result_and_citations() -> None:
    answer = completion(OUT, WEB_SEARCH)
    assert answer.first.text == "The latest stable Ruby version is 4.0.6, which was released in July 2026."
    assert answer.first.tool_calls == ()
    call, result = answer.first.extra["server_tools"]
    assert (call["type"], call["input"]) == ("server_tool_use", {"query": "latest stable Ruby version"})
    assert (result["type"], len(result["content"])) == ("web_search_tool_result", 10)
    assert [c["title"] for c in answer.first.extra["citations"]] == [
        "Download Ruby | Ruby",
        "Ruby 4.0.6 Released | Ruby",
    ]
    assert answer.usage == Usage(input=9447, output=114)
    assert answer.first.finish == Finished(FinishReason.STOP, "end_turn")


def test_server_tools_of_an_mcp_server_in_a_plain_answer() -> None:
    answer = completion(OUT, "anthropic/messages-thinking-claude-sonnet-4-0-pydantic-ai-26d2e8.json")
    assert [block["type"] for block in answer.first.extra["server_tools"]] == ["mcp_tool_use", "mcp_tool_result"]
    assert answer.first.text.startswith("**Pydantic AI** is a Python agent framework")


def test_the_container_of_server_tools_is_kept() -> None:
    container = completion(OUT, SERVER_TOOLS).first.extra["container"]
    assert container["id"] == "container_011CaNRJmpe9Tf6C69Paxy7b"


def test_structured_output_is_text() -> None:
    answer = completion(OUT, "anthropic/structured-claude-haiku-4-5-activeagent-309119.json")
    assert answer.first.text == '{"colors":["red","yellow","blue"]}'


@pytest.mark.parametrize(
    ("file", "kind", "message"),
    [
        ("error-401-claude-sonnet-4-6-rig-e290d1", "authentication_error", "API key is invalid."),
        (
            "error-400-claude-haiku-4-5-20251001-ruby-llm-458ff1",
            "invalid_request_error",
            "prompt is too long: 3333404 tokens > 200000 maximum",
        ),
    ],
)
def test_an_error_body_is_a_provider_error(file: str, kind: str, message: str) -> None:
    (error,) = events(OUT, load(f"anthropic/{file}.json")[0])
    assert isinstance(error, ProviderError)
    assert (error.facts.type, error.facts.message) == (kind, message)


# Listings


def test_the_recorded_listing() -> None:
    cards = OUT.read_listing(load("anthropic/models-list-chatlas-ca4b82.json")[0].body, "anthropic")
    assert len(cards) == 10
    assert (cards[1].name, cards[1].listed, cards[1].context) == ("anthropic:claude-haiku-4-5-20251001", True, None)


def test_limits_capabilities_and_lifecycle_are_read() -> None:
    item = {
        "id": "claude-sonnet-4-5",
        "max_input_tokens": 200_000,
        "max_tokens": 64_000,
        "lifecycle": "deprecated",
        "capabilities": {
            "image_input": {"supported": True},
            "pdf_input": {"supported": False},
            "structured_outputs": {"supported": True},
            "thinking": {"supported": True, "types": {}},
        },
    }
    (card,) = OUT.read_listing(orjson.dumps({"data": [item]}), "anthropic")
    assert (card.context, card.max_output, card.status) == (200_000, 64_000, Status.DEPRECATED)
    assert card.takes == {Modality.TEXT, Modality.IMAGE}
    assert (card.structured, card.reasoning, card.tools) == (True, True, None)


def test_a_listing_without_a_list_is_malformed() -> None:
    for body in (b"<html>", b'{"data":7}'):
        with pytest.raises(Malformed):
            OUT.read_listing(body, "anthropic")
