"""A real gateway process in front of simulated providers, and the questions that tests put to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]

# What stands before each wire's own path, as the settings want it.
BASES = {
    "openai": "/v1",
    "anthropic": "",
    "gemini": "/v1beta",
    "ollama": "",
    "cohere": "",
}

# Serves as `wallasapi serve --foreground` does; SIGUSR1 prints which tasks live (asked by the tests of leaving).
_WATCHED = """
import asyncio, gc, json, signal, sys
from pathlib import Path
from wallascli.gateway.serve import run
from wallascli.settings import load

def ready(address):
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, report)
    print(json.dumps({"data": {"url": address}}), flush=True)

def report():
    gc.collect()
    names = sorted(task.get_coro().__qualname__ for task in asyncio.all_tasks())
    print("tasks", *names, flush=True)

run(load(config=Path(sys.argv[1]), flags={"server.port": 0}), ready=ready)
"""


@dataclass(frozen=True, slots=True)
class Pretended:
    """One `[providers.X]` table: a provider's name at the simulator, and the wire it speaks."""

    name: str
    wire: str = "openai"
    models: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)

    def table(self, simulator: str) -> str:
        lines = {
            "wire": self.wire,
            "base_url": f"{simulator}/{self.name}{BASES[self.wire]}",
            "free": True,
            "keys": [f"key-of-{self.name}"],
            **({"models": list(self.models)} if self.models else {}),
            **self.settings,
        }
        return f"[providers.{self.name}]\n" + "".join(f"{name} = {_toml(v)}\n" for name, v in lines.items())


def _toml(value: object) -> str:
    return json.dumps(value)


class NotStarted(Exception):
    """The gateway ended before it listened: its exit code, and what it said."""


@dataclass(frozen=True)
class Gateway:
    """A gateway that runs. `said` is everything it wrote to stderr."""

    url: str
    process: subprocess.Popen[str]
    home: Path

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def said(self) -> str:
        return (self.home / "stderr").read_text(encoding="utf-8")

    def client(self, **options: Any) -> httpx.AsyncClient:
        """A client that shares nothing with ours and tries nothing twice."""
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        return httpx.AsyncClient(
            base_url=self.url, verify=False, trust_env=False, timeout=30, limits=limits, **options
        )

    def plain(self) -> httpx.Client:
        """The same without an event loop."""
        return httpx.Client(base_url=self.url, verify=False, trust_env=False, timeout=30)

    def get(self, path: str, **options: Any) -> httpx.Response:
        """One request on a connection of its own."""
        with self.plain() as client:
            return client.get(path, **options)

    def post(self, path: str, body: object, **options: Any) -> httpx.Response:
        """One JSON request on a connection of its own."""
        with self.plain() as client:
            return client.post(path, json=body, **options)

    def ask(self, model: str, text: str = "hello", **options: Any) -> httpx.Response:
        """One plain chat."""
        headers = options.pop("headers", {})
        return self.post("/v1/chat/completions", chat_body(model, text, **options), headers=headers)

    def tasks(self) -> list[str]:
        """The names of all tasks in its event loop; only of one that is watched."""
        assert self.process.stdout is not None
        self.process.send_signal(signal.SIGUSR1)
        word, *names = self.process.stdout.readline().split()
        assert word == "tasks"
        return names

    def memory(self) -> int:
        """Resident bytes."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def stop(self) -> int:
        """SIGTERM, as an operator would; gives the exit code."""
        self.process.terminate()
        try:
            return self.process.wait(timeout=40)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            if self.process.stdout is not None:
                self.process.stdout.close()


def chat_body(model: str, text: str = "hello", **fields: Any) -> dict[str, Any]:
    """A chat in OpenAI's words."""
    return {"model": model, "messages": [{"role": "user", "content": text}], **fields}


def config(simulator: str, providers: Iterable[Pretended], more: str = "") -> str:
    """A whole `config.toml`; `more` may be tables, or keys of no table at its beginning."""
    return "\n".join((more, *(provider.table(simulator) for provider in providers)))


@contextmanager
def gateway(home: Path, settings: str, **options: Any) -> Iterator[Gateway]:
    """A gateway process, stopped at the end; a traceback on its stderr is then an error. Options as of `start`."""
    running = start(home, settings, **options)
    try:
        yield running
    finally:
        running.stop()
    assert "Traceback" not in running.said, running.said
    assert "never retrieved" not in running.said, running.said


def start(home: Path, settings: str, *, port: int = 0, watched: bool = False) -> Gateway:
    """Start a gateway and wait until it says where it listens. `watched`: so that it can be asked for its tasks.

    Raises `NotStarted`.
    """
    home.mkdir(parents=True, exist_ok=True)
    file = home / "config.toml"
    file.write_text(settings, encoding="utf-8")
    command = ["-m", "wallascli", "serve", "--foreground", "--json", "--port", str(port), "--config"]
    with (home / "stderr").open("w", encoding="utf-8") as stderr:
        process = subprocess.Popen(
            [sys.executable, *(["-c", _WATCHED] if watched else command), str(file)],
            cwd=ROOT,
            env={**os.environ, "WALLASAPI_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    assert process.stdout is not None
    told = process.stdout.readline()
    url = (json.loads(told or "{}").get("data") or {}).get("url")
    if url is None:
        code = process.wait(timeout=10)
        process.stdout.close()
        raise NotStarted(code, told + (home / "stderr").read_text(encoding="utf-8"))
    return Gateway(url, process, home)
