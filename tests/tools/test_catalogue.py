"""The maker of the catalogue: what goes in comes out, once and always the same."""

import tomllib
from typing import Any

from tools import catalogue
from wallascli.routing.shipped import CATALOGUE, read_cards
from wallascli.vocab.models import Continuation, Operation, Price, Status

OVERRIDES = """
made = "2026-11-20"
[sources]
"a long name" = "short"
[notes]
"a long note" = "brief"
[same_as]
"acme:big-latest" = "big-2"
[successor]
"old" = "big-2"
[more."twin:big"]
like = "acme:big-2"
[[retired]]
provider = "acme"
ids = ["old"]
note = "gone"
[card."acme:guard"]
operation = "moderation"
[strength."big-2"]
value = 0.9
evidence = "seen"
"""


def row(model: str, **fields: Any) -> dict[str, Any]:
    return {
        "provider": "acme",
        "id": model,
        "kind": "chat",
        "status": "live",
        "context_window": 1000,
        "max_output_tokens": None,
        "input_modalities": ["text", "image"],
        "output_modalities": ["text"],
        "tools": True,
        "structured_output": None,
        "reasoning": False,
        "pricing": {"input_per_mtok": 1.0, "output_per_mtok": 3.0, "free": False},
        "limits": {"rpm": 5, "rpd": None, "tpm": None, "tpd": None},
        "source": "a long name",
        "note": "a long note",
    } | fields


ROWS = [
    row("big-2", prefill=True),
    row("big-latest", prefill=False),
    row("guard"),
    row("free-one", pricing={"input_per_mtok": 0, "output_per_mtok": 0, "free": True}, limits=None),
    row("unpriced", pricing={"input_per_mtok": None, "output_per_mtok": None, "free": False}),
]


def made() -> bytes:
    wishes = tomllib.loads(OVERRIDES)
    return catalogue.render(catalogue.build(ROWS, wishes), made=wishes["made"])


def test_the_same_source_gives_the_same_file() -> None:
    assert made() == made()


def test_a_row_survives_the_way_through_the_file() -> None:
    cards = {card.name: card for card in read_cards(made())}
    big = cards["acme:big-2"]
    assert (big.context, big.tools, big.structured, big.reasoning) == (1000, True, None, False)
    assert (big.price, big.free, big.limits.rpm) == (Price(1.0, 3.0), False, 5)
    assert big.continues is Continuation.TRAILING_TURN
    assert big.note == "brief; short"


def test_overrides_win() -> None:
    cards = {card.name: card for card in read_cards(made())}
    assert cards["acme:big-latest"].same_as == cards["acme:big-2"].same_as == "big-2"
    assert cards["acme:big-latest"].strength == 0.9
    assert cards["acme:guard"].operation is Operation.MODERATE
    assert cards["acme:old"].status is Status.RETIRED
    assert cards["acme:old"].successor == "big-2"
    assert cards["twin:big"].price == Price(1.0, 3.0)


def test_free_is_said_only_of_what_is_known() -> None:
    cards = {card.name: card for card in read_cards(made())}
    assert cards["acme:free-one"].free is True
    assert cards["acme:unpriced"].free is None


def test_every_override_of_the_project_is_in_force() -> None:
    wishes = tomllib.loads(catalogue.OVERRIDES.read_text("utf-8"))
    cards = {card.name: card for card in read_cards(CATALOGUE.read_bytes())}
    keys = {card.same_as for card in cards.values()}
    assert {name: cards[name].same_as for name in wishes["same_as"]} == wishes["same_as"]
    assert set(wishes["successor"]) <= keys, "a successor of a name that is nowhere"
    assert all(wish["evidence"] for wish in wishes["strength"].values())
    assert set(wishes["strength"]) <= keys
    assert set(wishes["card"]) <= set(cards)
