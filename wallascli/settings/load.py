"""Joins what flags, variables and the file say into one `Settings`, and remembers who said what."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from wallascli import paths
from wallascli.providers import PROVIDERS
from wallascli.settings import checks, schema, text
from wallascli.settings.complaints import Desk, did_you_mean
from wallascli.settings.environment import CLIENT_KEY, VARIABLES, Variables, gather
from wallascli.settings.values import (
    Alias,
    ClientKey,
    Origin,
    Place,
    ProviderSettings,
    Routing,
    Server,
    Services,
    Settings,
    Source,
    Tier,
    adjusted,
)
from wallascli.vocab.deadlines import Deadlines
from wallascli.vocab.failures import Misconfigured
from wallascli.vocab.secret import Secret

Table: TypeAlias = Mapping[str, Any]
"""What a table of the file says, checked: only the keys that stand in it."""


class Row(Protocol):
    """What the settings must know of a provider's row."""

    @property
    def key_env(self) -> tuple[str, ...]: ...
    @property
    def retired(self) -> str: ...


def load(
    *,
    config: Path | None = None,
    flags: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
    rows: Mapping[str, Row] = PROVIDERS,
) -> Settings:
    """Read everything anew. Raises `Misconfigured`.

    `config` is the file of `--config`, which must exist; else the default one is read if it does. `flags` maps
    dotted names to values (`{"server.port": 9000}`), where None means that the flag was not given. `environ` and
    `folder` are those of the process unless given.
    """
    file, content, tree = _read(config)
    variables = gather(os.environ if environ is None else environ, folder or _working_folder())
    sources = {place: Source(Origin.FILE, file=file) for place in _leaves(tree)}
    for name, place in VARIABLES.items():
        if found := variables.get(name):
            _put(tree, sources, place, *_as_address(place, *found))
    for dotted, value in (flags or {}).items():
        place = tuple(dotted.split("."))
        if value is not None:
            flag = f"--{place[-1].replace('_', '-')}"
            _put(tree, sources, place, value, Source(Origin.FLAG, flag))
    desk = Desk(file, content, sources)
    try:
        said: Table = schema.FILE(tree)
    except checks.Refused as exc:
        raise desk.first_of(exc.mistakes) from None
    return Settings(
        server=_server(said.get("server", {}), variables, sources),
        routing=Routing(**said.get("routing", {})),
        deadlines=adjusted(Deadlines(), said.get("deadlines", {})),
        services=Services(**said.get("services", {})),
        providers=dict(_providers(said.get("providers", {}), variables, rows, desk, sources)),
        aliases={name: _alias(table) for name, table in said.get("aliases", {}).items()},
        fallback=said.get("fallback", {}),
        tiers={name: Tier(**table) for name, table in said.get("tiers", {}).items()},
        file=file,
        sources=sources,
    )


def _read(config: Path | None) -> tuple[Path, str, text.Tree]:
    file = (config or paths.config_file()).expanduser().absolute()
    try:
        content = text.read(file)
    except FileNotFoundError:
        if config:
            raise Misconfigured(f"{file}: there is no such file", hint="check the path after --config") from None
        content = ""
    return file, content, text.parse(content, file)


def _working_folder() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:  # somebody deleted it under us
        return Path("/")


def _leaves(tree: text.Tree, above: Place = ()) -> Iterator[Place]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*above, name))
        else:
            yield (*above, name)


def _put(tree: text.Tree, sources: dict[Place, Source], place: Place, value: object, source: Source) -> None:
    node = tree
    for name in place[:-1]:
        node = node.setdefault(name, {})
        if not isinstance(node, dict):
            return  # `server = 3`: the schema will complain about that one
    node[place[-1]] = value
    sources[place] = source


def _as_address(place: Place, value: str, source: Source) -> tuple[str, Source]:
    # Ollama's own tools take `localhost:11434`, so people write it here too.
    if place[-1].endswith("_url") and "://" not in value:
        return f"http://{value}", source
    return value, source


def _server(table: Table, variables: Variables, sources: dict[Place, Source]) -> Server:
    given = variables.get(CLIENT_KEY)
    keys = _joined(("server", "keys"), [given] if given else [], table.get("keys", ()), sources, checks.client_key)
    return Server(**{**table, "keys": tuple(ClientKey.of(key) for key in keys)})


def _alias(table: Table) -> Alias:
    return Alias(table["models"], _deadlines(table), table.get("retries"))


def _deadlines(table: Table) -> dict[str, float]:
    return {name: table[name] for name in schema.DEADLINES if name in table}


def _providers(
    said: Mapping[str, Table],
    variables: Variables,
    rows: Mapping[str, Row],
    desk: Desk,
    sources: dict[Place, Source],
) -> Iterator[tuple[str, ProviderSettings]]:
    for name in dict.fromkeys((*rows, *said)):
        table = said.get(name, {})
        row = rows.get(name)
        if row is None:
            _check_other_server(name, table, rows, desk)
        found = _keys_of(row, variables)
        keys = _joined(("providers", name, "keys"), found, table.get("keys", ()), sources, checks.key)
        yield (
            name,
            ProviderSettings(
                name=name,
                keys=tuple(Secret(key) for key in keys),
                base_url=table.get("base_url"),
                enabled=table.get("enabled", not (row and row.retired)),
                wire=table.get("wire", None if row else "openai"),
                models=table.get("models", ()),
                local=table.get("local"),
                free=table.get("free"),
                deadlines=_deadlines(table),
            ),
        )


def _check_other_server(name: str, table: Table, rows: Mapping[str, Row], desk: Desk) -> None:
    place = ("providers", name)
    if "base_url" not in table:
        hint = "another server needs a base_url; `wallasapi providers` lists those that are known"
        raise desk.wrong(place, f"no provider has this name{did_you_mean(name, rows)}", hint=hint)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise desk.wrong(place, "a provider's name has only letters, digits and . _ -")


def _keys_of(row: Row | None, variables: Variables) -> Iterator[tuple[str, Source]]:
    """The keys in the variables that a row names, several in one separated by commas."""
    for name in row.key_env if row else ():
        found = variables.get(name)
        for part in found[0].split(",") if found else ():
            word = part.strip().strip("\"'")  # docker's --env-file keeps the quotes
            if found and word:
                yield word, found[1]


def _joined(
    place: Place,
    found: Iterable[tuple[str, Source]],
    filed: tuple[str, ...],
    sources: dict[Place, Source],
    check: Callable[[object], str],
) -> list[str]:
    """Keys of variables, then those of the file, without doubles; each with its own source."""
    in_file = sources.pop(place, None)
    joined: dict[str, Source | None] = {}
    for key, source in found:
        try:
            joined.setdefault(check(key), source)
        except checks.Refused as exc:
            raise Misconfigured(f"{source}: {exc}") from None
    for key in filed:
        joined.setdefault(key, in_file)
    for number, whence in enumerate(joined.values()):
        if whence:
            sources[*place, str(number)] = whence
    return list(joined)
