"""The dialects, found by walking this folder: a module with a ``WIRE`` is one."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from wallascli.wires.base import Wire


def _found() -> dict[str, Wire]:
    wires = {}
    for module in pkgutil.iter_modules(__path__):
        wire = getattr(import_module(f"{__name__}.{module.name}"), "WIRE", None)
        if isinstance(wire, Wire):
            wires[wire.name] = wire
    return wires


WIRES = _found()
