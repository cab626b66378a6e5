"""What is generated of the provider rows is up to date, and enough for somebody in a hurry."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dotenv import dotenv_values

from tools import docs
from wallascli.providers import PROVIDERS

ROOT = Path(__file__).parent.parent


def test_the_generated_documents_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.docs", "--check"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_the_check_notices_a_stale_document_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = tmp_path / "README.md"
    shutil.copy(ROOT / "README.md", readme)
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    assert docs.main(["--check"]) == 1
    assert not (tmp_path / ".env.example").exists()
    assert docs.main([]) == 0
    assert docs.main(["--check"]) == 0
    readme.write_text(readme.read_text().replace("GROQ_API_KEY", "GROK_API_KEY"))
    assert docs.main(["--check"]) == 1


def test_a_readme_that_lost_its_markers_is_an_error() -> None:
    with pytest.raises(ValueError, match="markers"):
        docs.with_table("# A readme\n")


def test_the_table_names_everybody_with_the_variable_to_set() -> None:
    lines = {line.split("](")[0][3:]: line for line in docs.table().splitlines() if line.startswith("| [")}
    assert set(lines) == {row.title for row in PROVIDERS.values()}
    for row in PROVIDERS.values():
        assert all(f"`{name}`" in lines[row.title] for name in row.key_env)
    assert "| ended |" in lines["GitHub Models"]


def test_one_line_of_the_example_filled_in_is_a_settings_file(tmp_path: Path) -> None:
    settings = tmp_path / ".env"
    settings.write_text(docs.env_example().replace("\nGROQ_API_KEY=\n", "\nGROQ_API_KEY=mine\n"))
    values = dotenv_values(settings)
    assert {name: value for name, value in values.items() if value} == {"GROQ_API_KEY": "mine"}
    assert set(values) == {row.key_env[0] for row in PROVIDERS.values() if row.key_env and not row.retired}


def test_the_example_begins_with_what_is_free_and_quick() -> None:
    order = list(dotenv_values(stream=None, dotenv_path=ROOT / ".env.example"))
    costs = [
        bool(row.signup and row.signup.free) for name in order for row in PROVIDERS.values() if name in row.key_env
    ]
    assert costs == sorted(costs, reverse=True)
    assert order[0] in ("GEMINI_API_KEY", "GROQ_API_KEY", "OPENROUTER_API_KEY")


def test_every_key_has_one_line_that_says_where_it_is_had() -> None:
    lines = docs.env_example().splitlines()
    for at, line in enumerate(lines):
        if line.endswith("_KEY="):
            assert lines[at - 1].startswith("# ")
            assert "https://" in lines[at - 1]
            assert lines[at - 2] == ""
