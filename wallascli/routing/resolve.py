"""What a name in a request means: a tier, an alias, one exact place, or a model wherever it is served."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from wallascli.providers.base import Provider
from wallascli.routing.catalog import Catalog
from wallascli.routing.names import local_name, model_key
from wallascli.routing.near import near
from wallascli.routing.rules import Alias, Rules
from wallascli.routing.tiers import TIERS, Tier, tier_named
from wallascli.vocab.chat import ChatRequest
from wallascli.vocab.failures import NotUnderstood, UnknownModel
from wallascli.vocab.models import ModelCard, Operation, Status, runs_elsewhere
from wallascli.vocab.policy import Policy

# Names are kept: with the plans made for them, and with what was measured of whom they lead to.
LONGEST_NAME = 2_048
MOST_NAMES = 256


@dataclass(frozen=True, slots=True)
class Group:
    """Cards that may answer for one name. Groups are tried in order; the cards of one are scored inside it.

    ``exact``: asked even if the catalogue knows nothing of it, or knows that it lacks something.
    """

    cards: tuple[ModelCard, ...]
    why: str
    tier: Tier | None = None
    exact: bool = False
    unheard: str = ""
    """Of an exact name that no catalogue and no listing has: that, and which names are like it."""
    named: bool = True
    alias: Alias | None = None


@dataclass(frozen=True, slots=True)
class Meaning:
    """``profile`` is the tier's name, or ``none`` for a named model; ``unknown``: names that nothing has."""

    profile: str
    groups: tuple[Group, ...]
    unknown: tuple[str, ...] = ()

    @property
    def is_bare(self) -> bool:
        """Whether a name was given that says nothing of where it is served."""
        return bool(self.unknown) or any(group.named and not group.exact for group in self.groups)

    @property
    def ranked(self) -> bool:
        """Whether what is asked decides who answers, not only who was named."""
        return any(group.tier for group in self.groups)


