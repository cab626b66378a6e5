"""The simulator shares no code with what it tests, and needs nothing but the standard library."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import wallascli.simulator
from tests.simulation import SimulatorProcess

pytest_plugins = ("tests.simulation",)

FILES = sorted(Path(wallascli.simulator.__file__).parent.glob("*.py"))
SERVERS = {"http.server", "socketserver", "wsgiref", "xmlrpc"}


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_imports_only_the_simulator_and_the_standard_library(file: Path) -> None:
    for name in imported(file):
        assert name.startswith("wallascli.simulator") or name.partition(".")[0] in sys.stdlib_module_names
        assert name not in SERVERS


def test_the_openai_sdk_reads_it(simulator_process: SimulatorProcess) -> None:
    openai = pytest.importorskip("openai")
    client = openai.OpenAI(base_url=f"{simulator_process.url}/groq/openai/v1", api_key="any", max_retries=0)
    asked = [{"role": "user", "content": "hello"}]
    whole = client.chat.completions.create(model="sim", messages=asked)
    assert whole.choices[0].message.content == "echo: hello"
    chunks = client.chat.completions.create(model="sim-c5", messages=asked, stream=True)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == "word1 word2 word3 word4 word5"
    with pytest.raises(openai.RateLimitError, match="Rate limit reached"):
        client.chat.completions.create(model="sim-429", messages=asked)
    client.close()
