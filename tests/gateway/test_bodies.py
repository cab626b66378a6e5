"""Odd bodies, odd bytes, too many of them: refused by name, never with a 500, and the gateway lives on."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
from collections.abc import AsyncIterator, Iterator
from random import Random
from typing import Any

import pytest

from tests.gateway.answers import together
from tests.gateway.odd import BODIES, FIELDS, GOOD, NO_HTTP, ODD, RICH, VALUES, exchange, places, spoilt, status_of
from tests.gateway.serving import BASES, Gateway, Pretended, config, gateway
from tests.simulation import SimulatorProcess

pytest_plugins = ("tests.simulation",)

CHAT = "/v1/chat/completions"
LIMIT = 1 << 20
# One in so many of the odd bodies; `make faults` sends all.
SHARE = 1 if os.environ.get("ALL_FAULTS") else 8
# Each wire, and the rows of ours that change what goes over OpenAI's.
ROWS = {wire: wire for wire in BASES} | dict.fromkeys(
    "groq mistral cerebras sambanova nvidia huggingface pollinations openrouter".split(), "openai"
)


@pytest.fixture(scope="module")
def free(
    tmp_path_factory: pytest.TempPathFactory, _shared_simulator_process: SimulatorProcess
) -> Iterator[Gateway]:
    """No keys; a body of at most 1 MiB."""
    settings = config(
        _shared_simulator_process.url,
        [
            Pretended("well", models=("sim",)),
            *(Pretended(name, wire, ("sim",), {"wire": wire, "local": False}) for name, wire in ROWS.items()),
        ],
        f"[server]\nmax_body = {LIMIT}\n[deadlines]\nfirst_byte_last = 5\ntotal = 10\n",
    )
    with gateway(tmp_path_factory.mktemp("free"), settings) as started:
        yield started


def refused(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


@pytest.mark.parametrize("size", [LIMIT + 1, 50 << 20])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_large_body_is_a_413_and_the_gateway_survives(free: Gateway, size: int, chunked: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(size // 65536 + 1):
            yield b"x" * 65536

    before = free.memory()
    async with free.client() as client:
        content: Any = pieces() if chunked else b"x" * size
        response = await client.post(CHAT, content=content)
        assert refused(response) == (413, "request_too_large")
        assert "server.max_body" in response.json()["error"]["message"]
        assert (await client.post(CHAT, json=GOOD)).status_code == 200
    assert free.memory() - before < 8 * LIMIT


async def test_a_body_that_swells_when_unpacked_is_too_large_as_well(free: Gateway) -> None:
    async with free.client() as client:
        bomb = gzip.compress(b"x" * (20 * LIMIT))
        response = await client.post(CHAT, content=bomb, headers={"Content-Encoding": "gzip"})
        assert refused(response) == (413, "request_too_large")
        packed = gzip.compress(json.dumps(GOOD).encode())
        response = await client.post(CHAT, content=packed, headers={"Content-Encoding": "gzip"})
        assert response.status_code == 200


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_what_is_no_request_is_a_400_in_words(free: Gateway, body: bytes) -> None:
    with free.plain() as client:
        response = client.post(CHAT, content=body)
    assert refused(response) == (400, "invalid_request")
    assert len(response.text) < 1000


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense"]
)
def test_json_is_json_whatever_it_is_called(free: Gateway, kind: str) -> None:
    with free.plain() as client:
        response = client.post(CHAT, content=json.dumps(GOOD).encode(), headers={"Content-Type": kind})
    assert response.status_code == 200


@pytest.mark.parametrize("field", FIELDS)
async def test_a_wrong_type_is_named_and_never_a_500(free: Gateway, field: str) -> None:
    async with free.client() as client:
        found = await together(client.post(CHAT, json={**GOOD, field: value}) for value in VALUES)
    for value, response in zip(VALUES, found, strict=True):
        assert response.status_code in (200, 400, 404), (
            f"{field} = {value!r}: {response.status_code} {response.text[:300]}"
        )
        if response.status_code == 400 and not (error := response.json()["error"]).get("attempts"):
            assert error["param"], f"{field} = {value!r}: {response.text[:300]}"


@pytest.mark.parametrize("row", ROWS)
async def test_no_single_odd_value_anywhere_in_a_rich_body_is_a_500(free: Gateway, row: str) -> None:
    """Whoever is asked: rendering must not fail either, and no caller makes a provider sleep."""
    good = {**RICH, "model": f"{row}:sim", "models": None}
    odd = [(place, value) for place in places(good) for value in ODD]
    odd = Random(row).sample(odd, len(odd) // SHARE)
    async with free.client() as client:
        found = await together(client.post(CHAT, json=spoilt(good, place, value)) for place, value in odd)
    wrong = [
        f"{place} = {value!r}: {response.status_code} {response.text[:200]}"
        for (place, value), response in zip(odd, found, strict=True)
        if response.status_code >= 500
    ]
    assert not wrong, "\n".join(wrong)
    stats = {circuit["key"]: circuit for circuit in free.get("/v1/stats").json()["circuits"]}
    seen = stats.get(f"{row}/sim", {"state": "closed", "fail_count": 0})  # not there: it cannot carry sound at all
    assert (seen["state"], seen["fail_count"]) == ("closed", 0), seen


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({**GOOD, "model": None}, "model"),
        ({"messages": GOOD["messages"]}, "model"),
        ({**GOOD, "model": ""}, "model"),
        ({**GOOD, "model": ["well:sim"]}, "model"),
        ({"model": "well:sim"}, "messages"),
        ({**GOOD, "messages": []}, "messages"),
        ({**GOOD, "messages": "hello"}, "messages"),
        ({**GOOD, "messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({**GOOD, "temperature": "hot"}, "temperature"),
        ({**GOOD, "max_tokens": 0}, "max_tokens"),
        ({**GOOD, "stream": "yes"}, "stream"),
        ({**GOOD, "n": 1.5}, "n"),
    ],
)
def test_the_field_that_is_wrong_is_named(free: Gateway, body: dict[str, Any], param: str) -> None:
    response = free.post(CHAT, body)
    assert response.status_code == 400
    assert response.json()["error"]["param"] == param


@pytest.mark.parametrize(
    "text",
    [
        "\x00",
        "a\x00b",
        "\u2028",
        "\ufeff",
        "\U0010ffff",
        "e\u0301",
        "\\",
        '"',
        "</script>",
        "\r\n\r\n",
        "data: [DONE]",
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_odd_text_arrives_and_returns_as_it_is(free: Gateway, text: str, stream: bool) -> None:
    response = free.ask("well:sim", f"a {text} b", stream=stream)
    assert response.status_code == 200
    if stream:
        frames = [f[6:] for f in response.text.split("\n\n") if f.startswith("data: {")]
        said = "".join(json.loads(frame)["choices"][0]["delta"].get("content") or "" for frame in frames)
    else:
        said = response.json()["choices"][0]["message"]["content"]
    assert said == f"echo: a {text} b"


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" * 400, "0.1e-400", "1" + "0" * 30])
def test_huge_numbers_are_read_or_refused(free: Gateway, number: str) -> None:
    body = json.dumps({**GOOD, "seed": 0, "own_field": 0}).replace('"own_field": 0', f'"own_field": {number}')
    with free.plain() as client:
        assert client.post(CHAT, content=body.encode()).status_code in (200, 400)


@pytest.mark.parametrize("field", ["model", "messages", "modalities", "cost_mode", "tools", "models", "stream"])
async def test_a_question_about_choosing_may_be_as_odd(free: Gateway, field: str) -> None:
    async with free.client() as client:
        bodies = [{"model": "auto", field: value} for value in (*VALUES, ["image", 5, [], None], {"image": 1})]
        found = await together(client.post("/v1/routing/explain", json=body) for body in bodies)
    for body, response in zip(bodies, found, strict=True):
        assert response.status_code in (200, 400, 403, 404), f"{body}: {response.status_code} {response.text[:300]}"


@pytest.mark.parametrize(
    "query", ["sort=", "pricing=", "modality=", "include_dead=", "all=", "search=", "provider=", "limit="]
)
@pytest.mark.parametrize("value", ["", "x", "%00", "%ff", "%", "a&b", "free", "true", "\u00e9", "9" * 3000])
def test_lists_may_be_asked_for_oddly(free: Gateway, query: str, value: str) -> None:
    for path in ("/v1/models", "/v1/providers", "/v1/stats", "/health", "/v1/models/well:sim"):
        assert free.get(f"{path}?{query}{value}").status_code in (200, 422)


@pytest.mark.parametrize(
    "header", "X-Willaku-Tier X-Wallas-Provider X-Wallas-Cost-Mode X-Wallas-Privacy X-Wallas-Deadline".split()
)
@pytest.mark.parametrize("value", [b"\xff\xfe", "ni\u00f1o".encode(), b"%s %d {0}", b"a" * 7000, b"\t"])
async def test_headers_of_ours_may_hold_any_byte(free: Gateway, header: str, value: bytes) -> None:
    body = json.dumps(GOOD).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n{header}: ".encode()
    answer = await exchange(free.port, head + value + b"\r\n\r\n" + body)
    assert status_of(answer) == (400 if value.strip() else 200)
    assert len(answer) < 5_000


async def test_a_client_of_http_1_0_gets_a_stream_that_ends_with_the_connection(free: Gateway) -> None:
    body = json.dumps({**GOOD, "stream": True}).encode()
    head = f"POST {CHAT} HTTP/1.0\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    answer = await exchange(free.port, head + body)
    assert status_of(answer) == 200
    assert b"transfer-encoding" not in answer.lower()
    assert answer.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("sent", NO_HTTP.values(), ids=NO_HTTP)
async def test_bytes_that_are_no_request_harm_nobody(free: Gateway, sent: bytes) -> None:
    answer = await exchange(free.port, sent)
    assert status_of(answer) not in (500, 502, 503)
    assert (await asyncio.to_thread(free.ask, "well:sim")).status_code == 200


async def test_requests_sent_at_once_are_answered_in_order(free: Gateway) -> None:
    body = json.dumps(GOOD).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    answers = await exchange(free.port, (head + body + b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n") * 5)
    assert answers.count(b"HTTP/1.1 200 OK") == 10
    assert answers.count(b"echo: hello") == 5
