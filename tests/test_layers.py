"""Who may import whom: only downward, never sideways, libraries only at their border, no circle.

Each rule is a function from modules to complaints, so that it can be shown a planted violation too.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.source import PACKAGE, Module, modules

ROOT = Path(__file__).parent.parent

LAYERS = {
    "": -1,  # the package itself holds the version and nothing else
    "vocab": 0,
    "paths": 0,
    "wires": 1,
    "providers": 2,
    "upstream": 3,
    "store": 3,
    "routing": 4,
    "services": 4,
    "settings": 4,
    "engine": 5,
    "gateway": 6,
    "mcp": 6,
    "daemon": 6,
    "simulator": 6,
    "cli": 7,
    "__main__": 8,
}

# Library -> the only units that may import it. The longest matching name decides.
BORDERS: dict[str, set[str]] = {
    "aiohttp": {"upstream"},
    "aiohttp.web": {"gateway"},
    "click": set(),  # Typer carries its own copy
    "dotenv": {"settings"},
    "httpx": {"services"},
    "mcp": {"mcp"},
    "openai": set(),
    "anthropic": set(),
    "platformdirs": {"paths"},
    "psutil": {"daemon"},
    "psycopg": {"store"},
    "pydantic": set(),  # 118 ms of CPU for every question; settings/checks.py does its work
    "redis": {"store"},
    "requests": set(),
    "rich": {"cli"},
    "tomlkit": {"settings", "cli"},
    "typer": {"cli"},
}

# Unit -> what it may not import whatever the tables above say.
CLOCKS_AND_PIPES = {
    "asyncio",
    "http.client",
    "http.server",
    "random",
    "socket",
    "ssl",
    "subprocess",
    "threading",
    "time",
}
NEVER: dict[str, set[str]] = {
    "vocab": {"orjson", *CLOCKS_AND_PIPES, *BORDERS},
    "wires": CLOCKS_AND_PIPES,
    "simulator": {PACKAGE, "aiohttp", "http.client", "http.server", "httpx", "urllib.request", "wsgiref"},
}

Complaints = Iterator[str]


def within(name: str, prefix: str) -> bool:
    """Whether the dotted `name` is `prefix` or lies below it."""
    return name == prefix or name.startswith(f"{prefix}.")


def is_ours(name: str) -> bool:
    return within(name, PACKAGE)


def every_unit_has_a_layer(tree: list[Module]) -> Complaints:
    for unit in sorted({module.unit for module in tree} - set(LAYERS)):
        yield f"{unit}: has no number in LAYERS"


def imports_point_down(tree: list[Module]) -> Complaints:
    for module in tree:
        here = LAYERS.get(module.unit, 99)
        for found in module.imports:
            there = target_unit(found.name, tree)
            if is_ours(found.name) and there != module.unit and LAYERS.get(there, 99) >= here:
                yield f"{module.where}:{found.line}: {module.unit} ({here}) imports {found.name}"


def libraries_stay_at_their_border(tree: list[Module]) -> Complaints:
    for module in tree:
        for found in module.imports:
            matching = [name for name in BORDERS if within(found.name, name)]
            if matching and module.unit not in BORDERS[max(matching, key=len)]:
                yield f"{module.where}:{found.line}: {found.name} does not belong in {module.unit}"


def nothing_forbidden_is_imported(tree: list[Module]) -> Complaints:
    for module in tree:
        for found in module.imports:
            for name in NEVER.get(module.unit, ()):
                own = name == PACKAGE and within(found.name, f"{PACKAGE}.{module.unit}")
                if within(found.name, name) and not own:
                    yield f"{module.where}:{found.line}: {module.unit} may never import {found.name}"


def ours_are_imported_at_the_top(tree: list[Module]) -> Complaints:
    for module in tree:
        if module.unit in {"cli", "__main__"}:  # there start-up time decides
            continue
        for found in module.imports:
            if found.inside and is_ours(found.name):
                yield f"{module.where}:{found.line}: {found.name} is imported inside {found.inside}()"


def there_is_no_circle(tree: list[Module]) -> Complaints:
    names = {module.name for module in tree}
    graph = {module.name: {target(found.name, names) for found in module.imports} & names for module in tree}
    finished: set[str] = set()

    def walk(name: str, trail: tuple[str, ...]) -> Complaints:
        if name in trail:
            yield " -> ".join([*trail[trail.index(name) :], name])
        elif name not in finished:
            for other in sorted(graph[name] - {name}):
                yield from walk(other, (*trail, name))
            finished.add(name)

    for name in sorted(graph):
        yield from walk(name, ())


def target(name: str, names: set[str]) -> str:
    """The module that an imported name is, or is in."""
    return name if name in names else name.rpartition(".")[0]


def target_unit(name: str, tree: list[Module]) -> str:
    """The unit that an imported name of ours lies in: `wallascli.__version__` lies in the package itself."""
    unit = ".".join(name.split(".")[1:2])
    return unit if unit in LAYERS or any(module.unit == unit for module in tree) else ""


RULES = [
    every_unit_has_a_layer,
    imports_point_down,
    libraries_stay_at_their_border,
    nothing_forbidden_is_imported,
    ours_are_imported_at_the_top,
    there_is_no_circle,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_our_tree_keeps(rule: Callable[[list[Module]], Complaints]) -> None:
    tree = modules(ROOT, PACKAGE)
    assert tree
    assert not list(rule(tree))


PLANTED = [
    (every_unit_has_a_layer, {"helpers.py": ""}, "helpers: has no number"),
    (imports_point_down, {"wires/a.py": "from wallascli.upstream import b", "upstream/b.py": ""}, "wires (1)"),
    (imports_point_down, {"wires/a.py": "from ..engine import Engine", "engine.py": ""}, "wallascli.engine"),
    (imports_point_down, {"upstream/a.py": "import wallascli.store", "store/__init__.py": ""}, "upstream (3)"),
    (imports_point_down, {"vocab/a.py": "from wallascli import paths", "paths.py": ""}, "vocab (0)"),
    (libraries_stay_at_their_border, {"routing/a.py": "import aiohttp"}, "aiohttp does not belong"),
    (libraries_stay_at_their_border, {"upstream/a.py": "from aiohttp import web"}, "aiohttp.web does not"),
    (libraries_stay_at_their_border, {"cli/a.py": "def f():\n    from pydantic import BaseModel"}, "pydantic"),
    (nothing_forbidden_is_imported, {"vocab/a.py": "import orjson"}, "vocab may never import orjson"),
    (nothing_forbidden_is_imported, {"simulator/a.py": "import wallascli.vocab"}, "simulator may never"),
    (nothing_forbidden_is_imported, {"wires/a.py": "from time import monotonic"}, "wires may never"),
    (ours_are_imported_at_the_top, {"engine.py": "def f():\n    import wallascli.vocab"}, "inside f()"),
    (there_is_no_circle, {"a.py": "import wallascli.b", "b.py": "from wallascli.a import x"}, "wallascli.a ->"),
    (
        there_is_no_circle,
        {"a/x.py": "from wallascli.a import y", "a/y.py": "from .z import q", "a/z.py": "from . import x"},
        "wallascli.a.x -> wallascli.a.y -> wallascli.a.z -> wallascli.a.x",
    ),
]


@pytest.mark.parametrize(("rule", "files", "complaint"), PLANTED)
def test_a_planted_violation_is_found(
    rule: Callable[[list[Module]], Complaints], files: dict[str, str], complaint: str, tmp_path: Path
) -> None:
    for where, text in files.items():
        path = tmp_path / PACKAGE / where
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = list(rule(modules(tmp_path, PACKAGE)))
    assert len(found) == 1, found
    assert complaint in found[0]


def test_what_is_allowed_raises_no_complaint(tmp_path: Path) -> None:
    files = {
        "__init__.py": "__version__ = '1'",
        "vocab/words.py": "import enum",
        "wires/a.py": "import orjson\nfrom wallascli.vocab.words import Word\nfrom .b import x",
        "wires/b.py": "from wallascli.vocab import words",
        "upstream/client.py": "import aiohttp\nfrom wallascli import __version__\nfrom wallascli.wires import a",
        "gateway/app.py": "from aiohttp import web",
        "cli/run.py": "import typer\ndef f():\n    from wallascli.gateway import app",
        "simulator/server.py": "import asyncio\nfrom wallascli.simulator import script",
        "simulator/script.py": "",
    }
    for where, text in files.items():
        path = tmp_path / PACKAGE / where
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    tree = modules(tmp_path, PACKAGE)
    assert [complaint for rule in RULES for complaint in rule(tree)] == []
