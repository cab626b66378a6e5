"""What one process learns, the others know: across restarts, at the same time, and after `kill -9`."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from wallascli.store.health import CIRCUITS_KEPT, FILE, HealthStore
from wallascli.store.rows import NOTHING, AverageRow, CircuitRow, Memory
from wallascli.vocab.failures import FailureClass
from wallascli.vocab.secret import Secret

ROOT = Path(__file__).parents[2]
NOW = time.time()

WRITER = """
    import sys, time
    from pathlib import Path
    from wallascli.store.health import HealthStore
    from wallascli.store.rows import AverageRow, CircuitRow, Memory
    from wallascli.store.sqlite import Unavailable
    name, folder, turns = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    store = HealthStore(folder, print)
    now = time.time()
    print("ready", flush=True)
    sys.stdin.readline()
    for turn in range(turns):
        circuit = CircuitRow("p", "m", until=now + turn + 100 * (name == "b"), failed_at=now + turn)
        counts = [AverageRow("p", model, now, successes=1, good=1.0) for model in ("shared", name)]
        while True:
            try:
                store.exchange(Memory([circuit], counts))
                break
            except Unavailable:  # the other one held it for too long: the keeper comes again too
                continue
        print(turn, flush=True)
"""


def start(name: str, folder: Path, turns: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ['PYTHONPATH']}"}
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), name, str(folder), str(turns)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.fixture
def store(tmp_path: Path) -> Iterator[HealthStore]:
    opened = HealthStore(tmp_path, pytest.fail)
    yield opened
    opened.close()


def everything(folder: Path) -> Memory:
    fresh = HealthStore(folder, pytest.fail)
    try:
        return fresh.exchange(NOTHING)
    finally:
        fresh.close()


def test_every_field_comes_back_as_it_was(store: HealthStore, tmp_path: Path) -> None:
    circuit = CircuitRow("p", "m", "k", NOW + 9, True, FailureClass.QUOTA_SPENT, NOW, NOW - 1, 0.5, 3, "no más ✗")
    average = AverageRow(
        provider="p",
        model="m",
        at=NOW,
        successes=1,
        failures=2,
        good=1 / 3,
        bad=2 / 3,
        waits=4 / 3,
        waited=5 / 3,
        answers=7 / 3,
        logs=-1 / 3,
        log_squares=8 / 3,
        characters=100 / 3,
        speaking=10 / 3,
        succeeded_at=NOW - 1,
        failed_at=NOW - 5,
        last_error="last",
    )
    store.exchange(Memory([circuit], [average]))
    assert everything(tmp_path) == Memory([circuit], [average])


def test_only_what_changed_since_the_last_look_is_read(store: HealthStore, tmp_path: Path) -> None:
    store.exchange(Memory([CircuitRow("p", "one", until=NOW + 1, failed_at=NOW)]))
    other = HealthStore(tmp_path, pytest.fail)
    assert [row.model for row in other.exchange(NOTHING).circuits] == ["one"]
    assert not other.exchange(NOTHING)
    store.exchange(Memory([CircuitRow("p", "two", until=NOW + 1, failed_at=NOW)]))
    assert [row.model for row in other.exchange(NOTHING).circuits] == ["two"]
    other.close()


def test_a_writer_gets_back_what_its_row_became(store: HealthStore, tmp_path: Path) -> None:
    other = HealthStore(tmp_path, pytest.fail)
    other.exchange(Memory([CircuitRow("p", "m", until=NOW + 60, told=True, failed_at=NOW)]))
    found = store.exchange(Memory([CircuitRow("p", "m", until=NOW + 2, failed_at=NOW + 1)]))
    assert [(row.until, row.told) for row in found.circuits] == [(NOW + 60, True)]
    other.close()


def test_two_processes_writing_at_once_lose_nothing(tmp_path: Path) -> None:
    turns = 150
    both = [start(name, tmp_path, turns) for name in "ab"]
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in both:
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert output.splitlines() == [str(turn) for turn in range(turns)], "nothing was said beside"
    found = everything(tmp_path)
    assert {row.model: row.successes for row in found.averages} == {
        "a": turns,
        "b": turns,
        "shared": 2 * turns,
    }
    [circuit] = found.circuits
    assert circuit.until - circuit.failed_at == pytest.approx(100, abs=5), "the later deadline was kept"


def test_kill_9_in_the_middle_of_writing_costs_at_most_the_last_turn(tmp_path: Path) -> None:
    done = 0
    for lines in (1, 20, 77):
        process = start("a", tmp_path, 10**6)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        for _ in range(lines):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        done += lines + process.stdout.read().count("\n")
        process.communicate(timeout=60)
        counts = {row.model: row.successes for row in everything(tmp_path).averages}
        assert counts["a"] == counts["shared"], "a turn is kept whole or not at all"
        assert done <= counts["a"] <= done + 1
        done = counts["a"]


def test_a_broken_file_costs_the_memory_and_not_the_service(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\0broken" * 999)
    said: list[str] = []
    store = HealthStore(tmp_path, said.append)
    row = CircuitRow("p", "m", until=NOW + 1, failed_at=NOW)
    assert store.exchange(Memory([row])).circuits == [row]
    assert len(said) == 1
    store.close()


def test_a_new_file_under_us_is_read_whole(store: HealthStore, tmp_path: Path) -> None:
    for number in range(5):
        store.exchange(Memory([CircuitRow("p", f"old-{number}", until=NOW + 1, failed_at=NOW)]))
    for path in tmp_path.iterdir():
        path.unlink()
    other = HealthStore(tmp_path, pytest.fail)
    other.exchange(Memory([CircuitRow("p", "new", until=NOW + 1, failed_at=NOW)]))
    assert [row.model for row in store.exchange(NOTHING).circuits] == ["new"]
    other.close()


def test_what_is_long_over_is_forgotten_and_what_still_holds_is_not(store: HealthStore, tmp_path: Path) -> None:
    past = NOW - CIRCUITS_KEPT - 60
    store.exchange(
        Memory(
            [
                CircuitRow("p", "over", until=past, failed_at=past - 60),
                CircuitRow("p", "told", until=NOW + 60, told=True, failed_at=past),
            ],
            [AverageRow("p", "last year", NOW - 400 * 86_400), AverageRow("p", "today", NOW)],
        )
    )
    found = everything(tmp_path)
    assert [row.model for row in found.circuits] == ["told"]
    assert [row.model for row in found.averages] == ["today"]


def test_a_class_that_this_version_does_not_know_is_unknown(store: HealthStore, tmp_path: Path) -> None:
    store.exchange(Memory([CircuitRow("p", "m", until=NOW + 1, failed_at=NOW)]))
    other = sqlite3.connect(tmp_path / FILE)
    with other:
        other.execute("UPDATE circuits SET kind = 'sulking'")
    other.close()
    assert [row.kind for row in everything(tmp_path).circuits] == [FailureClass.UNKNOWN]


def test_a_name_that_is_no_utf_8_is_kept_all_the_same(store: HealthStore) -> None:
    row = CircuitRow("p", "half \ud83d pair", until=NOW + 1, failed_at=NOW)
    assert [row.model for row in store.exchange(Memory([row])).circuits] == ["half ? pair"]


def test_no_key_is_written(store: HealthStore, tmp_path: Path) -> None:
    key = Secret("a key that opens doors")
    store.exchange(Memory([CircuitRow("p", "", key.fingerprint, NOW + 1, failed_at=NOW)]))
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert key.fingerprint.encode() in written
    assert b"doors" not in written
