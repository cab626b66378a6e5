"""What was asked, how it ended, and who is still there."""

from __future__ import annotations

import asyncio
import json
import time

import httpx
import pytest

from tests.simulator import asking
from tests.simulator.asking import WIRES, question, raw, written
from wallascli.simulator import Simulator

pytest_plugins = ("tests.simulation",)


async def control(simulator: Simulator, method: str, path: str, body: object = None) -> httpx.Response:
    async with asking.client() as client:
        return await client.request(method, f"{simulator.url}/_simulator/{path}", json=body)


@pytest.mark.parametrize("wire", WIRES)
async def test_an_exchange_is_written_down(wire: str, simulator: Simulator) -> None:
    path, body = question(wire, "hello", "sim-c3", stream=True)
    async with asking.client() as client:
        await client.post(simulator.url + path, json=body, headers={"authorization": "Bearer secret-key-1234"})
    (entry,) = (await control(simulator, "GET", f"log?provider={simulator.log[0].provider}")).json()
    assert entry["wire"] == wire
    assert entry["model"] == "sim-c3"
    assert (entry["stream"], entry["status"], entry["fault"]) == (True, 200, "")
    assert (entry["outcome"], entry["pieces"], entry["port"]) == ("complete", 3, simulator.port)
    assert entry["body"] == body
    assert abs(entry["time"] - time.time()) < 5
    assert entry["headers"]["authorization"] == "…1234"
    assert "secret" not in json.dumps(entry)


async def test_keys_are_masked_wherever_they_stand(simulator: Simulator) -> None:
    path, body = question("gemini", "hello")
    async with asking.client() as client:
        for headers in ({"x-goog-api-key": "secret-key-1234"}, {"x-api-key": "secret-key-1234"}):
            await client.post(simulator.url + path, json=body, headers=headers)
        await client.post(f"{simulator.url}{path}?key=secret-key-1234", json=body)
    log = (await control(simulator, "GET", "log")).text
    assert log.count("…1234") == 3
    assert "secret" not in log


async def test_a_large_body_is_measured_and_cut(simulator: Simulator) -> None:
    path, body = question("openai", "x" * 1_000_000)
    async with asking.client() as client:
        await client.post(simulator.url + path, json=body)
    entry = simulator.log[-1]
    assert entry.body_bytes > 1_000_000
    assert isinstance(entry.body, str)
    assert len(entry.body) < 100_000


@pytest.mark.parametrize("script", ["stall", "stallbody", "stall2", "c500-d20", "comments20", "trickle"])
async def test_a_client_that_hangs_up_is_noticed_within_100_ms(script: str, simulator: Simulator) -> None:
    taken = []
    for _ in range(3):  # the best of three: a busy machine is not what is measured
        taken.append(await noticed_after(simulator, script))
        if taken[-1] < 0.1:
            break
    assert min(taken) < 0.1
    entry = simulator.log[-1]
    assert entry.outcome == "client_gone"
    assert 0.05 < entry.seconds < 2
    assert simulator.stats["open_connections"] == 0


async def noticed_after(simulator: Simulator, script: str) -> float:
    """Seconds from hanging up 50 ms into a stream until nothing is in flight."""
    path, body = question("openai", "hello", "any", stream=True)
    _, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
    writer.write(written(path, body, X_Simulate=script))
    await asyncio.sleep(0.06)
    assert simulator.log[-1].outcome == "open"
    writer.close()
    hung_up = time.monotonic()
    assert await simulator.quiet()
    return time.monotonic() - hung_up


async def test_stats_count_what_is_open_now(simulator: Simulator) -> None:
    path, body = question("openai", "hello", "any", stream=True)
    held = [await asyncio.open_connection("127.0.0.1", simulator.port) for _ in range(3)]
    for _, writer in held[:2]:
        writer.write(written(path, body, X_Simulate="stall"))
    await asyncio.sleep(0.05)
    stats = (await control(simulator, "GET", "stats")).json()
    assert (stats["open_connections"], stats["in_flight"], stats["requests"]) == (3, 2, 2)
    for _, writer in held:
        writer.close()
    assert await simulator.quiet()
    assert (await control(simulator, "GET", "stats")).json()["open_connections"] == 0


async def test_clearing_and_filtering(simulator: Simulator) -> None:
    path, body = question("openai", "hello")
    async with asking.client() as client:
        for provider in ("one", "two", "two"):
            await client.post(simulator.url + path.replace("plain", provider), json=body)
    assert len((await control(simulator, "GET", "log")).json()) == 3
    assert len((await control(simulator, "GET", "log?provider=two")).json()) == 2
    assert [e["provider"] for e in (await control(simulator, "GET", "log?last=2")).json()] == ["two", "two"]
    await control(simulator, "DELETE", "log")
    assert (await control(simulator, "GET", "log")).json() == []


async def test_unknown_paths_and_broken_json_are_answered_like_anywhere(simulator: Simulator) -> None:
    async with asking.client() as client:
        assert (await client.get(f"{simulator.url}/nowhere")).status_code == 404
        broken = await client.post(f"{simulator.url}/v1/chat/completions", content=b"{half")
        assert broken.status_code == 400
        assert "JSON" in broken.json()["error"]["message"]
    came = await raw(simulator.port, b"NONSENSE\r\n\r\n")
    assert came.got.startswith(b"HTTP/1.1 400")
    assert simulator.stats["in_flight"] == 0


async def test_keep_alive_expect_and_chunked_requests(simulator: Simulator) -> None:
    path, body = question("openai", "hello")
    content = json.dumps(body).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
    for _ in range(2):
        head = f"POST {path} HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: {len(content)}\r\n\r\n"
        writer.write(head.encode())
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
        writer.write(content)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        answer = await reader.readexactly(int(head.partition("content-length: ")[2].split("\r\n")[0]))
        assert json.loads(answer)["choices"][0]["message"]["content"] == "echo: hello"
    writer.write(
        f"POST {path} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{len(content):x}\r\n".encode()
        + content
        + b"\r\n0\r\n\r\n"
    )
    assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
    writer.close()
    assert [(entry.connection, entry.nth_on_connection) for entry in simulator.log] == [(1, 1), (1, 2), (1, 3)]


async def test_fifty_megabytes_arrive(simulator: Simulator) -> None:
    path, body = question("openai", "x" * 50_000_000, "sim-say:ok")
    async with asking.client() as client:
        answer = await client.post(simulator.url + path, json=body, headers={"x-simulate": "say:ok"})
    assert answer.json()["choices"][0]["message"]["content"] == "ok"
    assert simulator.log[-1].body_bytes > 50_000_000


async def test_a_thousand_streams_at_once_and_all_of_them_abandoned(simulator: Simulator) -> None:
    path, body = question("openai", "hello", "any", stream=True)
    request = written(path, body, X_Simulate="c200-d100")

    async def first_piece() -> asyncio.StreamWriter:
        reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
        writer.write(request)
        await reader.readuntil(b"word1")
        return writer

    writers = await asyncio.gather(*(first_piece() for _ in range(1000)))
    assert simulator.stats["in_flight"] == 1000
    assert simulator.stats["open_connections"] == 1000
    for writer in writers:
        writer.transport.abort()
    assert await simulator.quiet()
    await asyncio.sleep(0)
    assert simulator.stats["open_connections"] == 0
    assert {entry.outcome for entry in simulator.log} == {"client_gone"}
