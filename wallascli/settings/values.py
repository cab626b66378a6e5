"""What the settings say, as plain frozen values."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import TypeAlias, assert_never

from wallascli.vocab.deadlines import Deadlines
from wallascli.vocab.policy import Privacy
from wallascli.vocab.secret import Secret

Place: TypeAlias = tuple[str, ...]
"""Where a value stands: `("providers", "groq", "base_url")`."""


class Origin(Enum):
    """The kinds of places a value comes from, the strongest first."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    DOTENV = ".env"
    FILE = "config.toml"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Source:
    """Where one value came from. `name` is the flag or variable, `file` the file that held it."""

    origin: Origin
    name: str = ""
    file: Path | None = None

    def __str__(self) -> str:
        match self.origin:
            case Origin.FLAG:
                return self.name
            case Origin.ENVIRONMENT:
                return f"{self.name} in the environment"
            case Origin.DOTENV:
                return f"{self.name} in {self.file}"
            case Origin.FILE:
                return str(self.file)
            case Origin.DEFAULT:
                return "default"
            case _:
                assert_never(self.origin)


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A key that clients of ours must show. Only its SHA-256 is kept, also of one that was given openly."""

    digest: bytes = field(repr=False)
    shown: str

    @classmethod
    def of(cls, text: str) -> ClientKey:
        """From a setting: the key itself, or `sha256:` and 64 hexadecimal digits."""
        if text.startswith("sha256:"):
            return cls(bytes.fromhex(text[7:]), f"{text[:13]}…")
        return cls(_digest(text), str(Secret(text)))

    def opens(self, offered: str) -> bool:
        """Whether `offered` is this key, in a time that does not tell how near it came."""
        return hmac.compare_digest(_digest(offered), self.digest)

    def __str__(self) -> str:
        return self.shown


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


@dataclass(frozen=True, slots=True)
class Server:
    """`[server]`. `max_body` is in bytes."""

    host: str = "127.0.0.1"
    port: int = 8001
    keys: tuple[ClientKey, ...] = ()
    max_body: int = 32 * 2**20
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    # Clients refuse less than 0.6.4, and a suffix breaks Copilot.
    ollama_version: str = "0.12.6"

    @property
    def lets_strangers_in(self) -> bool:
        """Reachable from other machines without a key: needs `--insecure`."""
        return not self.keys and not is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens at `host`. A name counts only if it is `localhost`."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


@dataclass(frozen=True, slots=True)
class Routing:
    """`[routing]`. `allow_paid` is the operator's half of that switch, `cost_mode` the default of the caller's."""

    allow_paid: bool = False
    cost_mode: str = "free_only"
    privacy: Privacy = Privacy.ANY
    substitute: bool = True

    @property
    def caller_pays(self) -> bool:
        return self.cost_mode == "allow_paid"


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What is said of one provider, a row of ours or another server. None: nothing is said, the row decides.

    `deadlines` holds only those that were set here, in seconds.
    """

    name: str
    keys: tuple[Secret, ...] = ()
    base_url: str | None = None
    enabled: bool = True
    wire: str | None = None
    models: tuple[str, ...] = ()
    local: bool | None = None
    free: bool | None = None
    deadlines: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alias:
    """A name of the user's own: these models in this order, nothing else. `retries` None: as everywhere."""

    models: tuple[str, ...]
    deadlines: Mapping[str, float] = field(default_factory=dict)
    retries: int | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    """A virtual model of the user's own: what it needs, and an order by patterns (`groq:*`) where one is wanted."""

    needs: tuple[str, ...] = ()
    prefer: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Services:
    """What the skills beside chat are pointed at."""

    obsidian_vault: Path | None = None
    camofox_url: str = "http://localhost:9377"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything. `providers` has an entry for each row of ours and for each other server."""

    server: Server
    routing: Routing
    deadlines: Deadlines
    services: Services
    providers: Mapping[str, ProviderSettings]
    aliases: Mapping[str, Alias]
    fallback: Mapping[str, tuple[str, ...]]
    tiers: Mapping[str, Tier]
    file: Path
    """The `config.toml` that was read, or would be."""
    sources: Mapping[Place, Source] = field(repr=False)
    """Of every value that is not a default."""

    def deadlines_of(
        self, provider: str, *, first_byte: float | None = None, alias: str | None = None
    ) -> Deadlines:
        """What binds a candidate: general, then the row's own `first_byte`, `[providers.X]`, `[aliases.X]`.

        The row's is for who is slow to begin (120 s where a model is loaded first), so it never shortens.
        """
        found = self.providers.get(provider)
        chosen = self.aliases.get(alias) if alias else None
        slow = first_byte is not None and first_byte > self.deadlines.first_byte
        bound = adjusted(self.deadlines, {"first_byte": first_byte} if first_byte and slow else {})
        bound = adjusted(bound, found.deadlines if found else {})
        return adjusted(bound, chosen.deadlines if chosen else {})

    def source_of(self, place: Place) -> Source:
        """Where the value at `place` came from; a value inside a list came from where the list did."""
        for length in range(len(place), 0, -1):
            if place[:length] in self.sources:
                return self.sources[place[:length]]
        return Source(Origin.DEFAULT)


# Who waits 120 s for a first byte wants that from the last candidate too, and that the whole does not end before.
_AT_LEAST = (("first_byte", "first_byte_last"), ("idle", "idle_last"), ("first_byte_last", "total"))


def adjusted(deadlines: Deadlines, changes: Mapping[str, float]) -> Deadlines:
    """`deadlines` with `changes`; one that was not set itself grows with the one that it must not undercut."""
    wanted = dict(changes)
    for short, long in _AT_LEAST:
        if short in wanted and long not in wanted and wanted[short] > getattr(deadlines, long):
            wanted[long] = wanted[short]
    return replace(deadlines, **wanted)
