"""How large things may become. The numbers are those of the small, well-kept projects that were measured.

`python -m tests.budget_report` prints what is reported and not enforced.
"""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.source import PACKAGE, Module, modules

ROOT = Path(__file__).parent.parent

FILE_LINES = 400
FUNCTION_LINES = 60
BRANCHES = 4  # of one if/elif chain; more is a dict, a `match`, or a row of data
COMPLEXITY = 10

# The entries of our processes: there, and once each, whatever went wrong becomes an answer or an exit code.
ENTRIES = {
    "wallascli/__main__.py",
    "wallascli/cli/app.py",
    "wallascli/gateway/app.py",
    "wallascli/mcp/server.py",
}
BROAD = {"Exception", "BaseException"}

Complaints = Iterator[str]


def files_are_short(tree: list[Module]) -> Complaints:
    for module in tree:
        lines = len(module.text.splitlines())
        if lines > FILE_LINES:
            yield f"{module.where}: {lines} lines"


def functions_are_short(tree: list[Module]) -> Complaints:
    for module in tree:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    yield f"{module.where}:{node.lineno}: {node.name}() has {lines} lines"


def chains_are_short(tree: list[Module]) -> Complaints:
    for module in tree:
        continued = {
            node.orelse[0] for node in ast.walk(module.tree) if isinstance(node, ast.If) and is_elif(node, module)
        }
        for node in ast.walk(module.tree):
            if isinstance(node, ast.If) and node not in continued:
                branches = length_of_chain(node, module)
                if branches > BRANCHES:
                    yield f"{module.where}:{node.lineno}: if/elif chain of {branches} branches"


def length_of_chain(node: ast.If, module: Module) -> int:
    length = 1
    while is_elif(node, module):
        following = node.orelse[0]
        assert isinstance(following, ast.If)
        node = following
        length += 1
    return length


def is_elif(node: ast.If, module: Module) -> bool:
    """Whether an `elif` follows; the tree alone cannot tell it from an `if` inside `else`."""
    if len(node.orelse) != 1 or not isinstance(node.orelse[0], ast.If):
        return False
    line = module.text.splitlines()[node.orelse[0].lineno - 1]
    return line.lstrip().startswith("elif")


def nothing_is_excepted_broadly(tree: list[Module]) -> Complaints:
    for module in tree:
        broad = [line for node in ast.walk(module.tree) if (line := catches_everything(node))]
        for line in broad[1 if module.where in ENTRIES else 0 :]:
            yield f"{module.where}:{line}: a broad except"


def catches_everything(node: ast.AST) -> int:
    """The line of a broad `except` that does not end by raising again, or of `suppress(Exception)`; else 0."""
    match node:
        case ast.ExceptHandler(type=caught, body=body):
            passes_on = isinstance(body[-1], ast.Raise) and body[-1].exc is None
            return 0 if passes_on or (caught and not names_in(caught) & BROAD) else node.lineno
        case ast.Call(func=ast.Name(id="suppress") | ast.Attribute(attr="suppress"), args=args):
            return node.lineno if any(names_in(argument) & BROAD for argument in args) else 0
    return 0


def names_in(node: ast.AST) -> set[str]:
    return {found.id for found in ast.walk(node) if isinstance(found, ast.Name)}


def functions_are_simple(tree: list[Module]) -> Complaints:
    limit = f"lint.mccabe.max-complexity={COMPLEXITY}"
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--output-format=concise"]
    command += ["--select=C901", "--ignore-noqa", "--config", limit, *(str(module.path) for module in tree)]
    told = subprocess.run(command, capture_output=True, text=True)
    assert told.returncode in {0, 1}, told.stderr
    yield from (line for line in told.stdout.splitlines() if "C901" in line)


RULES = [
    files_are_short,
    functions_are_short,
    chains_are_short,
    nothing_is_excepted_broadly,
    functions_are_simple,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_our_tree_keeps(rule: Callable[[list[Module]], Complaints]) -> None:
    tree = modules(ROOT, PACKAGE, "tests", "tools")
    assert tree
    assert not list(rule(tree))


def chain(branches: int) -> str:
    return "".join(f"{'el' if n else ''}if x == {n}:\n    pass\n" for n in range(branches)) + "else:\n    pass\n"


def function(lines: int) -> str:
    return "async def f():\n" + "    pass\n" * (lines - 1)


def tangle(complexity: int) -> str:
    return "def f(x):\n" + "".join(f"    if x == {n}:\n        x += 1\n" for n in range(complexity - 1))


BROADLY = "try:\n    pass\nexcept (OSError, Exception):\n    pass\n"

# Rule, a file that just keeps it, a file that just breaks it.
EDGES = [
    (files_are_short, "#\n" * 400, "#\n" * 401),
    (functions_are_short, function(60), function(61)),
    (chains_are_short, chain(4), chain(5)),
    (chains_are_short, "if x:\n    pass\nelse:\n    " + chain(4).replace("\n", "\n    ").rstrip() + "\n", chain(6)),
    (nothing_is_excepted_broadly, "try:\n    pass\nexcept OSError:\n    pass\n", BROADLY),
    (nothing_is_excepted_broadly, "try:\n    pass\nexcept BaseException:\n    x = 1\n    raise\n", BROADLY),
    (nothing_is_excepted_broadly, "with suppress(OSError):\n    pass\n", "with suppress(Exception):\n    pass\n"),
    (nothing_is_excepted_broadly, "pass\n", "try:\n    pass\nexcept:\n    pass\n"),
    (functions_are_simple, tangle(10), tangle(11)),
]


@pytest.mark.parametrize(("rule", "kept", "broken"), EDGES)
def test_a_planted_violation_is_found_and_its_edge_is_not(
    rule: Callable[[list[Module]], Complaints], kept: str, broken: str, tmp_path: Path
) -> None:
    planted = tmp_path / PACKAGE / "planted.py"
    planted.parent.mkdir()
    planted.write_text(kept)
    assert list(rule(modules(tmp_path, PACKAGE))) == []
    planted.write_text(broken)
    assert len(list(rule(modules(tmp_path, PACKAGE)))) == 1


def test_an_entry_of_a_process_may_catch_everything_once(tmp_path: Path) -> None:
    entry = tmp_path / "wallascli/gateway/app.py"
    entry.parent.mkdir(parents=True)
    entry.write_text(BROADLY)
    assert list(nothing_is_excepted_broadly(modules(tmp_path, PACKAGE))) == []
    entry.write_text(BROADLY * 2)
    assert len(list(nothing_is_excepted_broadly(modules(tmp_path, PACKAGE)))) == 1
