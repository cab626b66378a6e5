"""The `wallasapi` script on a machine that has never seen it: real sh, real venv, real pip.

The package it installs here is a stand-in whose build backend is one file, so that pip needs no index; the
last test installs the real one.
"""

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PATIENCE = 60.0  # seconds; an environment takes about 5

PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "wallasapi"
version = "1"
"""
# Counts its runs, and waits as long as a file called `hold` lies beside it.
BACKEND = """\
import pathlib, time, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    with open("installs", "a") as log:
        log.write("once\\n")
    while pathlib.Path("hold").exists():
        time.sleep(0.02)
    if pathlib.Path("broken").exists():
        raise SystemExit("the backend is broken")
    name = "wallasapi-1-py3-none-any.whl"
    dist = "wallasapi-1.dist-info"
    with zipfile.ZipFile(pathlib.Path(folder) / name, "w") as wheel:
        wheel.writestr("wallasapi.pth", str(pathlib.Path.cwd()))
        wheel.writestr(f"{dist}/METADATA", "Metadata-Version: 2.1\\nName: wallasapi\\nVersion: 1\\n")
        wheel.writestr(f"{dist}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{dist}/RECORD", "")
    return name
"""
MAIN = """\
import json, os, sys
said = sys.stdin.read() if not sys.stdin.isatty() else ""
print(json.dumps({"argv": sys.argv[1:], "stdin": said, "prefix": sys.prefix, "cwd": os.getcwd(),
                  "launcher": os.environ["WALLASAPI_LAUNCHER"], "path": sys.path}))
"""


class House:
    """A copy of the launcher in a folder of its own."""

    def __init__(self, folder: Path, python: str = sys.executable) -> None:
        self.folder, self.python = folder, python
        (folder / "wallascli").mkdir(parents=True)
        shutil.copy2(ROOT / "wallasapi", folder)
        (folder / "pyproject.toml").write_text(PYPROJECT)
        (folder / "constraints.txt").write_text("")
        (folder / "backend.py").write_text(BACKEND)
        (folder / "wallascli/__main__.py").write_text(MAIN)

    @property
    def launcher(self) -> Path:
        return self.folder / "wallasapi"

    @property
    def installs(self) -> int:
        log = self.folder / "installs"
        return len(log.read_text().splitlines()) if log.exists() else 0

    def start(self, *arguments: str, by: Path | None = None, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [by or self.launcher, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "PYTHON": self.python, **environment},
        )

    def run(self, *arguments: str, by: Path | None = None, said: str = "", **environment: str) -> "Outcome":
        process = self.start(*arguments, by=by, **environment)
        out, err = process.communicate(said, timeout=PATIENCE)
        return Outcome(process.returncode, out, err)

    def wait_until_installing(self) -> None:
        deadline = time.monotonic() + PATIENCE
        before = self.installs
        while self.installs == before:
            assert time.monotonic() < deadline, "pip never reached the build"
            time.sleep(0.02)


class Outcome:
    """What a start gave back."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def seen(self) -> dict[str, object]:
        assert self.code == 0, self.err
        seen = json.loads(self.out)
        assert isinstance(seen, dict)
        return seen


@pytest.fixture
def bare(tmp_path: Path) -> House:
    """Nothing installed yet, below a path with spaces."""
    return House(tmp_path / "a house")


