"""A provider is a row: where it is, which dialect it speaks, how it wants to be asked, what it costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from wallascli.vocab.chat import ChatRequest
from wallascli.vocab.models import Continuation
from wallascli.vocab.secret import Secret
from wallascli.wires.base import Outbound, Quirks, Rendered


class Auth(Enum):
    """The header that carries the key."""

    BEARER = "Authorization"
    X_API_KEY = "x-api-key"
    X_GOOG_API_KEY = "x-goog-api-key"
    NONE = ""


class Trains(Enum):
    """Whether prompts may be used for training, as far as the provider says."""

    NO = "no"
    YES = "yes"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Signup:
    """How a person gets a key: shown in the docs, ``.env.example`` and every "no key" message.

    ``free`` says in a few words what costs nothing, empty if nothing does; ``minutes`` is an honest guess.
    """

    url: str
    minutes: int
    free: str = ""
    card_needed: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request as a value, before anyone sends it. ``body`` is what ``Rendered`` made.

    ``direct``: never through a proxy of the environment, as what is local must not leave (P4).
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    direct: bool = False


@dataclass(frozen=True, slots=True)
class Provider:
    """Who can be asked. The file name of a row is its ``name``; a test keeps it so."""

    name: str
    title: str
    base_url: str
    wire: Outbound
    key_env: tuple[str, ...] = ()
    auth: Auth = Auth.BEARER
    signup: Signup | None = None
    quirks: Quirks = field(default_factory=Quirks)
    model_quirks: Callable[[str], Quirks | None] | None = None
    """Quirks of single models, by id, in place of the row's."""
    trains: Trains = Trains.UNKNOWN
    """On its free plan, where it has one (the stricter reading where sources differ)."""
    local: bool = False
    keyless: bool = False
    """May be asked without a key."""
    retired: str = ""
    """Why and when it ended. Such a row is asked only if the settings enable it by name."""
    free_models: bool = False
    """Every model here costs nothing to this user (a trial or a credit that cannot bill), with the source in
    the row; else the card decides."""
    continues: Continuation = Continuation.ASKED
    repeats_prefix: bool = False
    """Its native continuation begins by saying the whole prefix again, which the seam has to cut (design 3.3)."""
    quota_per_account: bool = False
    """Limits belong to the account (organisation, project), so several keys of it do not add up. A second key may
    be another account's: it is still asked when the first one is refused."""
    headers: Mapping[str, str] = field(default_factory=dict)
    listing_needs_key: bool = True
    first_byte: float | None = None
    """Seconds to the first piece of an answer where the general deadline is known to be wrong."""
    quick: bool = False
    """Runs on hardware made for answering fast: what is expected of it until it is measured."""

    def quirks_of(self, model: str) -> Quirks:
        found = self.model_quirks(model) if self.model_quirks else None
        return found or self.quirks

    def render(self, request: ChatRequest, model: str, *, stream: bool) -> Rendered:
        return self.wire.render(request, model, stream=stream, quirks=self.quirks_of(model))

    def headers_for(self, key: Secret | None) -> dict[str, str]:
        """The headers of one request; the only place where a key is revealed."""
        headers = {"Content-Type": "application/json", **self.headers}
        if key is not None and self.auth is not Auth.NONE:
            value = key.reveal()
            headers[self.auth.value] = f"Bearer {value}" if self.auth is Auth.BEARER else value
        return headers
