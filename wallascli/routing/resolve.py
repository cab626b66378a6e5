"""What a name in a request means: a tier, an alias, one exact place, or a model wherever it is served."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from wallascli.providers.base import Provider
from wallascli.routing.catalog import Catalog
from wallascli.routing.names import model_key
from wallascli.routing.rules import Alias, Rules
from wallascli.routing.tiers import TIERS, Tier, tier_named
from wallascli.vocab.chat import ChatRequest
from wallascli.vocab.failures import NotUnderstood, UnknownModel
from wallascli.vocab.models import ModelCard, Operation, Status
from wallascli.vocab.policy import Policy


@dataclass(frozen=True, slots=True)
class Group:
    """Cards that may answer for one name. Groups are tried in order; ``ranked`` ones are scored inside.

    ``exact``: asked even if the catalogue knows nothing of it, or knows that it lacks something.
    """

    cards: tuple[ModelCard, ...]
    why: str
    tier: Tier | None = None
    exact: bool = False
    named: bool = True
    alias: Alias | None = None

    @property
    def ranked(self) -> bool:
        return len(self.cards) > 1


@dataclass(frozen=True, slots=True)
class Meaning:
    """``profile`` is the tier's name, or ``none`` for a named model."""

    profile: str
    groups: tuple[Group, ...]


