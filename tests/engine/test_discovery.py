"""What an engine learns by asking around: when it looks, how long anybody waits for it, and what it keeps."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.routing.worlds import ask, row
from wallascli.engine import core
from wallascli.engine.core import Engine, Setup
from wallascli.providers.base import Auth, Provider, Trains
from wallascli.routing.candidate import Place
from wallascli.routing.rules import Rules
from wallascli.simulator import Simulator
from wallascli.simulator.log import Entry
from wallascli.vocab.failures import UnknownModel
from wallascli.vocab.policy import Policy
from wallascli.vocab.secret import Secret
from wallascli.wires import WIRES

pytest_plugins = ("tests.simulation",)

NOBODY = Policy()
OLLAMA = WIRES["ollama"].outbound
assert OLLAMA is not None


def ollama(address: str) -> Place:
    made = row("ollama", base_url=address, wire=OLLAMA, local=True, keyless=True, auth=Auth.NONE, trains=Trains.NO)
    return Place(made)


def remote(address: str, name: str = "far", *keys: str) -> Place:
    made: Provider = row(name, base_url=f"{address}/{name}/v1", free_models=True)
    return Place(made, tuple(Secret(key) for key in keys or (f"key-of-{name}",)), free=True)


@asynccontextmanager
async def engine(
    home: Path, *places: Place, models: Mapping[str, tuple[str, ...]] | None = None
) -> AsyncIterator[Engine]:
    before = asyncio.all_tasks()
    named = {place.provider.name: place for place in places}
    setup = Setup(named, Rules(), home / "state", home / "cache", {}, ())
    async with Engine(setup) as running:
        yield running
    left = [
        t for t in asyncio.all_tasks() - before if "engine" in str(t.get_coro()) and t is not asyncio.current_task()
    ]
    assert not left


def lists(simulator: Simulator) -> list[Entry]:
    return [entry for entry in simulator.log if entry.operation == "models"]


def asked_for(running: Engine, model: str) -> list[str]:
    return [one.name for one in running.plan(ask(model), NOBODY).candidates]


# -- local servers


async def test_a_model_of_the_local_server_is_known_to_the_first_request(
    simulator: Simulator, tmp_path: Path
) -> None:
    simulator.order(provider="ollama", models=["qwen3:8b"])
    async with engine(tmp_path, ollama(f"{simulator.url}/ollama")) as running:
        await running.ready_for(ask("qwen3:8b"), NOBODY)
        assert asked_for(running, "qwen3:8b") == ["ollama:qwen3:8b"]


async def test_an_absent_server_costs_one_refused_connection_and_then_nothing(
    simulator: Simulator, tmp_path: Path
) -> None:
    async with engine(
        tmp_path, ollama(f"http://127.0.0.1:{simulator.ports.refused()}"), remote(simulator.url)
    ) as running:
        await running.discover(["far"])
        began = time.perf_counter()
        await running.ready_for(ask("auto"), NOBODY)
        first = time.perf_counter() - began
        began = time.perf_counter()
        for _ in range(200):
            await running.ready_for(ask("auto"), NOBODY)
        assert first < 0.25
        assert (time.perf_counter() - began) / 200 < 0.001
        assert [one.provider.name for one in running.usable()] == ["far"]


async def test_a_server_that_swallows_questions_delays_a_request_once_by_the_patience_for_it(
    simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core, "FIRST_LOCAL", 0.3)
    silent = ollama(f"http://127.0.0.1:{simulator.ports.silent()}")
    async with engine(tmp_path, silent, remote(simulator.url)) as running:
        await running.discover(["far"])
        spent = []
        for model in ("auto", "auto", "sim", "sim"):
            began = time.perf_counter()
            await running.ready_for(ask(model), NOBODY)
            spent.append(time.perf_counter() - began)
    assert sum(spent) < 1.0
    assert max(spent[1:]) < 0.1


async def test_requests_that_come_at_once_share_one_look(simulator: Simulator, tmp_path: Path) -> None:
    simulator.order(provider="ollama", models=["qwen3:8b"])
    simulator.script("ollama", "wait100", operation="models")
    async with engine(tmp_path, ollama(f"{simulator.url}/ollama")) as running:
        await asyncio.gather(*(running.ready_for(ask("qwen3:8b"), NOBODY) for _ in range(50)))
        assert asked_for(running, "qwen3:8b") == ["ollama:qwen3:8b"]
    assert len(lists(simulator)) == 1


async def test_a_request_that_leaves_does_not_end_the_look_for_the_others(
    simulator: Simulator, tmp_path: Path
) -> None:
    simulator.order(provider="ollama", models=["qwen3:8b"])
    simulator.script("ollama", "wait100", operation="models")
    async with engine(tmp_path, ollama(f"{simulator.url}/ollama")) as running:
        first = asyncio.create_task(running.ready_for(ask("qwen3:8b"), NOBODY))
        second = asyncio.create_task(running.ready_for(ask("qwen3:8b"), NOBODY))
        await asyncio.sleep(0.03)
        first.cancel()
        await second
        assert asked_for(running, "qwen3:8b") == ["ollama:qwen3:8b"]


async def test_a_model_that_was_installed_a_moment_ago_stays_here(
    simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list is a minute old at most; a private question must not leave within that minute (P4)."""
    monkeypatch.setattr(core, "JUST_NOW", 0.05)
    simulator.order(provider="ollama", models=["qwen3:8b"])
    simulator.order(provider="far", models=["qwen/qwen3-32b"])
    async with engine(tmp_path, ollama(f"{simulator.url}/ollama"), remote(simulator.url)) as running:
        await running.discover(["ollama", "far"])
        assert asked_for(running, "qwen3:32b")[0] == "far:qwen/qwen3-32b"
        simulator.order(provider="ollama", models=["qwen3:8b", "qwen3:32b"])
        await asyncio.sleep(0.1)
        await running.ready_for(ask("qwen3:32b"), NOBODY)
        assert asked_for(running, "qwen3:32b") == ["ollama:qwen3:32b"]


