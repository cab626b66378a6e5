"""Every value with the place it came from, for `config explain`. Secrets show their last four characters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from wallascli.settings import text
from wallascli.settings.values import Origin, Place, Settings

_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Explained:
    """One line: `server.port`, `9000`, `--port`."""

    name: str
    value: str
    source: str


def explain(settings: Settings) -> list[Explained]:
    """All values of the general tables; of providers, aliases and the like what is set."""
    try:
        content = text.read(settings.file)
    except FileNotFoundError:
        content = ""
    return [
        Explained(".".join(place), _shown(place, value), _where(settings, place, content))
        for place, value in _values(settings)
    ]


def _values(settings: Settings) -> Iterator[tuple[Place, object]]:
    for table in ("server", "routing", "deadlines", "services"):
        yield from _fields((table,), getattr(settings, table))
    for name, provider in settings.providers.items():
        for place, value in _fields(("providers", name), provider):
            if settings.source_of(place).origin is not Origin.DEFAULT:
                yield place, value
    for name, alias in settings.aliases.items():
        yield from _fields(("aliases", name), alias)
    for name, following in settings.fallback.items():
        yield ("fallback", name), following
    for name, tier in settings.tiers.items():
        yield from _fields(("tiers", name), tier)


def _fields(above: Place, table: Any) -> Iterator[tuple[Place, object]]:
    """Keys one by one, for each has a source of its own; deadlines inside a table as if they stood in it."""
    for field in fields(table):
        value = getattr(table, field.name)
        place = (*above, field.name)
        if field.name == "keys":
            yield from (((*place, str(number)), key) for number, key in enumerate(value))
        elif field.name == "deadlines":
            yield from (((*above, name), seconds) for name, seconds in value.items())
        elif value is not None and field.name != "name":
            yield place, value


def _where(settings: Settings, place: Place, content: str) -> str:
    source = settings.source_of(place)
    line = text.line_of(content, place) if source.origin is Origin.FILE else None
    return f"{source}, line {line}" if line else str(source)


def _shown(place: Place, value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case tuple():
            return ", ".join(str(part) for part in value)
        case Enum():
            return str(value.value)
        case int() if place[-1] == "max_body" and value % _MIB == 0:
            return f"{value // _MIB} MiB"
        case str() if place[-1].endswith("_url"):
            return _without_password(value)
    return str(value)


def _without_password(url: str) -> str:
    password = urlsplit(url).password
    return url.replace(f":{password}@", ":…@") if password else url
