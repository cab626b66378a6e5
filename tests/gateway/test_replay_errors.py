"""Errors that providers really sent: what the caller is told of them, and that with another one left it hears none.

Each is judged by hand in ``tests/upstream/error_classes.json``; what follows from a class is the design's table.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.exchanges import Exchange, load
from tests.gateway.replayed import EXPECTED, SECOND, Replayed, Row, exchange_of, named, replayed, unlike, wire_of

YARDSTICK = Path(__file__).parent.parent / "upstream" / "error_classes.json"
JUDGED = [
    row
    for row in json.loads(YARDSTICK.read_text(encoding="utf-8"))["rows"]
    if wire_of(load(row["file"])[row["exchange"]])
]
# Class of the failure: status and code for the caller. Its own mistake has the provider's status and code.
TOLD = {
    "too_long": (400, "context_length_exceeded"),
    "bad_key": (502, "provider_keys_rejected"),
    "model_gone": (404, "model_not_found"),
    "rate_limited": (429, "quota_exhausted"),
    "lacking": (400, "no_eligible_model"),
    "broken": (502, "all_candidates_failed"),
    "unknown": (502, "all_candidates_failed"),
}
OWN_FAULT = ("caller_fault", "refused")
# Asked once more: a broken answer at once, a limit that is over within three seconds after that.
ONCE_MORE = ("broken", "azure/error-429", "openrouter/error-429-llama", "openrouter/error-429-req")
WHOLE = next(row for row in EXPECTED if row["file"].startswith("openai/chat-gpt-4-1-mini-rig"))
STREAMED = next(row for row in EXPECTED if row["file"].startswith("openai/chat-stream-gpt-5-4-chatlas"))

every_error = pytest.mark.parametrize(
    "judged", JUDGED, ids=[f"{row['file'].removesuffix('.json')}#{row['exchange']}" for row in JUDGED]
)


@pytest_asyncio.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Replayed]:
    """A new one for each test: an error must not cool down whom the next test asks."""
    async with replayed(tmp_path) as running:
        yield running


def kind_of(judged: Row) -> str:
    return str(judged.get("full", judged["class"]))


def question(judged: Row, **fields: object) -> tuple[Row, Exchange]:
    exchange = load(judged["file"])[judged["exchange"]]
    wire = wire_of(exchange)
    assert wire is not None
    messages = [{"role": "user", "content": "hello"}]
    return {"model": named(exchange, wire), "messages": messages, "stream": exchange.streamed, **fields}, exchange


def times_asked(judged: Row) -> int:
    return 2 if kind_of(judged) == "broken" or judged["file"].startswith(ONCE_MORE) else 1


def is_openai_error(answer: httpx.Response) -> Row:
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    error: Row = answer.json()["error"]
    assert {"message", "type", "param", "code"} <= error.keys()
    assert isinstance(error["code"], str)
    assert "key-of-replay" not in answer.text
    return error


@every_error
async def test_alone_it_is_told_as_what_it_is(gateway: Replayed, judged: Row) -> None:
    body, exchange = question(judged)
    if judged["file"].startswith("groq/error-in-stream"):
        return  # after its thoughts: below
    answer = await gateway.ask(body, exchange)
    error = is_openai_error(answer)
    kind = kind_of(judged)
    if kind in OWN_FAULT:
        assert answer.status_code == (exchange.status if exchange.status >= 400 else 400)
        assert error["param"] == judged.get("field")
    else:
        assert (answer.status_code, error["code"]) == TOLD[kind]
    assert len(gateway.asked) == times_asked(judged)
    assert [attempt["reason"] for attempt in error["attempts"]] == [kind] * times_asked(judged)
    assert error["attempts"][0]["message"][:60] in error["message"]
    assert answer.headers.get("x-should-retry") == ("false" if answer.status_code == 502 else None)


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@every_error
async def test_of_two_the_caller_hears_the_second(gateway: Replayed, judged: Row, stream: bool) -> None:
    """But a refusal is final: asking around until somebody agrees would be going behind a provider's back."""
    good = exchange_of(STREAMED if stream else WHOLE)
    body, error = question(judged, models=[SECOND], stream=stream)
    if error.status == 200 and error.streamed and stream:
        return  # what was sent before it counts then: below
    answer = await gateway.ask(body, *[error] * times_asked(judged), good)
    if kind_of(judged) == "refused":
        assert answer.status_code in (400, 403)
        assert len(gateway.asked) == 1
        return
    assert answer.status_code == 200
    assert unlike(answer.content, good.body) == ""
    assert answer.headers["x-wallas-provider"] == SECOND.partition(":")[0]
    assert int(answer.headers["x-wallas-attempts"]) == len(gateway.asked) == times_asked(judged) + 1


async def test_an_error_before_any_content_of_a_stream_is_a_status(gateway: Replayed) -> None:
    judged = next(row for row in JUDGED if row["file"].startswith("openrouter/error-in-stream"))
    body, exchange = question(judged)
    answer = await gateway.ask(body, exchange)
    assert answer.status_code == 502
    assert "EngineCore encountered an issue" in is_openai_error(answer)["message"]
    answer = await gateway.ask({**body, "models": [SECOND]}, exchange, exchange, exchange_of(STREAMED))
    assert unlike(answer.content, exchange_of(STREAMED).body) == ""


async def test_an_error_after_content_ends_the_stream_as_an_error(gateway: Replayed) -> None:
    """Never a stop that looks complete: the provider's own frames, then an error in the caller's words."""
    judged = next(row for row in JUDGED if row["file"].startswith("groq/error-in-stream"))
    body, exchange = question(judged)
    answer = await gateway.ask(body, exchange, size=2_000, pause=0.005)
    assert answer.status_code == 200
    *frames, error, done, rest = answer.text.split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    assert exchange.body.decode().startswith("\n\n".join(frames))
    assert frames
    told = json.loads(error.removeprefix("data: "))["error"]
    assert told["code"] == "stream_interrupted"
    assert "Tool call validation failed" in told["message"]
    assert '"finish_reason":"stop"' not in answer.text
