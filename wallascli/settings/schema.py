"""What may stand in `config.toml`: its tables, and what each value must look like."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_KEY = re.compile(r"[!-~]+")
_DIGEST = re.compile(r"sha256:[0-9a-fA-F]{64}")


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _no_bool(value: object) -> object:
    # TOML's true would pass as the number 1.
    if isinstance(value, bool):
        raise ValueError("a number is needed, not true or false")
    return value


def _size(value: object) -> object:
    if not isinstance(value, str):
        return _no_bool(value)
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", value.lower())
    if not found or found[2] not in _UNITS:
        raise ValueError('a size is needed, such as "32 MiB"')
    return int(float(found[1]) * _UNITS[found[2]])


def key(text: str) -> str:
    """A key as it may go into a header. Raises `ValueError`, without the key in it."""
    if not _KEY.fullmatch(text):
        raise ValueError("a key has no spaces, line breaks or letters beyond ASCII: was it copied whole?")
    return text


def client_key(text: str) -> str:
    """The same for a key of our clients, which may be given as its digest."""
    if text.startswith("sha256:") and not _DIGEST.fullmatch(text):
        raise ValueError("sha256: is followed by 64 hexadecimal digits")
    return key(text)


def url(text: str) -> str:
    """An address without its last slash; raises `ValueError`."""
    parts = urlsplit(text.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("an address is needed that begins with http:// or https://")
    return text.strip().rstrip("/")


Word = Annotated[str, Field(min_length=1)]
Words = Annotated[tuple[Word, ...], BeforeValidator(_one_or_many)]
Keys = Annotated[tuple[Annotated[str, AfterValidator(key)], ...], BeforeValidator(_one_or_many)]
ClientKeys = Annotated[tuple[Annotated[str, AfterValidator(client_key)], ...], BeforeValidator(_one_or_many)]
Seconds = Annotated[float, BeforeValidator(_no_bool), Field(gt=0, allow_inf_nan=False)]
Url = Annotated[str, AfterValidator(url)]


class Table(BaseModel):
    """A table knows its keys; another key is a mistake. What was wrong is never repeated: it may be a secret."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ServerTable(Table):
    host: Word = "127.0.0.1"
    port: Annotated[int, BeforeValidator(_no_bool), Field(ge=0, le=65535)] = 8001
    keys: ClientKeys = ()
    max_body: Annotated[int, BeforeValidator(_size), Field(gt=0)] = 32 * 2**20
    allowed_hosts: Words = ()
    allowed_origins: Words = ()
    # Clients refuse less than 0.6.4, and a suffix breaks Copilot.
    ollama_version: Word = "0.12.6"


class RoutingTable(Table):
    allow_paid: bool = False
    cost_mode: Literal["free_only", "allow_paid"] = "free_only"
    privacy: Literal["any", "no_training", "local"] = "any"
    substitute: bool = True


class DeadlineTable(Table):
    """Also part of other tables. The defaults are those of `vocab.deadlines`."""

    connect: Seconds | None = None
    first_byte: Seconds | None = None
    first_byte_last: Seconds | None = None
    idle: Seconds | None = None
    idle_last: Seconds | None = None
    total: Seconds | None = None
    pace: Annotated[float, BeforeValidator(_no_bool), Field(ge=0, allow_inf_nan=False)] | None = None

    def set_here(self) -> dict[str, float]:
        """Only those that this table sets."""
        given = ((name, getattr(self, name)) for name in DeadlineTable.model_fields)
        return {name: value for name, value in given if value is not None}


class ProviderTable(DeadlineTable):
    keys: Keys = ()
    base_url: Url | None = None
    enabled: bool | None = None
    wire: Literal["openai", "anthropic", "gemini", "ollama", "cohere"] | None = None
    models: Words = ()
    local: bool | None = None
    free: bool | None = None


class AliasTable(DeadlineTable):
    models: Annotated[Words, Field(min_length=1)]
    retries: Annotated[int, BeforeValidator(_no_bool), Field(ge=0, le=10)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, given: object) -> object:
        return {"models": given} if isinstance(given, str | list) else given


class TierTable(Table):
    needs: Words = ()
    prefer: Words = ()


class ServicesTable(Table):
    obsidian_vault: Word | None = None
    camofox_url: Url = "http://localhost:9377"


class File(Table):
    """The whole file."""

    server: ServerTable = ServerTable()
    routing: RoutingTable = RoutingTable()
    deadlines: DeadlineTable = DeadlineTable()
    services: ServicesTable = ServicesTable()
    providers: dict[str, ProviderTable] = {}
    aliases: dict[str, AliasTable] = {}
    fallback: dict[str, Annotated[Words, Field(min_length=1)]] = {}
    tiers: dict[str, TierTable] = {}


# Table -> its schema; a star stands for a name of the user's own.
TABLES: dict[tuple[str, ...], type[Table]] = {
    (): File,
    ("server",): ServerTable,
    ("routing",): RoutingTable,
    ("deadlines",): DeadlineTable,
    ("services",): ServicesTable,
    ("providers", "*"): ProviderTable,
    ("aliases", "*"): AliasTable,
    ("tiers", "*"): TierTable,
}
