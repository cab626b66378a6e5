"""The entry of the process: the version costs next to nothing, Ctrl-C is quiet from the first moment."""

import os
import resource
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

import wallascli

ROOT = Path(__file__).parent.parent
MAIN = ROOT / "wallascli/__main__.py"
ALLOWANCE = 15.0  # milliseconds of user + system CPU over a bare Python


def environment(*folders: Path) -> dict[str, str]:
    """What a start finds: our package, and whatever lies in `folders` before everything else."""
    path = os.pathsep.join(str(folder) for folder in (*folders, ROOT))
    return {**os.environ, "PYTHONPATH": path}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", MAIN, *arguments], env=environment(), capture_output=True, text=True
    )


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_the_version_is_answered(flag: str) -> None:
    outcome = run(flag)
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, f"wallasapi {wallascli.__version__}\n", "")


def test_the_version_imports_none_of_what_is_slow() -> None:
    code = "import sys; sys.argv = ['w', '-V']; from wallascli.__main__ import main; main(); print(*sys.modules)"
    outcome = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    loaded = set(outcome.stdout.split())
    assert "wallascli.__main__" in loaded
    assert not loaded & {"typer", "rich", "pydantic", "aiohttp", "asyncio", "enum", "wallascli.cli"}


def test_the_version_costs_a_bare_python_and_fifteen_milliseconds() -> None:
    def cpu(*command: str | Path) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, env=environment(), stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000

    over = [
        cpu(sys.executable, "-P", MAIN, "--version") - cpu(sys.executable, "-P", "-c", "pass") for _ in range(15)
    ]
    assert statistics.median(over) < ALLOWANCE


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_one_line_and_exit_1() -> None:
    with Path("/dev/full").open("w") as full:
        outcome = subprocess.run(
            [sys.executable, "-P", MAIN, "-V"], env=environment(), stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert outcome.returncode == 1
    assert outcome.stderr.splitlines() == ["error: cannot write the version: No space left on device"]


# Stands where typer would: says that it is being imported, and swallows what interrupts it, as libraries do.
SLOW_LIBRARY = """
import time
print("importing", flush=True)
try:
    time.sleep(60)
except BaseException:
    pass
"""


def start_importing(folder: Path, *, ignoring: bool = False) -> subprocess.Popen[str]:
    """Our program in the middle of its imports; with `ignoring`, as nohup and `&` start it."""
    (folder / "typer.py").write_text(SLOW_LIBRARY.replace("60", "0.5" if ignoring else "60"))
    process = subprocess.Popen(
        [sys.executable, "-P", MAIN, "status"],
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=(lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) if ignoring else None,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "importing\n"
    return process


def test_ctrl_c_while_importing_is_130_and_silent(tmp_path: Path) -> None:
    process = start_importing(tmp_path)
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, "")
    assert time.monotonic() - begin < 5


def test_who_was_told_to_ignore_ctrl_c_still_does(tmp_path: Path) -> None:
    process = start_importing(tmp_path, ignoring=True)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode != 130


def test_a_missing_package_is_two_lines_and_not_a_trace(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("import shellingham_of_another_world")
    outcome = subprocess.run(
        [sys.executable, "-P", MAIN, "status"], env=environment(tmp_path), capture_output=True, text=True
    )
    assert outcome.returncode == 1
    assert "it lacks the package shellingham_of_another_world" in outcome.stderr
    assert "hint: " in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_help_calls_the_program_by_its_name() -> None:
    assert "Usage: wallasapi " in run("--help").stdout