@pytest.fixture(scope="module")
def quick_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python whose `-m venv` copies an environment that was really made, once: 0.3 s instead of 4."""
    folder = tmp_path_factory.mktemp("quick")
    subprocess.run([sys.executable, "-m", "venv", folder / "made"], check=True)
    stub(folder, "python", f'case $1 in -c) echo "$0" ;; *) cp -a "{folder}/made/." "$3" ;; esac')
    return str(folder / "python")


@pytest.fixture
def quick(tmp_path: Path, quick_python: str) -> House:
    """Nothing installed yet, and soon done."""
    return House(tmp_path / "a house", quick_python)


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory, quick_python: str) -> House:
    """Installed once for the tests that only start it."""
    house = House(tmp_path_factory.mktemp("launcher") / "a house", quick_python)
    assert house.run().code == 0
    return house


def test_the_first_start_installs_says_so_on_stderr_and_leaves_stdin_alone(bare: House) -> None:
    outcome = bare.run("chat", "two words", said="from the pipe")
    assert outcome.seen["argv"] == ["chat", "two words"]
    assert outcome.seen["stdin"] == "from the pipe"
    assert outcome.seen["prefix"] == str(bare.folder / ".venv")
    assert outcome.seen["launcher"] == str(bare.launcher)
    assert "first start" in outcome.err
    assert "Installing collected packages" in outcome.err
    assert list((bare.folder / "wallascli/__pycache__").glob("*.pyc"))


def test_later_starts_are_silent_and_install_nothing(lived_in: House) -> None:
    before = lived_in.installs
    outcome = lived_in.run("status")
    assert outcome.seen["argv"] == ["status"]
    assert outcome.err == ""
    assert lived_in.installs == before


def test_it_may_be_called_through_links_from_anywhere(lived_in: House, tmp_path: Path) -> None:
    (tmp_path / "some bin").mkdir()
    relative = tmp_path / "some bin" / "inner"
    relative.symlink_to(os.path.relpath(lived_in.launcher, tmp_path / "some bin"))
    outer = tmp_path / "w"
    outer.symlink_to(Path("some bin") / "inner")
    assert lived_in.run(by=outer).seen["launcher"] == str(lived_in.launcher)


def test_it_is_found_by_name_on_the_path_and_keeps_the_callers_folder(lived_in: House, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "wallasapi").symlink_to(lived_in.launcher)
    (tmp_path / "json.py").write_text("raise SystemExit('a stranger in the current folder was imported')")
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    shell = ["sh", "-c", "cd -- '" + str(tmp_path) + "' && wallasapi x"]
    out = subprocess.run(shell, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=PATIENCE)
    assert Outcome(out.returncode, out.stdout, out.stderr).seen["cwd"] == str(tmp_path)


def test_two_at_once_install_once_and_the_second_says_that_it_waits(quick: House) -> None:
    (quick.folder / "hold").touch()
    first = quick.start("first")
    quick.wait_until_installing()
    second = quick.start("second")
    assert second.stderr is not None
    assert "waiting" in second.stderr.readline()
    (quick.folder / "hold").unlink()
    for process, name in ((first, "first"), (second, "second")):
        out, err = process.communicate("", timeout=PATIENCE)
        assert Outcome(process.returncode, out, err).seen["argv"] == [name]
    assert quick.installs == 1


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT], ids=["killed", "ctrl-c"])
def test_a_start_that_was_ended_in_the_middle_is_made_good_by_the_next(quick: House, sent: signal.Signals) -> None:
    (quick.folder / "hold").touch()
    process = quick.start()
    quick.wait_until_installing()
    os.killpg(process.pid, sent)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == (130 if sent is signal.SIGINT else -sent)
    assert "Traceback" not in err
    (quick.folder / "hold").unlink()

    outcome = quick.run("again")
    assert outcome.seen["argv"] == ["again"]
    assert "did not finish" in outcome.err
    assert quick.run().err == ""


def test_the_lock_holds_while_an_orphaned_pip_still_works(quick: House) -> None:
    (quick.folder / "hold").touch()
    process = quick.start()
    quick.wait_until_installing()
    process.kill()  # the shell alone: pip goes on below
    second = quick.start("second")
    assert second.stderr is not None
    assert "waiting" in second.stderr.readline()
    (quick.folder / "hold").unlink()
    out, err = second.communicate("", timeout=PATIENCE)
    assert Outcome(second.returncode, out, err).seen["argv"] == ["second"]
    process.communicate(timeout=PATIENCE)


def test_it_installs_again_only_when_what_it_installed_from_changed(quick: House) -> None:
    assert quick.run().code == 0
    pyproject = quick.folder / "pyproject.toml"

    os.utime(pyproject)  # as after a checkout: another time, the same text
    assert quick.run().err == ""
    assert quick.installs == 1

    pyproject.write_text(PYPROJECT + 'description = "new"\n')
    os.utime(pyproject, (0, 0))  # an older file is a change too
    assert "changed" in quick.run().err
    assert quick.installs == 2

    (quick.folder / "constraints.txt").write_text("# a pin\n")
    assert "changed" in quick.run().err
    assert quick.run().err == ""
    assert quick.installs == 3


def test_an_update_that_fails_says_so_and_starts_what_is_there(quick: House) -> None:
    assert quick.run().code == 0
    (quick.folder / "broken").touch()
    (quick.folder / "constraints.txt").write_text("# changed\n")
    outcome = quick.run("x")
    assert outcome.seen["argv"] == ["x"]
    assert "could not update" in outcome.err
    (quick.folder / "broken").unlink()
    assert "could not" not in quick.run().err


def test_a_failed_install_shows_the_last_lines_of_its_log(quick: House) -> None:
    (quick.folder / "broken").touch()
    path = os.pathsep.join([str(quick.folder), "/usr/bin", "/bin"])
    outcome = quick.run(PATH=path)
    assert outcome.code == 1
    assert outcome.out == ""
    assert "the backend is broken" in outcome.err
    assert "pip.log" in outcome.err


def test_a_house_that_moved_is_installed_anew(quick: House, tmp_path: Path) -> None:
    assert quick.run().code == 0
    quick.folder.rename(tmp_path / "elsewhere")
    quick.folder = tmp_path / "elsewhere"
    assert quick.run().seen["prefix"] == str(tmp_path / "elsewhere" / ".venv")
    assert quick.installs == 2


def test_an_environment_whose_python_is_gone_is_made_anew(quick: House) -> None:
    assert quick.run().code == 0
    (quick.folder / ".venv/bin/python").unlink()
    (quick.folder / ".venv/bin/python").symlink_to(quick.folder / "python-of-last-year")
    assert quick.run("x").seen["argv"] == ["x"]


def test_a_read_only_house_starts_and_a_change_there_is_only_said(
    quick: House, program: Callable[[str], Path]
) -> None:
    assert quick.run().code == 0
    os.utime(quick.folder / "pyproject.toml")
    writable = [path for path in (quick.folder, *quick.folder.rglob("*")) if not path.is_symlink()]
    by = quick.folder.parent / "as-anybody"  # root may write everywhere, unless it gives that right away
    by.write_text(f'#!/bin/sh\nexec {program("setpriv")} --bounding-set=-dac_override "{quick.launcher}" "$@"\n')
    by.chmod(0o755)
    try:
        for path in writable:
            path.chmod(path.stat().st_mode & ~0o222)
        assert quick.run("x", by=by).seen["argv"] == ["x"]
        (quick.folder / "constraints.txt").chmod(0o644)
        (quick.folder / "constraints.txt").write_text("# changed\n")
        outcome = quick.run("x", by=by)
        assert outcome.seen["argv"] == ["x"]
        assert "cannot be written" in outcome.err
    finally:
        for path in writable:
            path.chmod(path.stat().st_mode | 0o200)


def only(folder: Path, *tools: str) -> Path:
    """A PATH with the named system tools and nothing else."""
    folder.mkdir()
    for tool in tools:
        found = shutil.which(tool)
        assert found, tool
        (folder / tool).symlink_to(found)
    return folder


def stub(folder: Path, name: str, script: str) -> None:
    """A program that is not what it seems."""
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


TOOLS = ("sh", "awk", "mkdir", "rm", "sed", "tail", "grep", "cmp", "cp", "id", "flock")


def test_without_a_python_one_line_says_what_helps(bare: House, tmp_path: Path) -> None:
    path = only(tmp_path / "bin", *TOOLS)
    stub(path, "python3", "echo 'old Python has no venv' >&2; exit 1")
    stub(path, "apt-get", "exit 1")
    stub(path, "apt-cache", 'case $3 in *12-venv*) echo "python3.12-venv - a package";; esac')
    outcome = bare.run(PATH=str(path), PYTHON="")
    assert outcome.code == 1
    assert outcome.out == ""
    last = outcome.err.splitlines()[-1]
    assert "apt-get install -y python3.12-venv" in last
    assert "old Python" not in outcome.err


def test_without_a_python_and_a_package_tool_uv_is_what_helps(bare: House, tmp_path: Path) -> None:
    outcome = bare.run(PATH=str(only(tmp_path / "bin", *TOOLS)), PYTHON="")
    assert outcome.code == 1
    assert "astral.sh/uv" in outcome.err.splitlines()[-1]


def test_the_next_python_is_tried_when_the_first_cannot_make_an_environment(bare: House, tmp_path: Path) -> None:
    path = only(tmp_path / "bin", *TOOLS)
    stub(path, "python3", 'case $1 in -c) echo "$0" ;; *) exit 1 ;; esac')  # promises, and does not keep it
    (path / "python3.11").symlink_to(sys.executable)
    outcome = bare.run("x", PATH=str(path), PYTHON="")
    assert outcome.seen["argv"] == ["x"]
    assert f"using {path / 'python3'}" in outcome.err


def test_uv_serves_where_no_python_does(bare: House, tmp_path: Path) -> None:
    path = only(tmp_path / "bin", *TOOLS)
    stub(path, "uv", f'for last in "$@"; do :; done; exec "{sys.executable}" -m venv "$last"')
    outcome = bare.run("x", PATH=str(path), PYTHON="")
    assert outcome.seen["argv"] == ["x"]
    assert "using uv" in outcome.err


def test_its_own_time_is_under_ten_milliseconds(lived_in: House, tmp_path: Path) -> None:
    shutil.copytree(lived_in.folder, tmp_path / "h", symlinks=True)
    house = tmp_path / "h"
    (house / ".venv/wallasapi/root").write_text(f"{house}\n")
    (house / ".venv/bin/python").unlink()
    (house / ".venv/bin/python").symlink_to("/bin/true")  # what remains is the launcher

    def milliseconds(*command: str | Path) -> float:
        begin = time.perf_counter()
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return (time.perf_counter() - begin) * 1000

    pairs = [(milliseconds(house / "wallasapi"), milliseconds("sh", "-c", "exec /bin/true")) for _ in range(41)]
    own = statistics.median(ours - shell for ours, shell in pairs)
    assert own < 10, f"{own:.1f} ms"


def test_the_script_is_clean_posix_shell(program: Callable[[str], Path]) -> None:
    scripts = [ROOT / "wallasapi", ROOT / "install-launcher.sh", ROOT / ".ci/run"]
    checked = subprocess.run([program("shellcheck"), *scripts], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_real_package_installs_and_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH")  # the one test that may reach the package index
    house = tmp_path / "clone"
    house.mkdir()
    for name in ("wallasapi", "pyproject.toml", "constraints.txt", "LICENSE"):
        shutil.copy2(ROOT / name, house)
    shutil.copytree(ROOT / "wallascli", house / "wallascli", ignore=shutil.ignore_patterns("__pycache__"))
    run = subprocess.run([house / "wallasapi", "--version"], capture_output=True, text=True, timeout=590)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("wallasapi ")
    script = subprocess.run([house / ".venv/bin/wallasapi", "--help"], capture_output=True, text=True)
    assert script.returncode == 0, script.stderr
