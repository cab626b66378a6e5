"""Sending one call: connections are used again, given up at once, tried afresh only where nobody is to blame."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.routing.stage import speaker
from wallascli.providers.base import Call
from wallascli.simulator import Simulator
from wallascli.upstream.client import Exchange, Upstream
from wallascli.vocab.failures import AttemptFailed, FailureClass

pytest_plugins = ("tests.simulation",)


@pytest_asyncio.fixture
async def upstream() -> AsyncIterator[Upstream]:
    made = Upstream()
    yield made
    await made.close()


def chat(simulator: Simulator, script: str = "c3", *, stream: bool = True, base: str = "") -> Call:
    body = b'{"model":"sim-%s","stream":%s,"messages":[{"role":"user","content":"hello"}]}'
    return Call(
        "POST",
        f"{base or simulator.url}/a/v1/chat/completions",
        {"Content-Type": "application/json", "Authorization": "Bearer sk-very-secret"},
        body % (script.encode(), b"true" if stream else b"false"),
    )


async def read_all(exchange: Exchange) -> bytes:
    async with exchange:
        return await exchange.whole()


async def why_not(upstream: Upstream, call: Call, connect: float = 2) -> tuple[FailureClass, str]:
    with pytest.raises(AttemptFailed) as caught:
        await read_all(await upstream.send(call, connect=connect))
    return caught.value.failure.kind, caught.value.failure.message


def connections(simulator: Simulator) -> list[int]:
    return [entry.connection for entry in simulator.log]


@pytest.mark.parametrize("stream", [True, False])
async def test_a_connection_is_used_again_when_the_whole_body_was_read(
    simulator: Simulator, upstream: Upstream, stream: bool
) -> None:
    for _ in range(4):
        body = await read_all(await upstream.send(chat(simulator, stream=stream), connect=2))
        assert b"word3" in body
    assert len(set(connections(simulator))) == 1


async def test_leaving_in_the_middle_closes_the_connection_and_stops_the_provider(
    simulator: Simulator, upstream: Upstream
) -> None:
    exchange = await upstream.send(chat(simulator, "c500-d20"), connect=2)
    assert await exchange.read()
    exchange.close()
    assert await simulator.quiet(within=0.5)
    assert simulator.log[0].outcome == "client_gone"
    await read_all(await upstream.send(chat(simulator), connect=2))
    assert len(set(connections(simulator))) == 2


async def test_parallel_calls_have_connections_of_their_own_and_share_them_later(
    simulator: Simulator, upstream: Upstream
) -> None:
    async def one() -> None:
        await read_all(await upstream.send(chat(simulator, "c3-d20"), connect=2))

    await asyncio.gather(*(one() for _ in range(5)))
    await asyncio.gather(*(one() for _ in range(5)))
    assert len(set(connections(simulator))) == 5


@pytest.mark.parametrize("script", ["c3-reusereset", "c3-onceclose"])
async def test_a_reused_connection_that_breaks_before_any_byte_is_replaced_and_nobody_is_blamed(
    simulator: Simulator, upstream: Upstream, script: str
) -> None:
    simulator.script("a", script)
    call = chat(simulator, "")
    call = Call(call.method, call.url, call.headers, call.body.replace(b"sim-", b"x"))
    for _ in range(3):
        assert b"word3" in await read_all(await upstream.send(call, connect=2))


@pytest.mark.parametrize("script", ["reset", "hangup"])
async def test_a_fresh_connection_that_breaks_is_a_failure_and_asked_once(
    simulator: Simulator, upstream: Upstream, script: str
) -> None:
    kind, _ = await why_not(upstream, chat(simulator, script))
    assert kind is FailureClass.BROKEN
    assert len(simulator.log) == 1


async def test_nobody_there_is_unreachable(simulator: Simulator, upstream: Upstream) -> None:
    nobody = f"http://127.0.0.1:{simulator.ports.refused()}"
    assert await why_not(upstream, chat(simulator, base=nobody)) == (
        FailureClass.UNREACHABLE,
        "nobody listens there",
    )


async def test_a_handshake_that_takes_too_long_is_unreachable_and_names_its_deadline(
    simulator: Simulator, upstream: Upstream
) -> None:
    silent = f"http://127.0.0.1:{simulator.ports.silent()}"
    kind, message = await why_not(upstream, chat(simulator, base=silent), connect=0.1)
    assert (kind, message) == (FailureClass.UNREACHABLE, "no connection within 0.1 s (connect)")


@pytest.mark.parametrize("certificate", ["expired", "othername", "good"])
async def test_a_certificate_that_nobody_vouches_for_is_unreachable(upstream: Upstream, certificate: str) -> None:
    async with Simulator(certificate=certificate) as simulator:
        kind, message = await why_not(upstream, chat(simulator, base=simulator.tls_url))
        assert (kind, message) == (FailureClass.UNREACHABLE, "its TLS certificate is not valid")
        assert [entry for entry in simulator.log if entry.body_bytes] == []


@pytest.mark.parametrize("handshake", ["plain", "alert", "reset"])
async def test_tls_that_fails_is_unreachable(simulator: Simulator, upstream: Upstream, handshake: str) -> None:
    simulator.order(handshake=handshake)
    kind, _ = await why_not(upstream, chat(simulator, base=simulator.url.replace("http:", "https:")))
    assert kind in (FailureClass.UNREACHABLE, FailureClass.BROKEN)


@pytest.mark.parametrize("script", ["c9-die4", "c9-fin4", "c9-badchunk4"])
async def test_a_body_that_breaks_off_is_broken(simulator: Simulator, upstream: Upstream, script: str) -> None:
    kind, message = await why_not(upstream, chat(simulator, script))
    assert kind is FailureClass.BROKEN
    assert "sk-very-secret" not in message


async def test_a_redirect_is_not_followed_as_it_would_carry_the_key_elsewhere(
    simulator: Simulator, upstream: Upstream
) -> None:
    async def move(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        place = f"{simulator.url}/a/v1/chat/completions".encode()
        writer.write(b"HTTP/1.1 307 Moved\r\nLocation: " + place + b"\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(move, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with await upstream.send(chat(simulator, base=base), connect=2) as exchange:
        assert exchange.status == 307
    server.close()
    assert list(simulator.log) == []


async def test_a_proxy_of_the_environment_hears_nothing_of_this_machine(
    simulator: Simulator, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{simulator.ports.refused()}")
    assert b"word3" in await read_all(await upstream.send(chat(simulator), connect=2))


async def test_a_body_larger_than_any_answer_is_given_up(upstream: Upstream) -> None:
    async with speaker(b"x" * 5_000, b"y" * 5_000) as base:
        call = Call("GET", f"{base}/", {})
        async with await upstream.send(call, connect=2) as exchange:
            with pytest.raises(AttemptFailed, match="more than 4000 bytes"):
                await exchange.whole(4_000)
        async with await upstream.send(call, connect=2) as exchange:
            assert len(await exchange.beginning(4_000)) >= 4_000


async def test_what_is_sent_is_the_call_and_our_name(simulator: Simulator, upstream: Upstream) -> None:
    await read_all(await upstream.send(chat(simulator), connect=2))
    headers = simulator.log[0].headers
    assert headers["user-agent"] == "WallasAPI"
    assert headers["accept-encoding"] == "identity"
    assert headers["content-type"] == "application/json"
    assert "cookie" not in headers
