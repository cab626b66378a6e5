"""`install-launcher.sh`: one link in the user's own folder, and never at another file's expense."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent


def install(home: Path, *arguments: str, path: str = "/usr/bin:/bin") -> subprocess.CompletedProcess[str]:
    script = ROOT / "install-launcher.sh"
    env = {**os.environ, "HOME": str(home), "PATH": path}
    return subprocess.run([script, *arguments], env=env, capture_output=True, text=True)


def test_it_links_the_launcher_and_tells_how_to_reach_it(tmp_path: Path) -> None:
    outcome = install(tmp_path)
    assert outcome.returncode == 0, outcome.stderr
    assert (tmp_path / ".local/bin/wallasapi").resolve() == ROOT / "wallasapi"
    assert f'export PATH="{tmp_path}/.local/bin:$PATH"' in outcome.stderr


def test_it_does_not_lecture_about_a_path_that_is_right(tmp_path: Path) -> None:
    outcome = install(tmp_path, path=f"/usr/bin:/bin:{tmp_path}/.local/bin")
    assert "PATH" not in outcome.stderr


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    install(tmp_path)
    outcome = install(tmp_path)
    assert outcome.returncode == 0
    assert "in place already" in outcome.stderr


def test_something_else_by_that_name_is_left_alone(tmp_path: Path) -> None:
    foreign = tmp_path / ".local/bin/wallasapi"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("somebody's own")
    outcome = install(tmp_path)
    assert outcome.returncode == 1
    assert "--force" in outcome.stderr
    assert foreign.read_text() == "somebody's own"


def test_force_keeps_what_was_there_under_another_name(tmp_path: Path) -> None:
    foreign = tmp_path / ".local/bin/wallasapi"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("somebody's own")
    outcome = install(tmp_path, "--force")
    assert outcome.returncode == 0, outcome.stderr
    assert foreign.resolve() == ROOT / "wallasapi"
    assert (foreign.parent / "wallasapi.before").read_text() == "somebody's own"


def test_remove_takes_away_only_its_own_link(tmp_path: Path) -> None:
    link = tmp_path / ".local/bin/wallasapi"
    install(tmp_path)
    assert install(tmp_path, "--remove").returncode == 0
    assert not link.is_symlink()
    link.write_text("somebody's own")
    install(tmp_path, "--remove")
    assert link.read_text() == "somebody's own"


def test_an_unknown_flag_is_wrong_usage(tmp_path: Path) -> None:
    outcome = install(tmp_path, "--uninstal")
    assert outcome.returncode == 2
    assert "--remove" in outcome.stderr
