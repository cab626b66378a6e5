"""Why a model is not asked for a request at all, whatever its health: one small rule each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wallascli.providers.base import Trains
from wallascli.routing.candidate import Place, Refused
from wallascli.routing.needs import Needs
from wallascli.routing.resolve import Group
from wallascli.routing.rules import Rules
from wallascli.vocab.models import Modality, ModelCard, Operation, Status
from wallascli.vocab.policy import Policy, Privacy

_SEES = {Modality.IMAGE: "images", Modality.AUDIO: "audio", Modality.VIDEO: "video", Modality.PDF: "PDF files"}
_MODALITIES = {kind.value: kind for kind in Modality}
_STRICTNESS = {Privacy.ANY: 0, Privacy.NO_TRAINING: 1, Privacy.LOCAL: 2}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a card is held against. ``unsayable``: what each wire, by name, cannot carry of the request."""

    group: Group
    needs: Needs
    takes: frozenset[Modality]
    able: tuple[tuple[str, bool], ...]
    """Facts of a card that matter; and whether it must be known (a tier's demand) or only not denied."""
    unsayable: dict[str, tuple[str, ...]]
    pays: bool
    privacy: Privacy
    absent: frozenset[str]
    """Local providers that do not answer."""

    @classmethod
    def of(
        cls,
        group: Group,
        needs: Needs,
        policy: Policy,
        rules: Rules,
        unsayable: dict[str, tuple[str, ...]],
        absent: frozenset[str],
    ) -> Asked:
        demands = group.tier.needs if group.tier else frozenset()
        takes = needs.takes | {_MODALITIES[word] for word in demands & _MODALITIES.keys()}
        wishes = {"tools": needs.tools, "structured": needs.structured, "reasoning": False}
        able = tuple((fact, fact in demands) for fact, wished in wishes.items() if wished or fact in demands)
        pays = rules.allow_paid and (policy.allow_paid or rules.paid_by_default)
        privacy = max(policy.privacy, rules.privacy, key=_STRICTNESS.__getitem__)
        return cls(group, needs, takes, able, unsayable, pays, privacy, absent)

    def refusal(self, card: ModelCard, place: Place) -> Refused | None:
        """The first rule that says no. What a switch forbids is only said of who could serve the request."""
        for check in _ALWAYS if self.group.exact else _CHECKS:
            no = check(card, place, self)
            if no is not None:
                return Refused(card.name, *no)
        return None


Check = Callable[[ModelCard, Place, Asked], tuple[str, str] | None]
"""The reason in words and the kind of no, or ``None``."""


def _usable(card: ModelCard, place: Place, asked: Asked) -> tuple[str, str] | None:
    return (place.unusable, place.unusable_kind) if place.unusable else None


def _kind(card: ModelCard, place: Place, asked: Asked) -> tuple[str, str] | None:
    if card.operation is Operation.CHAT:
        return None
    return f"a model for {card.operation.value}, not for chat", "other"


def _alive(card: ModelCard, place: Place, asked: Asked) -> tuple[str, str] | None:
    return ("retired", "gone") if card.status is Status.RETIRED else None


def _here(card: ModelCard, place: Place, asked: Asked) -> tuple[str, str] | None:
    """What a local server offers is known from itself or from the settings; its cloud models lie there too."""
    if not place.provider.local:
        return None
    if not card.listed:
        return "not installed here", "gone"
    return ("its server does not answer", "gone") if card.provider in asked.absent else None


def _sees(card: ModelCard, place: Place, asked: Asked) -> tuple[str, str] | None:
    if asked.takes <= card.takes:
        return None
    words = ", ".join(sorted(_SEES.get(kind, kind.value) for kind in asked.takes - card.takes))
    return f"does not take {words}", "needs"


def _able(card: ModelCard, place: Place, asked: Asked) -> tuple[str, str] | None:
    for fact, must_be_known in asked.able:
        value = getattr(card, fact)
        if value is False:
            return f"no {fact}", "needs"
        if value is None and must_be_known:
            return f"{fact} unknown", "needs"
    return None


def _fits(card: ModelCard, place: Place, asked: Asked) -> tuple[str, str] | None:
    # No exact figure: the same plan serves all requests between two windows.
    if card.context is None or asked.needs.window <= card.context:
        return None
    return f"needs more than its {card.context} tokens", "window"


def _says(card: ModelCard, place: Place, asked: Asked) -> tuple[str, str] | None:
    lost = asked.unsayable.get(place.provider.wire.name)
    return (f"its API cannot carry {', '.join(lost)}", "needs") if lost else None


def _private(card: ModelCard, place: Place, asked: Asked) -> tuple[str, str] | None:
    stays = card.local and not card.leaves_machine
    if asked.privacy is Privacy.LOCAL and not stays:
        return "not on this machine", "privacy"
    if asked.privacy is Privacy.NO_TRAINING and not stays and place.provider.trains is not Trains.NO:
        return "may train on what is sent", "privacy"
    return None


def _paid(card: ModelCard, place: Place, asked: Asked) -> tuple[str, str] | None:
    """Both halves of the switch, or it is free. Unknown price counts as paid (P5)."""
    if asked.pays or place.costs_nothing(card):
        return None
    price = card.price.output
    if price is None:
        unheard = asked.group.unheard
        known = f"{unheard}{'' if unheard.endswith('?') else '.'} Its" if unheard else "its"
        return f"{known} price is unknown, so it counts as paid", "paid"
    return f"paid ({price:g} USD per million tokens)", "paid"


_ALWAYS: tuple[Check, ...] = (_usable, _says, _private, _paid)
_CHECKS: tuple[Check, ...] = (_kind, _usable, _alive, _here, _sees, _able, _fits, _says, _private, _paid)
