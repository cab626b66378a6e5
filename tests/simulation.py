"""Simulated providers for tests: `simulator` runs in the test's own loop, `simulator_process` is a real process.

A test file that wants them says `pytest_plugins = ("tests.simulation",)` at its top and names the fixture. The
process is shared by all tests of a worker; it forgets rules and log before each test that uses it.

PYTEST_DONT_REWRITE: test files both import this module and load it as a plugin, in that order.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from wallascli.simulator import Simulator

ROOT = Path(__file__).resolve().parent.parent


@pytest_asyncio.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """A simulator inside the test's event loop: `simulator.script(...)`, `simulator.log`, `simulator.stats`."""
    async with Simulator() as running:
        yield running


@dataclass(frozen=True)
class SimulatorProcess:
    """A simulator that runs as a process of its own; asked and changed through its control paths."""

    url: str
    port: int
    process: subprocess.Popen[str]

    def order(self, **order: object) -> None:
        """What `Simulator.order` takes: provider, script, model, key, models, keys, wire, handshake."""
        self._call("POST", "script", order)

    def script(self, provider: str, *scripts: str, model: str = "", key: str = "") -> None:
        """From now on a provider behaves so; several scripts: one for each request, the last one stays."""
        self.order(provider=provider, script=list(scripts), model=model, key=key)

    def log(self, **filters: str) -> list[dict[str, Any]]:
        """What was asked, oldest first; filters are fields of an entry, `last` limits their number."""
        query = "&".join(f"{name}={value}" for name, value in filters.items())
        entries: list[dict[str, Any]] = self._call("GET", f"log?{query}")
        return entries

    def stats(self) -> dict[str, int]:
        """Open connections, requests in flight, totals since the start."""
        counted: dict[str, int] = self._call("GET", "stats")
        return counted

    def clear(self) -> None:
        """Forget rules and log."""
        self._call("DELETE", "script")
        self._call("DELETE", "log")

    def _call(self, method: str, path: str, body: object = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_simulator/{path}", content, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
            return json.load(answer)


def start_process(*arguments: str) -> SimulatorProcess:
    """Start `python -m wallascli.simulator` and wait until it listens. Stop it with `stop_process`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "wallascli.simulator", "--follow-stdin", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    return SimulatorProcess(ready["url"], ready["port"], process)


def stop_process(running: SimulatorProcess) -> int:
    """Stop it as an operator would; gives its exit code."""
    process = running.process
    process.terminate()
    code = process.wait(timeout=10)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    return code


@pytest.fixture(scope="session")
def _shared_simulator_process() -> Iterator[SimulatorProcess]:
    running = start_process()
    yield running
    stop_process(running)


@pytest.fixture
def simulator_process(_shared_simulator_process: SimulatorProcess) -> Iterator[SimulatorProcess]:
    """The worker's simulator process, without rules and with an empty log; it is left without rules, too, for
    the tests that share it and set none."""
    _shared_simulator_process.clear()
    yield _shared_simulator_process
    _shared_simulator_process.clear()
