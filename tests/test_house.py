"""The suite's own promises: nothing leaves the machine, CI skips nothing, a missing program is named."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import programs
from tests.loopback_only import sitecustomize as loopback

ROOT = Path(__file__).parent.parent
SUITE = """
import pytest

def test_wants_a_program(program):
    program("no-such-program")

def test_passes():
    pass
"""


@pytest.fixture
def leaks() -> Iterator[Path]:
    """The list of attempts, emptied again so that the attempts made on purpose fail nobody."""
    path = Path(os.environ[loopback.LEAKS])
    yield path
    path.unlink(missing_ok=True)


def test_a_connection_to_another_machine_is_an_error_and_is_noted(leaks: Path) -> None:
    with socket.socket() as sock, pytest.raises(loopback.OutsideLoopback):
        sock.connect(("192.0.2.1", 80))
    assert "192.0.2.1" in leaks.read_text()


def test_looking_up_a_foreign_name_is_an_error(leaks: Path) -> None:
    with pytest.raises(loopback.OutsideLoopback):
        socket.getaddrinfo("example.org", 443)
    assert "example.org" in leaks.read_text()


def test_a_python_started_by_a_test_is_watched_too(leaks: Path) -> None:
    attempt = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)"
    outcome = subprocess.run([sys.executable, "-c", attempt], capture_output=True, text=True)
    assert "OutsideLoopback" in outcome.stderr
    assert "192.0.2.1" in leaks.read_text()


def test_loopback_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
    assert socket.getaddrinfo("localhost", 80)


def run_suite(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The real pytest on a small suite under our conftest; apt-get is a stub that brings nothing."""
    tests = folder / "tests"
    tests.mkdir()
    (tests / "test_small.py").write_text(SUITE)
    for name in ("apt-get", "sudo"):
        (folder / name).write_text("#!/bin/sh\nexit 1\n")
        (folder / name).chmod(0o755)
    (tests / "conftest.py").write_text((ROOT / "tests/conftest.py").read_text())
    pytest_quietly = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": path, **environment}
    command = [*pytest_quietly, f"--rootdir={folder}", str(tests)]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)


def test_a_missing_program_skips_its_test_and_the_apt_line_is_said(tmp_path: Path) -> None:
    outcome = run_suite(tmp_path, CI="")
    assert outcome.returncode == 0, outcome.stdout
    assert "1 passed, 1 skipped" in outcome.stdout
    assert programs.apt_line({"no-such-program"}) in outcome.stdout


def test_in_ci_a_skip_is_a_failure(tmp_path: Path) -> None:
    outcome = run_suite(tmp_path, CI="true")
    assert outcome.returncode == 1, outcome.stdout
    assert "1 failed, 1 passed" in outcome.stdout
    assert "no-such-program" in outcome.stdout


def test_a_program_outside_the_path_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "someserver").touch(mode=0o755)
    monkeypatch.setattr(programs, "ELSEWHERE", (f"{tmp_path}/*",))
    assert programs.find("someserver") == tmp_path / "bin" / "someserver"
