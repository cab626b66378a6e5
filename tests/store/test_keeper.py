"""Health on the loop and the file in a thread: both ways, without the loop ever waiting for the disk."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from wallascli.routing.circuit import State
from wallascli.routing.health import Health
from wallascli.store import sqlite
from wallascli.store.health import FILE, HealthStore
from wallascli.store.keeper import Keeper
from wallascli.store.rows import Memory
from wallascli.vocab.failures import Failure, FailureClass

KEYS = ("k",)


def kept(folder: Path, health: Health, *, say: Callable[[str], None] = pytest.fail, every: float = 60) -> Keeper:
    return Keeper(HealthStore(folder, say), health, every=every)


def limited(health: Health, seconds: float = 300) -> float:
    now = time.time()
    failure = Failure(FailureClass.RATE_LIMITED, "later", until=now + seconds)
    health.failed("p", "m", "k", failure, now)
    return now + seconds


def answered(health: Health, times: int = 1) -> None:
    for _ in range(times):
        health.succeeded("p", "m", "k", first_content=1, characters=100, seconds=2, now=time.time())


def successes(health: Health) -> int:
    return sum(row["success_count"] for row in health.stats(time.time()))


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - what is awaited lives in another process's place
            await asyncio.sleep(0.005)


async def test_what_was_learned_is_known_before_the_first_request_after_a_restart(tmp_path: Path) -> None:
    before, after = Health(Random(1)), Health(Random(2))
    async with kept(tmp_path, before):
        until = limited(before)
        before.failed("p", "n", "bad", Failure(FailureClass.BAD_KEY, "no"), time.time())
        answered(before, 3)
    async with kept(tmp_path, after):
        verdict = after.verdict("p", "m", KEYS, time.time())
        assert (verdict.until, verdict.told) == (until, True)
        assert after.verdict("p", "x", ("bad",), time.time()).reason is FailureClass.BAD_KEY
        measured = after.measured("p", "m", time.time())
    assert measured is not None
    assert measured.first_content == pytest.approx(1)
    assert measured.trials == pytest.approx(3, rel=1e-3)


async def test_two_processes_share_deadlines_successes_and_counts(tmp_path: Path) -> None:
    one, two = Health(Random(1)), Health(Random(2))
    async with kept(tmp_path, one, every=0.01), kept(tmp_path, two, every=0.01):
        limited(one)
        await eventually(lambda: two.verdict("p", "m", KEYS, time.time()).told)
        await asyncio.sleep(0.06)
        answered_at = time.time()
        two.succeeded("p", "m", "k", first_content=0, characters=9, seconds=0, now=answered_at)
        await eventually(lambda: one.verdict("p", "m", KEYS, time.time()).state is State.CLOSED)
        answered(one, 5)
        answered(two, 7)
        await eventually(lambda: successes(one) == successes(two) == 13)


async def test_what_others_wrote_meanwhile_does_not_hide_what_is_not_written_yet(tmp_path: Path) -> None:
    one, two = Health(Random(1)), Health(Random(2))
    async with kept(tmp_path, one) as first, kept(tmp_path, two) as second:
        answered(one, 2)
        await first.flush()
        answered(two, 3)
        answered(one, 4)
        await second.flush()
        two.merge(Memory())
        assert successes(two) == 5
        assert successes(one) == 6
        await first.flush()
        assert successes(one) == 9


async def test_rows_that_the_disk_refused_are_kept_and_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "REST", 0.0)
    said: list[str] = []
    (tmp_path / "state").write_text("a file where the folder should be")
    health, other = Health(Random(1)), Health(Random(2))
    async with kept(tmp_path / "state", health, say=said.append, every=0.01) as keeper:
        until = limited(health)
        for _ in range(4):
            answered(health)
            await keeper.flush()
        assert health.verdict("p", "m", KEYS, time.time()).until == until
        (tmp_path / "state").unlink()
        await keeper.flush()
        assert successes(health) == 4
    assert len(said) == 1
    async with kept(tmp_path / "state", other):
        assert successes(other) == 4
        assert other.verdict("p", "m", KEYS, time.time()).until == until


async def test_the_loop_does_not_wait_for_a_file_that_another_process_holds(tmp_path: Path) -> None:
    health = Health(Random(1))
    async with kept(tmp_path, health) as keeper:
        holder = sqlite3.connect(tmp_path / FILE, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        answered(health)
        writing = asyncio.create_task(keeper.flush())
        for _ in range(50):
            await asyncio.sleep(0.001)
        assert not writing.done(), "the loop turned fifty times while the thread waited"
        holder.execute("COMMIT")
        holder.close()
        await writing
    assert successes(health) == 1


class Paused:
    """A store whose work ends when the test says so."""

    def __init__(self, store: HealthStore) -> None:
        self._store = store
        self.go_on = threading.Event()

    def exchange(self, changes: Memory) -> Memory:
        self.go_on.wait(10)
        return self._store.exchange(changes)

    def close(self) -> None:
        self._store.close()


async def test_a_cancelled_wait_counts_nothing_twice(tmp_path: Path) -> None:
    health, store = Health(Random(1)), Paused(HealthStore(tmp_path, pytest.fail))
    store.go_on.set()
    async with Keeper(store, health, every=60) as keeper:
        store.go_on.clear()
        answered(health, 3)
        writing = asyncio.create_task(keeper.flush())
        await asyncio.sleep(0.01)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        store.go_on.set()
        await keeper.flush()
        assert successes(health) == 3
    other = Health(Random(2))
    async with kept(tmp_path, other):
        assert successes(other) == 3


async def test_closing_twice_and_without_a_start_is_harmless(tmp_path: Path) -> None:
    health = Health(Random(1))
    keeper = kept(tmp_path, health)
    answered(health)
    await keeper.close()
    await keeper.close()
    other = Health(Random(2))
    async with kept(tmp_path, other):
        assert successes(other) == 1


async def test_a_quiet_process_writes_nothing(tmp_path: Path) -> None:
    health = Health(Random(1))
    async with kept(tmp_path, health, every=0.01):
        watcher = sqlite3.connect(tmp_path / FILE)
        before = watcher.execute("PRAGMA data_version").fetchone()
        await asyncio.sleep(0.1)
        assert watcher.execute("PRAGMA data_version").fetchone() == before
        watcher.close()
