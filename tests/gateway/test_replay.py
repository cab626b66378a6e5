"""Whoever answers, and however: the client gets what the provider really said.

Every recorded chat answer is replayed behind a gateway on a socket. Where the provider speaks the client's wire the
bytes are the recorded ones; elsewhere an independent reader finds the same words, calls, reasons and figures.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from tests.gateway.replayed import (
    ANSWERS,
    END_MARK,
    SECOND,
    Replayed,
    Row,
    as_told,
    exchange_of,
    has_question,
    name_of,
    named,
    question,
    replayed,
    understood,
    unlike,
)
from tests.recordings import oracle

pytestmark = pytest.mark.asyncio(loop_scope="module")

Kept = Callable[[Row], bool]

# Kept by the gateway as its own because OpenAI has no word for it (`models`), or because it says nothing.
OURS = {"model", "models", "stream"}
# What a row changes on every request of its provider, with the reason in the row.
RENAMED = {"mistral": {"max_completion_tokens": "max_tokens", "seed": "random_seed"}}


def rows(kept: Kept) -> pytest.MarkDecorator:
    chosen = [row for row in ANSWERS if kept(row)]
    return pytest.mark.parametrize("row", chosen, ids=map(name_of, chosen))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Replayed]:
    async with replayed(tmp_path_factory.mktemp("gateway")) as running:
        yield running


@rows(lambda row: row["wire"] == "openai")
async def test_bytes_of_the_clients_own_wire_are_untouched(gateway: Replayed, row: Row) -> None:
    exchange = exchange_of(row)
    answer = await gateway.ask(question(row), exchange)
    assert answer.status_code == 200
    # Cerebras, HuggingFace and Pollinations leave the end mark out, which some clients wait for.
    missing = END_MARK if row["stream"] and END_MARK not in exchange.body else b""
    assert unlike(answer.content, exchange.body + missing) == ""


@rows(has_question)
async def test_every_field_of_the_clients_own_wire_arrives_or_is_named(gateway: Replayed, row: Row) -> None:
    exchange = exchange_of(row)
    answer = await gateway.ask(question(row), exchange)
    dropped = answer.headers.get("x-wallas-dropped", "")
    sent, (got,) = exchange.asked, gateway.asked
    renamed = RENAMED.get(exchange.provider, {})
    lost = {
        name: value
        for name, value in sent.items()
        if value is not None and name not in OURS and got.json.get(renamed.get(name, name)) != value
    }
    assert {name for name in lost if name not in dropped} == set()
    assert got.json["model"] == (sent.get("model") or named(exchange, "openai").partition(":")[2])
    assert got.json.get("stream", False) == row["stream"]


@rows(lambda row: row["wire"] != "openai")
async def test_other_wires_say_the_same_in_the_clients(gateway: Replayed, row: Row) -> None:
    answer = await gateway.ask(question(row), exchange_of(row))
    assert answer.status_code == 200
    expected, found = as_told(row, understood(answer))
    assert found == expected
    assert answer.content.endswith(END_MARK) is row["stream"]


# Sound comes in two deltas then, its data and the rest, which the naive reader takes for two sounds.
@rows(lambda row: not (row["stream"] or row["file"].startswith("openai/tts")))
async def test_a_server_that_does_not_stream_is_understood_all_the_same(gateway: Replayed, row: Row) -> None:
    options = {"include_usage": True}
    answer = await gateway.ask(question(row, stream=True, stream_options=options), exchange_of(row))
    assert answer.status_code == 200
    expected, found = as_told(row, understood(answer))
    assert found == expected
    assert answer.content.count(END_MARK) == 1


@rows(lambda row: row["stream"])
async def test_a_stream_asked_for_in_its_stead_makes_the_same_plain_answer(gateway: Replayed, row: Row) -> None:
    """With another candidate left we ask for a stream, to notice a stall early (design 3.1)."""
    answer = await gateway.ask(question(row, stream=False, models=[SECOND]), exchange_of(row))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    (asked,) = gateway.asked
    assert asked.json.get("stream") or "stream" in asked.target
    expected, found = as_told(row, understood(answer))
    assert found == expected


# Padding and token numbers belong to the pieces; `object` and `choices` are what makes a chunk a chunk.
OF_PIECES = {"obfuscation", "p", "padding", "token_id", "object", "choices", "usage", "x_groq"}
ONCE = {"id", "model", "created"}


def of_plain_answer(pieces: list[Row]) -> Row:
    """What a plain answer would say beside its words: the last that was said, of a name the first."""
    told: Row = {}
    for piece in pieces:
        for key, value in piece.items():
            if key not in OF_PIECES and value not in (None, "", []) and not (key in ONCE and told.get(key)):
                told[key] = value
    return told


@rows(lambda row: row["stream"] and row["wire"] == "openai")
async def test_nothing_else_that_the_provider_said_is_lost_on_the_way(gateway: Replayed, row: Row) -> None:
    """Costs, times, filter results, the name of the field for thoughts: no word of ours, and yet of the answer."""
    exchange = exchange_of(row)
    answer = (await gateway.ask(question(row, stream=False, models=[SECOND]), exchange)).json()
    pieces = oracle.payloads({"sse": exchange.body.decode()})
    expected = of_plain_answer(pieces)
    assert {key: answer.get(key) for key in expected} == expected
    assert answer["object"] == "chat.completion"
    usages = [piece.get("usage") or (piece.get("x_groq") or {}).get("usage") for piece in pieces]
    assert answer.get("usage") == next((usage for usage in reversed(usages) if usage), None)
    for choice in answer["choices"]:
        said = [c for piece in pieces for c in piece.get("choices") or () if c.get("index", 0) == choice["index"]]
        assert {key for c in said for key in of_plain_answer([c])} - choice.keys() == {"delta"}
        assert {key for c in said for key in of_plain_answer([c["delta"]])} - choice["message"].keys() == set()
        for field in ("reasoning", "reasoning_content"):
            whole = "".join(c["delta"].get(field) or "" for c in said)
            assert (choice["message"].get(field) or "") == whole


async def test_details_of_thoughts_are_one_where_they_came_in_pieces(gateway: Replayed) -> None:
    """As OpenRouter's plain answers have them: sent back in pieces, a signature would not match its text."""
    row = next(
        row for row in ANSWERS if row["file"].startswith("openrouter/chat-tools-stream-claude-haiku-4-5-rig")
    )
    answer = (await gateway.ask(question(row, stream=False, models=[SECOND]), exchange_of(row))).json()
    (detail,) = answer["choices"][0]["message"]["reasoning_details"]
    assert detail["text"] == row["choices"][0]["thoughts"]
    assert detail["signature"] in row["opaque"]
    assert (detail["type"], detail["format"], detail["index"]) == ("reasoning.text", "anthropic-claude-v1", 0)


async def test_log_probabilities_are_all_there(gateway: Replayed) -> None:
    row = next(row for row in ANSWERS if row["file"].startswith("openai/chat-stream-gpt-5-4-chatlas-6cdadc"))
    answer = (await gateway.ask(question(row, stream=False, models=[SECOND]), exchange_of(row))).json()
    tokens = answer["choices"][0]["logprobs"]["content"]
    assert "".join(token["token"] for token in tokens) == row["choices"][0]["text"]
