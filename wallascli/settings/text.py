"""`config.toml` as text: read it, and find the line where a key stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from wallascli.vocab.failures import Misconfigured

Tree: TypeAlias = dict[str, Any]

_POSITION = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)$", re.DOTALL)


def read(path: Path) -> str:
    """The text of the file. Raises `Misconfigured`; `FileNotFoundError` is left to the caller."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as exc:
        raise Misconfigured(f"{path}: cannot be read: {exc.strerror}") from exc
    try:
        return content.decode("utf-8-sig")  # editors on Windows begin a file with a mark
    except UnicodeDecodeError as exc:
        line = content.count(b"\n", 0, exc.start) + 1
        raise Misconfigured(f"{path}, line {line}: not UTF-8", hint="save the file as UTF-8") from exc


def parse(text: str, path: Path) -> Tree:
    """The tree of the text. Raises `Misconfigured` with line and column."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        found = _POSITION.match(str(exc))
        what = found[1] if found else str(exc)
        line, column = (found[2], found[3]) if found and found[2] else _end(text)
        hint = "text stands in quotes, a list in brackets; `wallasapi config path` prints which file is read"
        raise Misconfigured(f"{path}, line {line}, column {column}: {what}", hint=hint) from exc


def _end(text: str) -> tuple[int, int]:
    lines = text.split("\n")
    return len(lines), len(lines[-1]) + 1


def line_of(text: str, place: Sequence[str | int]) -> int | None:
    """The line where the key at `place` stands, else where the nearest table around it does. Needs valid TOML."""
    names: list[str] = []
    for part in place:
        if isinstance(part, int):
            break  # inside a list: the list's key is the line that a person looks for
        names.append(part)
    statements = list(_statements(text))
    for depth in range(len(names), 0, -1):
        for line, tree in statements:
            if _holds(tree, names[:depth]):
                return line
    return None


def _statements(text: str) -> Iterator[tuple[int, Tree]]:
    """Each statement alone: its first line, and its tree below the table it stands in."""
    table: list[str] = []
    begun: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        begun.append(line)
        try:
            tree = tomllib.loads("\n".join(begun))
        except tomllib.TOMLDecodeError:
            continue  # a list or a text that goes on
        first, begun = number - len(begun) + 1, []
        if line.lstrip().startswith("[") and first == number:
            table = _only_path(tree)
        else:
            for name in reversed(table):
                tree = {name: tree}
        if tree:
            yield first, tree


def _only_path(tree: Tree) -> list[str]:
    path: list[str] = []
    node: object = tree
    while isinstance(node, dict) and node:
        name, node = next(iter(node.items()))
        path.append(name)
    return path


def _holds(tree: object, names: Sequence[str]) -> bool:
    for name in names:
        if not isinstance(tree, dict) or name not in tree:
            return False
        tree = tree[name]
    return True
