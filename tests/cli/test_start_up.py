"""Start-up is a feature: what a command imports, and what it costs until its request leaves."""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.home import Home, command
from tests.simulation import SimulatorProcess

pytest_plugins = ("tests.simulation",)

# Milliseconds of user and system CPU over a bare Python.
HELP = 130.0
CHAT = 330.0
# The same work costs that much more while other tests share the caches of the machine.
NEIGHBOURS = 2.0
# The libraries without which nothing is asked, and how much of their CPU a question may cost in all. Neighbours
# slow both alike. Measured 2026-11-20: 1.5; with pydantic for the settings 2.1.
LIBRARIES = "import aiohttp, os, typer; os._exit(0)"
SHARE = 1.85

SLOW = {"rich", "pydantic", "aiohttp", "httpx", "asyncio", "markdown_it", "pygments", "uvloop", "orjson"}
REPORT = """
import atexit, os, sys
atexit.register(lambda: open(os.environ["LOADED"], "w").write(" ".join(sys.modules)))
"""


def loaded(home: Home, *arguments: str) -> set[str]:
    """The modules that the command had imported when it ended."""
    planted = home.folder / "report"
    planted.mkdir(exist_ok=True)
    (planted / "sitecustomize.py").write_text(REPORT)
    file = home.folder / "loaded"
    home.run(*arguments, LOADED=str(file), PYTHONPATH=f"{planted}{os.pathsep}{home.environ()['PYTHONPATH']}")
    return set(file.read_text().split())


@pytest.mark.parametrize(
    "arguments",
    [("--version",), ("--help",), ("chat", "--help"), ("help", "exit-codes"), ("chta",), ("config", "path")],
)
def test_what_needs_no_engine_imports_none(home: Home, arguments: tuple[str, ...]) -> None:
    modules = loaded(home, *arguments)
    assert "wallascli" in modules
    assert not modules & SLOW


def test_a_question_imports_no_server_and_renders_nothing_in_a_pipe(
    home: Home, simulator_process: SimulatorProcess
) -> None:
    home.settle(simulator_process.url)
    modules = loaded(home, "chat", "hi")
    assert "wallascli.cli.conversing" in modules
    assert not modules & {"aiohttp.web", "rich", "markdown_it", "httpx", "uvloop", "pydantic", "wallascli.gateway"}


def test_a_question_reads_no_dialect_but_that_of_its_provider(
    home: Home, simulator_process: SimulatorProcess
) -> None:
    home.settle(simulator_process.url)
    dialects = {f"wallascli.wires.{name}" for name in ("openai_chat", "anthropic", "cohere", "gemini", "ollama")}
    assert loaded(home, "chat", "hi") & dialects == {"wallascli.wires.openai_chat"}


def cpu(*arguments: str | Path, env: dict[str, str]) -> float:
    """User and system CPU of a process, in milliseconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(arguments, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000


def test_help_costs_a_bare_python_and_130_milliseconds(home: Home) -> None:
    env = home.environ()
    home.run("--help")  # compiles
    over = [cpu(*command("--help"), env=env) - cpu(sys.executable, "-c", "pass", env=env) for _ in range(5)]
    assert min(over) < HELP * NEIGHBOURS, over


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="needs Linux")
def test_a_question_leaves_soon(home: Home, simulator_process: SimulatorProcess) -> None:
    home.settle(simulator_process.url)
    home.run("chat", "hi")  # compiles
    simulator_process.script("*", "stall")
    bare, libraries, asked = [], [], []
    for _ in range(5):
        bare.append(cpu(sys.executable, "-c", "pass", env=home.environ()))
        libraries.append(cpu(sys.executable, "-c", LIBRARIES, env=home.environ()))
        asked.append(_until_asked(home, simulator_process))
    assert min(asked) - min(bare) < CHAT * NEIGHBOURS, (asked, bare)
    assert min(asked) < min(libraries) * SHARE, (asked, libraries)


def _until_asked(home: Home, simulator: SimulatorProcess) -> float:
    """CPU of `chat` in milliseconds at the moment when its request has arrived."""
    already = len(simulator.log(operation="chat"))
    process = home.start("chat", "hi")
    try:
        while len(simulator.log(operation="chat")) == already:
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        tasks = Path(f"/proc/{process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e6
    finally:
        process.kill()
        process.communicate()
