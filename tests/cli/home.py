"""Our command as a real process, in a home of its own, with pretended providers in place of real ones."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from wallascli.providers import PROVIDERS

ROOT = Path(__file__).resolve().parents[2]
NOBODY = "http://127.0.0.1:9"  # the discard port: nobody listens there
# One model each, in the order of nothing: the plan decides.
MODELS = {"groq": "openai/gpt-oss-120b", "mistral": "mistral-small-2603"}


@dataclass(frozen=True)
class Outcome:
    """What came of a command."""

    code: int
    out: str
    err: str

    @property
    def envelope(self) -> dict[str, Any]:
        """stdout as the one object that `--json` prints."""
        told = json.loads(self.out)
        assert set(told) == {"ok", "data", "error"}
        assert told["ok"] is (told["error"] is None)
        return dict(told)

    @property
    def data(self) -> Any:
        assert self.envelope["ok"], self.out
        return self.envelope["data"]


@dataclass(frozen=True)
class Home:
    """Where one test's command lives: `wallasapi/` is its home, `here/` its working folder."""

    folder: Path

    def __post_init__(self) -> None:
        (self.folder / "wallasapi").mkdir(parents=True, exist_ok=True)
        (self.folder / "here").mkdir(exist_ok=True)

    @property
    def config(self) -> Path:
        return self.folder / "wallasapi/config.toml"

    def settle(self, url: str, *, models: dict[str, str] | None = None, more: str = "") -> None:
        """Write settings: these providers, with a key, at the simulator `url`; no Ollama."""
        lines = [more, "[providers.ollama]", "enabled = false"]
        for name, model in (models or MODELS).items():
            base = f"{url}/{name}{urlsplit(PROVIDERS[name].base_url).path}"
            lines += [f"[providers.{name}]", f'base_url = "{base}"', f'keys = ["test-{name}-0001"]']
            lines += [f'models = ["{model}"]']
        self.config.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def environ(self, **more: str) -> dict[str, str]:
        path = os.pathsep.join(part for part in (os.environ.get("PYTHONPATH", ""), str(ROOT)) if part)
        ours = {"WALLASAPI_HOME": str(self.folder / "wallasapi"), "OLLAMA_UPSTREAM": NOBODY, "PYTHONPATH": path}
        return {**os.environ, **ours, "TERM": "xterm-256color", **more}

    def run(self, *arguments: str, given: str | bytes = b"", **environ: str) -> Outcome:
        """Run it to its end, with `given` on a piped stdin."""
        content = given.encode() if isinstance(given, str) else given
        done = subprocess.run(
            command(*arguments), env=self.environ(**environ), cwd=self.folder / "here", input=content,
            capture_output=True, timeout=60,
        )  # fmt: skip
        return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(
        self, *arguments: str, environ: Mapping[str, str] | None = None, **popen: Any
    ) -> subprocess.Popen[bytes]:
        """Start it, with pipes and an empty stdin unless told otherwise."""
        options: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
        } | popen
        return subprocess.Popen(
            command(*arguments), env=self.environ(**(environ or {})), cwd=self.folder / "here", **options
        )


def command(*arguments: str) -> Sequence[str]:
    return [sys.executable, "-m", "wallascli", *arguments]


def interrupted(process: subprocess.Popen[bytes]) -> tuple[Outcome, float]:
    """Send Ctrl-C; what came of it, and how many seconds that took."""
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    return Outcome(process.returncode, out.decode(), err.decode()), time.monotonic() - began
