"""Our own source code as the tests on its shape see it: modules, what they import, where."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PACKAGE = "wallascli"


@dataclass(frozen=True)
class Import:
    """One imported name: `from a.b import c` imports `a.b.c`, which may be a module or something in it."""

    name: str
    line: int
    inside: str | None  # the function that holds it, None at the top of the file


@dataclass(frozen=True)
class Module:
    """One Python file below a root folder."""

    path: Path
    root: Path

    @property
    def where(self) -> str:
        """The path a person would write: `wallascli/wires/base.py`."""
        return self.path.relative_to(self.root).as_posix()

    @property
    def name(self) -> str:
        """The dotted name; a package is named by its folder."""
        parts = self.path.relative_to(self.root).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def unit(self) -> str:
        """What has a layer: the package or file right below `wallascli`; empty for the package itself."""
        return ".".join(self.name.split(".")[1:2])

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.where)

    @cached_property
    def imports(self) -> list[Import]:
        """Every import of the file, relative ones made absolute, those for type checkers included."""
        return list(self._imports(self.tree, None))

    def _imports(self, node: ast.AST, inside: str | None) -> Iterator[Import]:
        match node:
            case ast.Import(names=names):
                yield from (Import(alias.name, node.lineno, inside) for alias in names)
            case ast.ImportFrom(names=names):
                base = self._absolute(node)
                yield from (Import(f"{base}.{alias.name}", node.lineno, inside) for alias in names)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                inside = name
        for child in ast.iter_child_nodes(node):
            yield from self._imports(child, inside)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.name.split(".") if self.path.name == "__init__.py" else self.name.split(".")[:-1]
        base = package[: len(package) - node.level + 1]
        return ".".join([*base, node.module] if node.module else base)


def modules(root: Path, *folders: str) -> list[Module]:
    """Every Python file below the folders of `root`, in a steady order."""
    paths = [path for folder in folders for path in sorted((root / folder).rglob("*.py"))]
    return [Module(path, root) for path in paths if "__pycache__" not in path.parts]
