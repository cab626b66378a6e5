"""Why a model is not asked, whatever its health: kind, life, powers, window, privacy, price, in that order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.routing.worlds import World, ask, card, row
from wallascli.routing.candidate import Place
from wallascli.routing.rules import Rules
from wallascli.vocab.chat import Media, Message, ResponseFormat, Role, Text, Tool
from wallascli.vocab.models import Modality, ModelCard, Operation, Price, Status
from wallascli.vocab.policy import Policy
from wallascli.wires import cohere

PAYS = Policy(allow_paid=True)
SEES = frozenset({Modality.TEXT, Modality.IMAGE})
TOOLS = (Tool("weather"),)
FORM = ResponseFormat("json_schema", "place", {"type": "object"})


def refused(one: ModelCard, **fields: Any) -> str:
    return World([one]).refused("auto", **fields).get(one.name, "")


# -- price (P5)


@pytest.mark.parametrize("operator", [False, True])
@pytest.mark.parametrize("caller", [False, True])
@pytest.mark.parametrize("price", [Price(1.0, 2.0), Price()])
def test_a_paid_model_needs_both_halves_of_the_switch_and_so_does_an_unknown_price(
    operator: bool, caller: bool, price: Price
) -> None:
    world = World([card("one:a", free=None, price=price)], rules=Rules(allow_paid=operator))
    allowed = operator and caller
    assert bool(world.order("auto", policy=Policy(allow_paid=caller))) is allowed
    assert bool(world.order("one:a", policy=Policy(allow_paid=caller))) is allowed
    if not allowed:
        assert world.refused("one:a", policy=Policy(allow_paid=caller)) == {"one:a": "paid"}


def test_the_settings_may_hold_the_callers_half() -> None:
    cards = [card("one:a", free=False)]
    assert World(cards, rules=Rules(allow_paid=True, paid_by_default=True)).order("auto") == ["one:a"]
    assert World(cards, rules=Rules(paid_by_default=True)).order("auto", policy=PAYS) == []


@pytest.mark.parametrize("free", [True, None, False])
def test_a_row_whose_models_never_bill_is_free_whatever_the_card_says(free: bool | None) -> None:
    assert World([card("one:a", free=free)], rows={"one": row("one", free_models=True)}).order("auto") == ["one:a"]


def test_the_operator_may_vouch_that_a_server_costs_nothing() -> None:
    world = World([card("one:a", free=None)], places={"one": Place(row("one"), free=True)})
    assert world.order("auto") == ["one:a"]


def test_the_reason_names_the_price_or_that_it_is_unknown() -> None:
    world = World([card("one:a", free=None), card("two:b", free=False, price=Price(1, 2.5))])
    assert {one.name: one.reason for one in world.plan("auto").refused} == {
        "one:a": "its price is unknown, so it counts as paid",
        "two:b": "paid (2.5 USD per million tokens)",
    }


# -- what a model is, and can


@pytest.mark.parametrize("operation", [kind for kind in Operation if kind is not Operation.CHAT])
def test_only_models_for_chat_are_asked_to_chat(operation: Operation) -> None:
    one = card("one:a", operation=operation)
    assert World([one]).order("auto") == []
    assert World([one]).refused("a") == {"one:a": "other"}


def test_a_retired_model_is_not_chosen() -> None:
    assert World([card("one:a", status=Status.RETIRED)]).order("auto") == []
    assert World([card("one:a", status=Status.RETIRED)]).refused("a") == {"one:a": "gone"}
    assert World([card("one:a", status=Status.DEPRECATED)]).order("auto") == ["one:a"]


@pytest.mark.parametrize(
    ("facts", "fields"),
    [
        ({"tools": False}, {"tools": TOOLS}),
        ({"structured": False}, {"response_format": FORM}),
        (
            {"takes": frozenset({Modality.TEXT})},
            {"messages": (Message(Role.USER, (Media("image/png", base64="a"),)),)},
        ),
        ({"takes": SEES}, {"messages": (Message(Role.USER, (Media("audio/wav", base64="a"),)),)}),
    ],
)
def test_a_model_known_to_lack_what_the_request_needs_is_not_asked(
    facts: dict[str, Any], fields: dict[str, Any]
) -> None:
    assert refused(card("one:a", **facts), **fields) == "needs"
    assert refused(card("one:a", **facts)) == ""


@pytest.mark.parametrize("fields", [{"tools": TOOLS}, {"response_format": FORM}])
def test_a_model_of_which_nobody_knows_is_tried(fields: dict[str, Any]) -> None:
    assert refused(card("one:a", tools=None, structured=None), **fields) == ""


def test_what_a_wire_cannot_carry_is_not_sent_there_to_be_lost() -> None:
    world = World([card("c:a"), card("o:b")], rows={"c": row("c", wire=cohere.OUT)})
    odd = (Tool("name with blanks"),)
    assert world.order("auto", tools=odd) == ["o:b"]
    assert world.order("c:a", tools=odd) == []  # an exact name too
    assert world.plan("c:a", tools=odd).refused[0].reason == "its API cannot carry a tool named 'name with blanks'"
    assert World([card("c:a"), card("o:b")], rows={"c": row("c", wire=cohere.OUT)}).order("auto", tools=TOOLS) == [
        "c:a",
        "o:b",
    ]


@pytest.mark.parametrize(("window", "fits"), [(None, True), (1_000, True), (120, True), (60, False)])
def test_a_prompt_and_its_answer_must_fit_the_window_as_far_as_it_is_known(window: int | None, fits: bool) -> None:
    one = card("one:a", context=window)
    found = refused(one, text="x" * 400, max_tokens=10)
    assert found == ("" if fits else "window")


def test_room_for_the_answer_counts() -> None:
    assert refused(card("one:a", context=1_000), max_tokens=990) == ""
    assert refused(card("one:a", context=1_000), max_tokens=1_000) == "window"


# -- places


@pytest.mark.parametrize("kind", ["key", "disabled", "retired"])
def test_a_place_that_cannot_be_asked_says_why_also_of_an_exact_name(kind: str) -> None:
    place = Place(row("one", retired="over"), unusable="cannot be asked", unusable_kind=kind)
    world = World([card("one:a"), card("two:b")], places={"one": place})
    for name in ("auto", "one:a"):
        found = next(no for no in world.plan(name).refused if no.name == "one:a")
        assert (found.kind, found.reason) == (kind, "cannot be asked")
    assert world.order("auto") == ["two:b"]


def test_what_a_switch_forbids_is_said_only_of_who_could_have_served() -> None:
    """Or "paid models are not enabled" would send people to a switch that does not help."""
    blind = card("paid:blind", free=False, takes=frozenset({Modality.TEXT}))
    picture = (Message(Role.USER, (Text("?"), Media("image/png", base64="a"))),)
    assert World([blind]).refused("auto", messages=picture) == {"paid:blind": "needs"}
    assert World([blind]).refused("auto") == {"paid:blind": "paid"}
    assert World([blind]).refused("auto", text="x" * 10**6) == {"paid:blind": "window"}


def test_a_provider_that_the_settings_do_not_know_is_no_place_at_all() -> None:
    world = World([card("one:a"), card("two:b")])
    places = {"one": replace(world.places["one"])}
    lonely = World([card("one:a"), card("two:b")], places=places)
    del lonely.places["two"]
    assert [one.name for one in lonely.planner.plan(ask("auto"), Policy()).candidates] == ["one:a"]
