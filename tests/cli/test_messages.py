"""Every sentence has a place in the table, and the table has none that nobody says."""

import ast
import re
from pathlib import Path

from wallascli.cli.messages import _ENGLISH

CLI = Path(__file__).resolve().parents[2] / "wallascli/cli"


def keys_said() -> tuple[set[str], list[re.Pattern[str]]]:
    """Keys as they stand in calls of `say`, and patterns for those that are put together there."""
    exact, patterns = set(), []
    for path in CLI.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="say"), args=[ast.Constant(value=str(key))]):
                    exact.add(key)
                case ast.Call(func=ast.Name(id="say"), args=[ast.JoinedStr(values=values)]):
                    parts = [re.escape(str(v.value)) if isinstance(v, ast.Constant) else r"[\w-]+" for v in values]
                    patterns.append(re.compile("".join(parts)))
    return exact, patterns


def test_every_key_that_is_said_exists() -> None:
    exact, _ = keys_said()
    assert exact <= set(_ENGLISH), exact - set(_ENGLISH)


def test_every_sentence_is_said_somewhere() -> None:
    exact, patterns = keys_said()
    idle = {key for key in _ENGLISH if key not in exact and not any(p.fullmatch(key) for p in patterns)}
    assert not idle


def test_people_are_spoken_to_from_the_table_alone() -> None:
    """A sentence is a string of several words: outside the table there is none but for programmers."""
    for path in sorted(CLI.glob("*.py")):
        if path.name == "messages.py":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            match node:
                case ast.Call(
                    func=ast.Name(id="tell" | "write" | "misused" | "Failed"), args=[ast.Constant(value=said), *_]
                ):
                    assert not re.search(r"\w+ \w+", str(said)), f"{path.name}:{node.lineno}: {said!r}"