class Resolver:
    """Reads names against the catalogue, the rows and the user's rules."""

    def __init__(self, catalog: Catalog, rows: Mapping[str, Provider], rules: Rules) -> None:
        self._catalog = catalog
        self._rows = rows
        self._rules = rules
        self._chats: tuple[int, tuple[ModelCard, ...]] = (-1, ())

    def meaning(self, request: ChatRequest, policy: Policy) -> Meaning:
        """Raises ``UnknownModel`` for a name that matches nothing, ``NotUnderstood`` for a pin that cannot hold."""
        names = _names(request)
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
        if policy.provider:
            return self._pinned(names, policy.provider)
        return self._single(names[0]) if len(names) == 1 else self._listed(names)

    # -- one name, or the caller's own order

    def _single(self, name: str) -> Meaning:
        tier = None if name in self._rules.aliases else self._tier(name)
        unknown: list[str] = []
        groups = self._groups(name, unknown, alone=True)
        after = self._after(name, unknown, local_only=_is_local(groups))
        if not groups and not after:
            raise self._unknown(unknown[0])
        # What the user said may follow comes before what we think is like it.
        meant = (*groups, *after, *self._stand_ins(name, groups))
        return Meaning(tier.name if tier else "none", meant, tuple(unknown))

    def _listed(self, names: tuple[str, ...]) -> Meaning:
        """One misspelt member does not cost the caller the answer that the others can give (P1 over the 404)."""
        unknown: list[str] = []
        groups = tuple(group for name in names for group in self._groups(name, unknown))
        if not groups:
            raise self._unknown(unknown[0])
        return Meaning("none", groups, tuple(unknown))

    def _groups(
        self, name: str, unknown: list[str], within: frozenset[str] = frozenset(), *, alone: bool = False
    ) -> list[Group]:
        """What a name stands for; what matches nothing is added to ``unknown``. The user's own names come first.

        ``within``: aliases under way; inside itself an alias's name means what it would mean without it.
        """
        if name in self._rules.aliases and name not in within:
            return list(self._alias(self._rules.aliases[name], unknown, within))
        if tier := self._tier(name):
            return [self._tier_group(tier)]
        if exact := self._exact(name):
            return [exact]
        groups = list(self._by_name(name, alone=alone))
        if not groups:
            unknown.append(name)
        return groups

    def _alias(self, alias: Alias, unknown: list[str], within: frozenset[str]) -> Iterator[Group]:
        """The deadlines and retries of the innermost alias hold: it knows its models best."""
        for member in alias.models:
            for group in self._groups(member, unknown, within | {alias.name}):
                yield group if group.alias else replace(group, alias=alias)

    def _after(self, name: str, unknown: list[str], *, local_only: bool) -> list[Group]:
        """The user's own table of what follows a name when it fails; a local model stays here even so (P4)."""
        after = []
        for follower in self._rules.fallback.get(name, ()):
            for group in self._groups(follower, unknown) if follower != name else ():
                cards = tuple(card for card in group.cards if card.local) if local_only else group.cards
                if cards:
                    after.append(replace(group, cards=cards, why=f"{group.why}, the fallback of {name}"))
        return after

    # -- a provider pinned by the caller

    def _pinned(self, names: tuple[str, ...], provider: str) -> Meaning:
        groups = tuple(group for name in names for group in self._at(name, provider))
        if not groups:
            raise NotUnderstood(
                f"{names[0]!r} is not a model of {provider}.",
                param="X-Wallas-Provider",
                hint="leave the header out, or name one of that provider's models",
            )
        tier = None if names[0] in self._rules.aliases else self._tier(names[0])
        return Meaning(tier.name if tier and len(names) == 1 else "none", groups)

    def _at(self, name: str, provider: str, within: frozenset[str] = frozenset()) -> Iterator[Group]:
        """What a name means at one provider, which is asked even for a model nobody has heard of."""
        if (alias := self._rules.aliases.get(name)) and name not in within:
            for member in alias.models:
                for group in self._at(member, provider, within | {name}):
                    yield group if group.alias else replace(group, alias=alias)
            return
        if tier := self._tier(name):
            yield self._tier_group(tier, provider)
            return
        head, colon, model = name.partition(":")
        if not (colon and head in self._rows):
            model = name.removeprefix(f"{provider}/")
        elif head != provider:
            return
        kin = (card for card in self._catalog.same_as(model_key(model)) if card.provider == provider)
        alive_first = sorted(kin, key=lambda card: card.status is Status.RETIRED)
        card = self._known(provider, model) or next(iter(alive_first), None)
        yield self._exactly(provider, model, card, f"pinned to {provider}")

    # -- tiers

    def _tier(self, name: str) -> Tier | None:
        """Ollama's clients put ``:latest`` behind every name without a tag."""
        bare = name.removesuffix(":latest")
        return self._rules.tiers.get(bare) or tier_named(bare)

    def _tier_group(self, tier: Tier, provider: str = "") -> Group:
        version, cards = self._chats
        if version != self._catalog.version:
            cards = tuple(
                card
                for card in self._catalog.all()
                if card.operation is Operation.CHAT and card.status is not Status.RETIRED
            )
            self._chats = self._catalog.version, cards
        if provider:
            cards = tuple(card for card in cards if card.provider == provider)
        return Group(cards, tier.name, tier, named=False)

    # -- models

    def _exact(self, name: str) -> Group | None:
        """``provider:model``; a local model by its own name; an id with a slash before ``provider/model``."""
        head, colon, model = name.partition(":")
        if colon and head in self._rows:
            return self._place(head, model)
        if local := self._local(name):
            return Group(local, "a local model", exact=True)
        head, slash, model = name.partition("/")
        if slash and head in self._rows and not self._catalog.named(name):
            return self._place(head, model)
        return None

    def _place(self, provider: str, model: str) -> Group:
        return self._exactly(provider, model, self._known(provider, model), "named exactly")

    def _exactly(self, provider: str, model: str, card: ModelCard | None, why: str) -> Group:
        if card is not None:
            return Group((card,), why, exact=True)
        unheard = "not in the catalogue"
        live = [card.id for card in self._catalog.of(provider) if card.status is Status.LIVE]
        if guesses := near(model, (), [(one, one) for one in live]):
            unheard += f"; did you mean {', '.join(repr(f'{provider}:{one}') for one in guesses)}?"
        return Group((self._unknown_card(provider, model),), why, exact=True, unheard=unheard)

    def _known(self, provider: str, model: str) -> ModelCard | None:
        """A local server knows one model by several spellings; its card says where it runs (P4)."""
        card = self._catalog.card(provider, model)
        if card is None and self._rows[provider].local:
            plain = local_name(model)
            card = next((one for one in self._catalog.of(provider) if local_name(one.id) == plain), None)
        return card

    def _unknown_card(self, provider: str, model: str) -> ModelCard:
        row = self._rows[provider]
        leaves = row.local and runs_elsewhere(model)
        free = True if row.local or row.free_models else None
        return ModelCard(provider, model, free=free, local=row.local and not leaves, leaves_machine=leaves)

    def _local(self, name: str) -> tuple[ModelCard, ...]:
        """Installed here, as far as was ever seen: what a local server held before it went down stays local."""
        cards = self._catalog.named(name) or self._catalog.named(f"{name}:latest")
        return tuple(card for card in cards if card.local and card.listed)

    def _by_name(self, name: str, *, alone: bool) -> Iterator[Group]:
        """That model wherever it is served, and its successor.

        In the caller's own order a successor only stands in for a model that is served no more.
        """
        cards, seen = self._serving(name), set[str]()
        if not cards:
            return
        while cards:
            yield Group(tuple(cards), f"serves {name}" if not seen else f"succeeds {name}")
            seen |= {card.name for card in cards}
            if not alone and any(card.status is not Status.RETIRED for card in cards):
                return
            successor = next((card.successor for card in cards if card.successor), "")
            cards = [card for card in self._serving(successor) if card.name not in seen] if successor else []

    def _stand_ins(self, name: str, groups: Sequence[Group]) -> Iterator[Group]:
        """The tier of its class, if allowed, for one model by its bare name."""
        if not self._rules.substitute or any(group.alias or group.tier or group.exact for group in groups):
            return
        # A model for local servers only stays one (P4); and nobody speaks in the stead of what cannot speak.
        if all(card.local or card.operation is not Operation.CHAT for group in groups[:1] for card in group.cards):
            return
        tier = self._class_of(name)
        seen = {card.name for group in groups for card in group.cards}
        rest = tuple(card for card in self._tier_group(tier).cards if card.name not in seen)
        yield Group(rest, f"stands in for {name} ({tier.name})", tier, named=False)

    def _serving(self, name: str) -> list[ModelCard]:
        """Cards of that id, then of the same model under other ids. ``x:maker/model``: no provider is called x."""
        bare = self._catalog.named(name)
        if not bare and -1 < name.find(":") < name.find("/"):
            return []
        key = next((card.same_as for card in bare if card.same_as), model_key(name))
        return list({card.name: card for card in (*bare, *self._catalog.same_as(key))}.values())

    def _class_of(self, name: str) -> Tier:
        bare = name.rpartition("/")[2].lower()
        wanted = next((tier for pattern, tier in self._rules.classes if fnmatchcase(bare, pattern)), "auto")
        return self._tier(wanted) or TIERS["auto"]

    # -- names that match nothing

    def _unknown(self, name: str) -> UnknownModel:
        live = [card for card in self._catalog.all() if card.status is Status.LIVE]
        own = (*self._rules.tiers, *self._rules.aliases, *TIERS)
        return UnknownModel(name, near(name, own, [(card.id, card.name) for card in live]))


def _names(request: ChatRequest) -> tuple[str, ...]:
    """Without doubles. Raises ``NotUnderstood`` for more, or longer ones, than anybody's models have."""
    names = tuple(dict.fromkeys(name for name in (request.model, *request.models) if name))
    if len(names) > MOST_NAMES or max(map(len, names)) > LONGEST_NAME:
        raise NotUnderstood(
            f"A request names at most {MOST_NAMES} models, each in at most {LONGEST_NAME} characters.",
            param="model",
        )
    return names


def _is_local(groups: Sequence[Group]) -> bool:
    """Whether a name means models of this machine and nothing else."""
    return bool(groups) and all(card.local for group in groups for card in group.cards)