async def test_exact_names_and_tiers_do_not_make_it_look_again(
    simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core, "JUST_NOW", 0.0)
    simulator.order(provider="ollama", models=["qwen3:8b"])
    async with engine(tmp_path, ollama(f"{simulator.url}/ollama"), remote(simulator.url)) as running:
        await running.discover(["ollama", "far"])
        for _ in range(5):
            for model in ("auto", "far:sim", "ollama:qwen3:8b", "qwen3:8b"):
                await running.ready_for(ask(model), NOBODY)
    assert len(lists(simulator)) == 2


# -- lists of others


async def test_a_name_that_means_nothing_yet_waits_for_a_list_under_way(
    simulator: Simulator, tmp_path: Path
) -> None:
    simulator.order(provider="far", models=["brand-new-7"])
    simulator.script("far", "wait200", operation="models")
    async with engine(tmp_path, remote(simulator.url)) as running:
        running.discover_in_background()
        await asyncio.sleep(0)
        await running.ready_for(ask("brand-new-7"), NOBODY)
        assert asked_for(running, "brand-new-7") == ["far:brand-new-7"]


async def test_nobody_waits_for_a_list_longer_than_his_own_deadline(simulator: Simulator, tmp_path: Path) -> None:
    simulator.script("far", "stall", operation="models")
    async with engine(tmp_path, remote(simulator.url)) as running:
        running.discover_in_background()
        began = time.perf_counter()
        await running.ready_for(ask("brand-new-7"), Policy(deadline=0.2))
        assert time.perf_counter() - began < 0.6
        with pytest.raises(UnknownModel):
            running.plan(ask("brand-new-7"), NOBODY)


async def test_a_spoilt_key_does_not_hide_what_the_next_can_reach(simulator: Simulator, tmp_path: Path) -> None:
    simulator.order(provider="far", models=["m1"], keys=["good"])
    async with engine(tmp_path, remote(simulator.url, "far", "spoilt", "good")) as running:
        assert await running.discover(["far"]) == {}
        assert [card.id for card in running.catalog.of("far")] == ["m1"]


async def test_what_went_wrong_is_told_without_keys(simulator: Simulator, tmp_path: Path) -> None:
    simulator.order(provider="far", models=["m1"], keys=["other"])
    async with engine(tmp_path, remote(simulator.url, "far", "sk-secret-number-one")) as running:
        wrong = await running.discover(["far"])
    assert set(wrong) == {"far"}
    assert "sk-secret" not in wrong["far"]


async def test_a_list_is_kept_on_disk_and_read_at_the_next_start(simulator: Simulator, tmp_path: Path) -> None:
    simulator.order(provider="far", models=["m1"])
    async with engine(tmp_path, remote(simulator.url)) as running:
        await running.discover(["far"])
    asked = len(lists(simulator))
    async with engine(tmp_path, remote(simulator.url)) as running:
        assert asked_for(running, "far:m1") == ["far:m1"]
        assert running.catalog.is_listed("far")
        assert running.stale() == []
        await running.prepare()
    assert len(lists(simulator)) == asked


async def test_a_list_of_six_hours_ago_is_used_and_asked_for_anew(simulator: Simulator, tmp_path: Path) -> None:
    simulator.order(provider="far", models=["m1"])
    async with engine(tmp_path, remote(simulator.url)) as running:
        await running.discover(["far"])
    (kept,) = (tmp_path / "cache" / "listings").glob("far*")
    os.utime(kept, (time.time() - 7 * 3600,) * 2)
    simulator.order(provider="far", models=["m2"])
    async with engine(tmp_path, remote(simulator.url)) as running:
        assert [card.id for card in running.catalog.of("far")] == ["m1"]
        assert running.stale() == ["far"]
        await running.ready_for(ask("m2"), NOBODY)
        assert [card.id for card in running.catalog.of("far")] == ["m2"]


async def test_who_did_not_answer_is_not_knocked_at_again_soon(simulator: Simulator, tmp_path: Path) -> None:
    simulator.script("far", "500", operation="models")
    async with engine(tmp_path, remote(simulator.url)) as running:
        await running.discover(running.stale())
        assert running.stale() == []
    assert len(lists(simulator)) == 1


async def test_leaving_ends_every_look_under_way(simulator: Simulator, tmp_path: Path) -> None:
    """The engine of these tests looks for tasks left behind."""
    simulator.script("far", "stall", operation="models")
    async with engine(tmp_path, remote(simulator.url)) as running:
        running.discover_in_background()
        await asyncio.sleep(0.05)
    assert await simulator.quiet(within=1)


async def test_a_place_that_cannot_be_asked_is_not_asked_for_its_list(simulator: Simulator, tmp_path: Path) -> None:
    place = replace(remote(simulator.url), unusable="no key")
    async with engine(tmp_path, place) as running:
        assert running.stale() == []
        running.discover_in_background()
        await asyncio.sleep(0.05)
    assert lists(simulator) == []
