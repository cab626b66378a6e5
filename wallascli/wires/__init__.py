"""The dialects, found by walking this folder: a module with a ``WIRE`` is one.

``WIRES`` is made at its first use, and ``outbound`` imports a dialect at its first use: a command that asks one
provider should not pay for the reading of five dialects (40 ms of CPU).
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from wallascli.wires.base import Outbound, Wire

    WIRES: dict[str, Wire]


class _Later:
    """Stands for the half of a dialect that asks providers, until something of it is used."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(_module(self.name).OUT, attribute)


def outbound(name: str) -> Outbound:
    """The outbound half of the dialect in the module ``name``."""
    return cast("Outbound", _Later(name))


@cache
def _module(name: str) -> Any:
    return import_module(f"{__name__}.{name}")


@cache
def _found() -> dict[str, Wire]:
    modules = (_module(found.name) for found in pkgutil.iter_modules(__path__))
    return {module.WIRE.name: module.WIRE for module in modules if hasattr(module, "WIRE")}


def __getattr__(name: str) -> Any:
    if name == "WIRES":
        return _found()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
