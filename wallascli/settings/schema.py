"""What may stand in `config.toml`: its tables, and what each value must look like.

A table that was checked holds what was said and nothing else: the defaults are those of `values` and of
`vocab.deadlines`.
"""

from __future__ import annotations

from pathlib import Path

from wallascli.settings.checks import (
    Check,
    Refused,
    above_zero,
    between,
    client_key,
    key,
    many,
    named,
    not_below_zero,
    one_of,
    size,
    switch,
    table,
    url,
    word,
)
from wallascli.vocab.policy import Privacy


def _host(value: object) -> str:
    return word(value).strip("[]")  # as an IPv6 address stands in a URL


def _folder(value: object) -> Path:
    try:
        return Path(word(value)).expanduser()
    except RuntimeError:
        raise Refused("this machine knows no such user") from None


# Also part of other tables.
DEADLINES: dict[str, Check] = {
    **dict.fromkeys(("connect", "first_byte", "first_byte_last", "idle", "idle_last", "total"), above_zero),
    "pace": not_below_zero,
}

_SERVER: dict[str, Check] = {
    "host": _host,
    "port": between(0, 65535),
    "keys": many(client_key),
    "max_body": size,
    "allowed_hosts": many(word),
    "allowed_origins": many(word),
    "ollama_version": word,
}

_ROUTING: dict[str, Check] = {
    "allow_paid": switch,
    "cost_mode": one_of(("free_only", "allow_paid")),
    "privacy": one_of({privacy.value: privacy for privacy in Privacy}),
    "substitute": switch,
}

_PROVIDER: dict[str, Check] = {
    "keys": many(key),
    "base_url": url,
    "enabled": switch,
    "wire": one_of(("openai", "anthropic", "gemini", "ollama", "cohere")),
    "models": many(word),
    "local": switch,
    "free": switch,
    **DEADLINES,
}

_ALIAS: dict[str, Check] = {"models": many(word, least=1), "retries": between(0, 10), **DEADLINES}


def _alias(value: object) -> object:
    return table(_ALIAS, needs=("models",))({"models": value} if isinstance(value, str | list) else value)


# The whole file.
FILE = table(
    {
        "server": table(_SERVER),
        "routing": table(_ROUTING),
        "deadlines": table(DEADLINES),
        "services": table({"obsidian_vault": _folder, "camofox_url": url}),
        "providers": named(table(_PROVIDER)),
        "aliases": named(_alias),
        "fallback": named(many(word, least=1)),
        "tiers": named(table({"needs": many(word), "prefer": many(word)})),
    }
)
