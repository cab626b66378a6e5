"""From the user's settings to what an engine needs: rows with keys, rules, folders."""

from __future__ import annotations

from dataclasses import replace

from wallascli import paths
from wallascli.engine.core import Setup
from wallascli.providers import PROVIDERS
from wallascli.providers.base import Auth, Provider
from wallascli.routing.candidate import Place
from wallascli.routing.rules import Alias, Rules
from wallascli.routing.tiers import own_tier
from wallascli.settings import ProviderSettings, Settings
from wallascli.vocab.deadlines import Deadlines
from wallascli.vocab.failures import Misconfigured
from wallascli.vocab.models import ModelCard, runs_elsewhere
from wallascli.wires import openai_chat, outbound

# How servers of a dialect are shown a key, unless they are a row of ours that says otherwise.
_AUTH = {"anthropic": Auth.X_API_KEY, "gemini": Auth.X_GOOG_API_KEY}
_PATHS_BEGIN = {"ollama": "/api", "anthropic": "/v1", "cohere": "/v2"}
_HEADERS = {"anthropic": {"anthropic-version": "2023-06-01"}}


def assemble(settings: Settings) -> Setup:
    """Raises ``Misconfigured``."""
    places = {name: _place(said) for name, said in settings.providers.items()}
    return Setup(
        places=places,
        rules=_rules(settings),
        state=paths.state_dir(),
        cache=paths.cache_dir(),
        models={
            name: tuple(_card(places[name].provider, model, said) for model in said.models)
            for name, said in settings.providers.items()
            if said.models
        },
    )


def _place(said: ProviderSettings) -> Place:
    row = PROVIDERS.get(said.name)
    provider = _custom(said) if row is None else _adjusted(row, said)
    place = Place(provider, said.keys, free=bool(said.free))
    if not said.enabled:
        reason, kind = (
            (provider.retired, "retired") if provider.retired else ("disabled in the settings", "disabled")
        )
        return replace(place, unusable=reason, unusable_kind=kind)
    if not said.keys and not provider.keyless:
        name = provider.key_env[0] if provider.key_env else "its key"
        return replace(place, unusable=f"no key (set {name})", unusable_kind="key")
    return place


def _adjusted(row: Provider, said: ProviderSettings) -> Provider:
    """Another address never makes a row local (P4)."""
    return replace(row, base_url=_address(said.base_url, row.wire.name)) if said.base_url else row


def _address(base_url: str, wire: str) -> str:
    """Without the part that the dialect's own paths begin with: people copy either form from a server's docs."""
    return base_url.rstrip("/").removesuffix(_PATHS_BEGIN.get(wire, "/")).rstrip("/")


def _custom(said: ProviderSettings) -> Provider:
    name = said.wire or "openai"
    if not said.base_url:
        raise Misconfigured(f"The provider {said.name!r} needs a base_url.", hint="see config.toml")
    return Provider(
        name=said.name,
        title=said.name,
        base_url=_address(said.base_url, name),
        wire=openai_chat.OUT if name == "openai" else outbound(name),  # WIRES would read all five: 10 ms
        auth=_AUTH.get(name, Auth.BEARER),
        headers=_HEADERS.get(name, {}),
        local=bool(said.local),
        keyless=True,
    )


def _card(provider: Provider, model: str, said: ProviderSettings) -> ModelCard:
    leaves = provider.local and runs_elsewhere(model)
    free = True if said.free or (provider.local and not leaves) else None
    local = provider.local and not leaves
    return ModelCard(provider.name, model, free=free, local=local, leaves_machine=leaves, listed=True)


def _rules(settings: Settings) -> Rules:
    def deadlines(provider: Provider, alias: str) -> Deadlines:
        return settings.deadlines_of(provider.name, first_byte=provider.first_byte, alias=alias or None)

    routing = settings.routing
    return Rules(
        allow_paid=routing.allow_paid,
        paid_by_default=routing.caller_pays,
        privacy=routing.privacy,
        substitute=routing.substitute,
        deadlines=deadlines,
        aliases={name: Alias(name, alias.models, alias.retries) for name, alias in settings.aliases.items()},
        fallback=settings.fallback,
        tiers={name: own_tier(name, tier.needs, tier.prefer) for name, tier in settings.tiers.items()},
    )