class Resolver:
    """Reads names against the catalogue, the rows and the user's rules."""

    def __init__(self, catalog: Catalog, rows: Mapping[str, Provider], rules: Rules) -> None:
        self._catalog = catalog
        self._rows = rows
        self._rules = rules

    def meaning(self, request: ChatRequest, policy: Policy) -> Meaning:
        """Raises ``UnknownModel`` for a name that matches nothing, ``NotUnderstood`` for an unknown pin."""
        if policy.provider and policy.provider not in self._rows:
            raise NotUnderstood(
                f"There is no provider {policy.provider!r}.",
                param="X-Wallas-Provider",
                hint=f"known: {', '.join(sorted(self._rows))}",
            )
        if policy.tier:
            tier = self._tier(policy.tier)
            if tier is None:
                raise NotUnderstood(
                    f"There is no tier {policy.tier!r}.", param="X-Willaku-Tier", hint=f"known: {', '.join(TIERS)}"
                )
            return Meaning(tier.name, (self._tier_group(tier, policy.provider),))
        names = list(dict.fromkeys((request.model, *request.models)))
        if policy.provider:
            return self._pinned(names[0], policy.provider)
        if len(names) > 1:
            return Meaning("none", tuple(group for name in names for group in self._member(name)))
        return self._single(names[0])

    def _single(self, name: str) -> Meaning:
        tier = self._tier(name)
        if tier is not None:
            return Meaning(tier.name, (self._tier_group(tier), *self._after(name)))
        if alias := self._rules.aliases.get(name):
            return Meaning("none", (*self._alias(alias), *self._after(name)))
        groups = tuple(self._exact(name) or self._by_name(name, substitute=self._rules.substitute))
        after = tuple(self._after(name))
        if not groups and not after:
            raise UnknownModel(name, self._near(name))
        return Meaning("none", (*groups, *after))

    def _pinned(self, name: str, provider: str) -> Meaning:
        if tier := self._tier(name):
            return Meaning(tier.name, (self._tier_group(tier, provider),))
        model = name.removeprefix(f"{provider}:").removeprefix(f"{provider}/")
        known = self._catalog.card(provider, model) or next(
            (card for card in self._catalog.same_as(model_key(model)) if card.provider == provider), None
        )
        card = known or self._unknown_card(provider, model)
        return Meaning("none", (Group((card,), f"pinned to {provider}", exact=True),))

    def _tier(self, name: str) -> Tier | None:
        return self._rules.tiers.get(name) or tier_named(name)

    def _tier_group(self, tier: Tier, provider: str = "") -> Group:
        cards = self._catalog.of(provider) if provider else self._catalog.all()
        usable = tuple(c for c in cards if c.operation is Operation.CHAT and c.status is not Status.RETIRED)
        return Group(usable, tier.name, tier, named=False)

    def _alias(self, alias: Alias) -> Iterator[Group]:
        for name in alias.models:
            for group in self._member(name):
                yield Group(group.cards, group.why, group.tier, group.exact, group.named, alias)

    def _member(self, name: str) -> Iterator[Group]:
        """A member of the caller's own order: a tier, an alias, or a model; never a substitute."""
        if tier := self._tier(name):
            yield self._tier_group(tier)
        elif alias := self._rules.aliases.get(name):
            for inner in alias.models:
                if inner != name and inner not in self._rules.aliases:
                    yield from self._member(inner)
        else:
            groups = list(self._exact(name) or self._by_name(name, substitute=False))
            if not groups:
                raise UnknownModel(name, self._near(name))
            yield from groups

    def _after(self, name: str) -> Iterator[Group]:
        """The user's own table of what follows a name when it fails."""
        for follower in self._rules.fallback.get(name, ()):
            if follower != name:
                yield from self._member(follower)

    def _exact(self, name: str) -> list[Group]:
        """``provider:model``; a local model by its own name; an id with a slash before ``provider/model``."""
        head, colon, model = name.partition(":")
        if colon and head in self._rows:
            return [self._place(head, model, "named exactly")]
        if local := self._local(name):
            return [Group((local,), "a local model", exact=True)]
        head, slash, model = name.partition("/")
        if slash and head in self._rows and not self._catalog.named(name):
            return [self._place(head, model, "named exactly")]
        return []

    def _place(self, provider: str, model: str, why: str) -> Group:
        card = self._catalog.card(provider, model) or self._unknown_card(provider, model)
        return Group((card,), why, exact=True)

    def _unknown_card(self, provider: str, model: str) -> ModelCard:
        row = self._rows[provider]
        free = True if row.local or row.free_models else None
        leaves = row.local and model.endswith(("-cloud", ":cloud"))
        return ModelCard(provider, model, free=free, local=row.local and not leaves, leaves_machine=leaves)

    def _local(self, name: str) -> ModelCard | None:
        for card in (*self._catalog.named(name), *self._catalog.named(f"{name}:latest")):
            if card.local and (card.listed or ":" in name):
                return card
        return None

    def _by_name(self, name: str, *, substitute: bool) -> Iterator[Group]:
        """That model wherever it is served, its successor, then (if allowed) the tier of its class."""
        cards = self._serving(name)
        seen: set[str] = set()
        if not cards:
            return
        while cards:
            yield Group(tuple(cards), f"serves {name}" if not seen else f"succeeds {name}")
            seen |= {card.name for card in cards}
            successor = next((card.successor for card in cards if card.successor), "")
            cards = [card for card in self._serving(successor) if card.name not in seen] if successor else []
        if substitute:
            tier = self._class_of(name)
            group = self._tier_group(tier)
            rest = tuple(card for card in group.cards if card.name not in seen)
            yield Group(rest, f"stands in for {name} ({tier.name})", tier, named=False)

    def _serving(self, name: str) -> list[ModelCard]:
        bare = [card for card in self._catalog.named(name) if not card.local]
        key = next((card.same_as for card in bare if card.same_as), model_key(name))
        kin = [card for card in self._catalog.same_as(key) if not card.local]
        return list({card.name: card for card in (*bare, *kin)}.values())

    def _class_of(self, name: str) -> Tier:
        bare = name.rpartition("/")[2].lower()
        wanted = next(tier for pattern, tier in (*self._rules.classes, ("*", "auto")) if fnmatchcase(bare, pattern))
        return self._tier(wanted) or TIERS["auto"]

    def _near(self, name: str) -> tuple[str, ...]:
        known = [*TIERS, *self._rules.tiers, *self._rules.aliases]
        live = [card for card in self._catalog.all() if card.status is Status.LIVE]
        known += [card.id for card in live] + [card.name for card in live]
        folded = {candidate.lower(): candidate for candidate in known}
        found = get_close_matches(name.lower(), folded, n=3, cutoff=0.6)
        return tuple(dict.fromkeys(folded[match] for match in found))
