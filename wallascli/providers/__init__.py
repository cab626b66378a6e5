"""Who we can ask, found by walking this folder: a module with a ``PROVIDER`` is a row."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from wallascli.providers.base import Provider


def _found() -> dict[str, Provider]:
    rows = {}
    for module in pkgutil.iter_modules(__path__):
        row = getattr(import_module(f"{__name__}.{module.name}"), "PROVIDER", None)
        if isinstance(row, Provider):
            rows[row.name] = row
    return rows


PROVIDERS = _found()
