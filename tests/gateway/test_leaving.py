"""A client that leaves stops its provider at once and leaves nothing behind; a slow one is nobody's fault."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.gateway.answers import together
from tests.gateway.serving import BASES, Gateway, Pretended, config, gateway
from tests.gateway.visitor import Visitor, Way
from tests.simulation import SimulatorProcess, start_process, stop_process

pytest_plugins = ("tests.simulation",)

# Before the head, before the first piece, in mid-answer: 30 s each if nobody stops them.
BEFORE, HEAD, MIDST = "sim-stall", "sim-stallbody", "sim-c600-d50"
SETTINGS = "[deadlines]\nfirst_byte_last = 40\nidle_last = 1.5\ntotal = 60\n"


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, _shared_simulator_process: SimulatorProcess
) -> Iterator[Gateway]:
    providers = [Pretended(f"my-{wire}", wire, ("sim", BEFORE, HEAD, MIDST)) for wire in BASES]
    settings = config(
        _shared_simulator_process.url,
        [*providers, Pretended("broad", models=("sim-huge12000-d1",)), Pretended("waits", models=("asked",))],
        SETTINGS,
    )
    with gateway(tmp_path_factory.mktemp("leaving"), settings) as started:
        yield started


async def until(true: Callable[[], bool], within: float = 5.0) -> bool:
    """Look again and again; whether it came true in time."""
    over = time.monotonic() + within
    while not true():
        if time.monotonic() > over:
            return False
        await asyncio.sleep(0.01)
    return True


@pytest.mark.parametrize("way", ["fin", "reset"])
@pytest.mark.parametrize(
    ("script", "stream"),
    [(BEFORE, True), (BEFORE, False), (HEAD, True), (HEAD, False), (MIDST, True), (MIDST, False)],
)
@pytest.mark.parametrize("wire", BASES)
async def test_who_leaves_stops_the_provider_within_a_second(
    running: Gateway, simulator_process: SimulatorProcess, wire: str, script: str, stream: bool, way: Way
) -> None:
    visitor = await Visitor.connect(running.port)
    await visitor.ask(f"my-{wire}:{script}", stream=stream)
    if script == MIDST and stream:
        await visitor.hear(b"word2")
    else:
        assert await until(lambda: bool(simulator_process.log()))
    left = visitor.leave(way)
    assert await until(lambda: simulator_process.log()[0]["outcome"] != "open")
    [asked] = simulator_process.log()
    assert asked["outcome"] == "client_gone"
    assert asked["time"] + asked["seconds"] - left < 1
    assert simulator_process.stats()["in_flight"] == 0


async def test_who_leaves_while_we_wait_for_another_try_is_not_asked_for(
    running: Gateway, simulator_process: SimulatorProcess
) -> None:
    simulator_process.script("waits", "429-retry1", "ok")
    visitor = await Visitor.connect(running.port)
    await visitor.ask("waits:asked")
    assert await until(lambda: bool(simulator_process.log()))
    visitor.leave()
    await asyncio.sleep(1.5)
    assert len(simulator_process.log()) == 1


async def test_who_leaves_blames_nobody(running: Gateway) -> None:
    stats = running.get("/v1/stats").json()["circuits"]
    assert [row["key"] for row in stats if row["key"].startswith("my-") and row["fail_count"]] == []


async def test_a_client_that_does_not_read_is_no_slow_provider(
    running: Gateway, simulator_process: SimulatorProcess
) -> None:
    """Twelve megabytes for one that rests for twice as long as a provider may be silent."""
    visitor = await Visitor.connect(running.port, buffer=16_384)
    await visitor.ask("broad:sim-huge12000-d1", stream=True)
    await visitor.hear(b"hhhh")
    await asyncio.sleep(3)
    got = await visitor.hear(b"[DONE]")
    visitor.leave()
    assert got.count(b"h") > 12_000 * 1024
    assert b"stream_interrupted" not in got
    [row] = [row for row in running.get("/v1/stats").json()["circuits"] if row["key"].startswith("broad/")]
    assert (row["state"], row["fail_count"], row["success_count"]) == ("closed", 0, 1)
    assert simulator_process.log()[-1]["outcome"] == "complete"


# -- a thousand of them


async def abort(running: Gateway, number: int) -> None:
    """One of eight ways to leave: politely or not, before or after the first byte, streamed or not."""
    wire = list(BASES)[number % len(BASES)]
    stream, midst, way = number % 2 > 0, number % 4 > 1, "reset" if number % 8 > 3 else "fin"
    visitor = await Visitor.connect(running.port)
    await visitor.ask(f"my-{wire}:{MIDST if midst else BEFORE}", "x" * 2_000, stream=stream)
    if midst and stream:
        await visitor.hear(b"word1")
    else:
        await asyncio.sleep(0.15)  # by then the provider has been asked
    visitor.leave("reset" if way == "reset" else "fin")


async def test_a_thousand_aborted_answers_leave_nothing_behind(tmp_path: Path) -> None:
    """After a thousand to warm up. The provider is one of its own: whatever is connected to it is ours."""
    simulator = start_process()
    providers = [Pretended(f"my-{wire}", wire, (BEFORE, MIDST)) for wire in BASES]
    sizes: list[int] = []
    try:
        with gateway(tmp_path, config(simulator.url, providers, SETTINGS), watched=True) as running:
            assert await until(lambda: "Engine._discover" not in running.tasks())
            at_rest = running.tasks()
            for _ in range(2):
                await together((abort(running, number) for number in range(1_000)), at_once=30)
                assert await until(lambda: simulator.stats()["in_flight"] == 0)
                assert await until(lambda: simulator.stats()["open_connections"] == 0)
                assert await until(lambda: running.tasks() == at_rest)
                sizes.append(running.memory())
            stats = running.get("/v1/stats").json()["circuits"]
            asked = simulator.stats()["requests"]
    finally:
        stop_process(simulator)
    assert asked > 1_800  # a few may have left before we had read what they want
    assert 0.9 < sizes[1] / sizes[0] < 1.1, sizes
    assert [row["key"] for row in stats if row["fail_count"]] == []
