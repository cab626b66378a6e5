"""Local means local (P4), asked of a real gateway whose local server comes, goes, and has proxies around it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.gateway.serving import gateway
from tests.simulation import SimulatorProcess, start_process, stop_process

pytest_plugins = ("tests.simulation",)


def settings(ollama: str, groq: str) -> str:
    return (
        f'[providers.ollama]\nbase_url = "{ollama}"\n'
        f'[providers.groq]\nkeys = ["key-of-groq"]\nbase_url = "{groq}"\nmodels = ["openai/gpt-oss-20b"]\n'
    )


def test_what_was_installed_stays_here_though_its_server_is_down_since_before_the_start(
    tmp_path: Path, simulator_process: SimulatorProcess
) -> None:
    daemon = start_process()
    daemon.order(provider="ollama", models=["gpt-oss:20b"])
    table = settings(f"{daemon.url}/ollama", f"{simulator_process.url}/groq/v1")
    with gateway(tmp_path, table) as running:
        assert running.ask("gpt-oss:20b").headers["x-wallas-provider"] == "ollama"
    stop_process(daemon)
    hour_ago = time.time() - 3600
    for listing in (tmp_path / "cache" / "listings").glob("ollama*"):
        os.utime(listing, (hour_ago, hour_ago))
    with gateway(tmp_path, table) as running:
        refused = running.ask("gpt-oss:20b")
        assert refused.status_code == 502
        assert [one["provider"] for one in refused.json()["error"]["attempts"]] == ["ollama"]
        assert simulator_process.log(provider="groq", operation="chat") == []
        told = running.post("/v1/routing/explain", {"model": "auto"}).json()
        assert [one["provider"] for one in told["candidates"]] == ["groq"]


class _Proxy(BaseHTTPRequestHandler):
    seen: list[str]

    def _note(self) -> None:
        self.seen.append(self.path)
        self.send_error(502)

    do_GET = do_POST = do_CONNECT = _note

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A proxy in the environment; what it was asked."""
    seen: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("_Noting", (_Proxy,), {"seen": seen}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{server.server_port}")
    yield seen
    server.shutdown()
    server.server_close()


def test_no_proxy_hears_what_a_local_server_is_asked(tmp_path: Path, proxy: list[str]) -> None:
    # 127.0.0.2 is no name of this machine that the rule for loopback knows: as good as another in the house.
    tables = "".join(
        f'[providers.{name}]\nwire = "{wire}"\nbase_url = "http://127.0.0.2:9"\nlocal = {local}\n{more}'
        for name, wire, local, more in (
            ("lan", "ollama", "true", ""),
            ("far", "openai", "false", 'free = true\nmodels = ["m"]\n'),
        )
    )
    with gateway(tmp_path, tables) as running:
        assert running.ask("lan:qwen3").status_code == 502
        assert proxy == []
        assert running.ask("far:m").status_code == 502
        assert {path.partition("/chat")[0] for path in proxy} == {"http://127.0.0.2:9"}
