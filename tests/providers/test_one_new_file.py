"""Adding an OpenAI-compatible provider is one new file, and everything picks it up."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
NEW = '''"""A provider that did not exist a minute ago."""

from wallascli.providers.base import Provider, Signup
from wallascli.wires import openai_chat

PROVIDER = Provider(
    name="brand-new",
    title="Brand New",
    base_url="https://api.brand-new.example/v1",
    wire=openai_chat.OUT,
    key_env=("BRAND_NEW_API_KEY",),
    signup=Signup("https://brand-new.example/keys", 1, free="one answer a day"),
)
'''


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the project's code, with one more file."""
    for folder in ("wallascli", "tools"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "README.md", tmp_path)
    (tmp_path / "wallascli/providers/brand_new.py").write_text(NEW)
    return tmp_path


def run(tree: Path, *arguments: str) -> str:
    path = os.pathsep.join([str(tree), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


def test_the_walk_finds_it_and_it_can_be_asked(tree: Path) -> None:
    asked = """
import json
from wallascli.providers import PROVIDERS
from wallascli.vocab.chat import ChatRequest, Message, Role, Text

row = PROVIDERS["brand-new"]
rendered = row.render(ChatRequest("x", (Message(Role.USER, (Text("Hello"),)),)), "tiny-1", stream=False)
print(json.dumps([row.base_url + rendered.path, rendered.body]))
"""
    url, body = json.loads(run(tree, "-c", asked))
    assert url == "https://api.brand-new.example/v1/chat/completions"
    assert body == {"model": "tiny-1", "messages": [{"role": "user", "content": "Hello"}]}


def test_the_docs_and_the_example_of_settings_show_it(tree: Path) -> None:
    run(tree, "-m", "tools.docs")
    example = (tree / ".env.example").read_text()
    assert "BRAND_NEW_API_KEY=" in example
    assert "https://brand-new.example/keys" in example
    assert "| [Brand New](https://brand-new.example/keys) |" in (tree / "README.md").read_text()
