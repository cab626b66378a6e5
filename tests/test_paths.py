"""Where files lie, and that what is private stays so."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from wallascli import paths


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_one_variable_moves_everything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WALLASAPI_HOME", str(tmp_path / "w"))
    assert paths.config_file() == tmp_path / "w/config.toml"
    assert paths.data_dir() == tmp_path / "w/data"
    assert paths.state_dir() == tmp_path / "w/state"
    assert paths.cache_dir() == tmp_path / "w/cache"
    assert paths.logs_dir() == tmp_path / "w/logs"
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize(("value", "begins"), [("~/w", "{home}/w"), ("w", "{folder}/w")])
def test_the_variable_may_be_short_for_a_path(
    value: str, begins: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WALLASAPI_HOME", value)
    assert paths.config_file() == Path(begins.format(home=Path.home(), folder=tmp_path)) / "config.toml"


@pytest.mark.skipif(sys.platform != "linux", reason="XDG folders are Linux's")
def test_without_it_the_systems_folders_are_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WALLASAPI_HOME", "")
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    assert paths.config_file() == tmp_path / "CONFIG/wallasapi/config.toml"
    assert paths.data_dir() == tmp_path / "DATA/wallasapi"
    assert paths.state_dir() == tmp_path / "STATE/wallasapi"
    assert paths.cache_dir() == tmp_path / "CACHE/wallasapi"
    assert tmp_path / "STATE/wallasapi" in paths.logs_dir().parents


def test_a_private_file_and_the_folders_made_for_it_are_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        paths.write_private(tmp_path / "new" / "deep" / "keys.toml", b"secret")
    finally:
        os.umask(before)
    assert mode(tmp_path / "new/deep/keys.toml") == 0o600
    assert mode(tmp_path / "new/deep") == mode(tmp_path / "new") == 0o700


def test_a_file_that_others_could_read_is_closed_when_written(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"old")
    path.chmod(0o644)
    paths.write_private(path, b"new")
    assert path.read_bytes() == b"new"
    assert mode(path) == 0o600


def test_writing_through_a_link_keeps_the_link(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    link = tmp_path / "config.toml"
    link.symlink_to(tmp_path / "dotfiles/config.toml")
    paths.write_private(link, b"text")
    assert link.is_symlink()
    assert (tmp_path / "dotfiles/config.toml").read_bytes() == b"text"


def test_a_write_that_fails_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    (tmp_path / "busy").mkdir()
    (tmp_path / "busy" / "file").touch()
    with pytest.raises(OSError, match="busy"):
        paths.write_private(tmp_path / "busy", b"a folder cannot be replaced")
    assert [path.name for path in tmp_path.iterdir()] == ["busy"]


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    paths.write_private(path, b"a" * 200_000)
    writing = "import sys, pathlib; from wallascli import paths\nfor n in range(40):\n"
    writing += "    paths.write_private(pathlib.Path(sys.argv[1]), b'ab'[n % 2 : n % 2 + 1] * 200_000)"
    root = Path(paths.__file__).parent.parent
    env = {**os.environ, "PYTHONPATH": str(root)}
    writer = subprocess.Popen([sys.executable, "-c", writing, path], env=env)
    seen = set()
    while writer.poll() is None:
        content = path.read_bytes()
        seen.add((len(content), content[:1] == content[-1:]))
    assert writer.returncode == 0
    assert seen == {(200_000, True)}
