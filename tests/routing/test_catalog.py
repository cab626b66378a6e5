"""What is known of models: the shipped cards, over them each provider's listing, over both what answers taught."""

from __future__ import annotations

import pytest

from tests.routing.worlds import NOON, card, installed, row
from wallascli.routing.catalog import Catalog
from wallascli.routing.shipped import shipped_cards
from wallascli.vocab.models import Modality, ModelCard, Operation, Price, Status

HOUR = 3_600.0
ONE = row("one")
LOCAL = row("ollama", local=True)
SEES = frozenset({Modality.TEXT, Modality.IMAGE})


def listed(name: str, **facts: object) -> ModelCard:
    """As a reader of listings makes it: only what the listing tells."""
    provider, _, model = name.partition(":")
    return ModelCard(provider, model, listed=True, **facts)  # type: ignore[arg-type]


def only(catalog: Catalog, provider: str = "one") -> ModelCard:
    (found,) = catalog.of(provider)
    return found


# -- listings


def test_a_listing_says_what_exists() -> None:
    catalog = Catalog([card("one:kept"), card("one:dropped")])
    catalog.add(ONE, [listed("one:kept"), listed("one:newer")], NOON)
    assert {one.id for one in catalog.of("one")} == {"kept", "newer"}
    assert catalog.named("dropped") == []


@pytest.mark.parametrize("status", [Status.RETIRED, Status.DEPRECATED])
def test_old_names_stay_so_that_they_are_understood(status: Status) -> None:
    catalog = Catalog([card("one:old", status=status, successor="new")])
    catalog.add(ONE, [listed("one:new")], NOON)
    assert [one.status for one in catalog.named("old")] == [status]
    catalog.add(ONE, [listed("one:old")], NOON + 1)
    assert [(one.status, one.successor, one.listed) for one in catalog.named("old")] == [(status, "new", True)]


def test_facts_of_a_listing_replace_the_shipped_ones_and_the_shipped_card_fills_the_gaps() -> None:
    shipped = card("one:a", context=1_000, tools=True, takes=SEES, strength=0.8, same_as="the-a", note="seen")
    catalog = Catalog([shipped])
    catalog.add(ONE, [listed("one:a", context=9_000, max_output=500)], NOON)
    found = only(catalog)
    assert (found.context, found.max_output) == (9_000, 500)
    assert (found.tools, found.takes, found.strength, found.same_as, found.note) == (
        True,
        SEES,
        0.8,
        "the-a",
        "seen",
    )
    catalog.add(ONE, [listed("one:a", tools=False, takes=frozenset({Modality.TEXT, Modality.PDF}))], NOON)
    assert only(catalog).tools is False
    assert only(catalog).takes == {Modality.TEXT, Modality.PDF}
    assert only(catalog).context == 1_000


def test_a_price_in_a_listing_does_not_turn_free_into_paid() -> None:
    """Cerebras and SambaNova list the prices of their paid plans to everybody."""
    catalog = Catalog([card("one:a", free=True)])
    catalog.add(ONE, [listed("one:a", price=Price(1.0, 2.0))], NOON)
    assert (only(catalog).free, only(catalog).price) == (True, Price(1.0, 2.0))


@pytest.mark.parametrize("shipped", [True, False, None])
@pytest.mark.parametrize("told", [True, False])
def test_a_listing_that_says_itself_whether_a_model_is_free_is_believed(shipped: bool | None, told: bool) -> None:
    """Else a model that became a paid one would go on being asked (P5)."""
    catalog = Catalog([card("one:a", free=shipped)])
    catalog.add(ONE, [listed("one:a", free=told)], NOON)
    assert only(catalog).free is told


def test_a_newcomer_is_read_by_its_name_and_its_price_is_unknown() -> None:
    catalog = Catalog([])
    catalog.add(ONE, [listed("one:maker/new-70b-instruct"), listed("one:new-embed-1")], NOON)
    chat, embed = catalog.of("one")
    assert (chat.operation, chat.free, chat.same_as) == (Operation.CHAT, None, "new-70b")
    assert 0.0 < chat.strength < 1.0
    assert embed.operation is Operation.EMBED


def test_a_newcomer_is_free_where_all_models_are() -> None:
    catalog = Catalog([])
    catalog.add(row("one", free_models=True), [listed("one:a")], NOON)
    catalog.add(LOCAL, [listed("ollama:b"), listed("ollama:c-cloud", leaves_machine=True)], NOON)
    assert {one.id: (one.free, one.local) for one in catalog.all()} == {
        "a": (True, False),
        "b": (True, True),
        "c-cloud": (True, False),
    }


def test_any_sign_that_a_model_leaves_the_machine_is_enough() -> None:
    catalog = Catalog([card("ollama:x", local=False, leaves_machine=True), card("ollama:y", local=True)])
    catalog.add(LOCAL, [listed("ollama:x"), listed("ollama:y", leaves_machine=True)], NOON)
    assert [(one.id, one.local, one.leaves_machine) for one in catalog.of("ollama")] == [
        ("x", False, True),
        ("y", False, True),
    ]


def test_models_that_the_settings_name_are_there_without_a_listing() -> None:
    catalog = Catalog([card("one:a"), card("one:b")])
    catalog.add(ONE, [listed("one:b"), listed("one:mine")])
    assert {one.id for one in catalog.of("one")} == {"b", "mine"}
    assert (catalog.is_listed("one"), catalog.listed_at("one")) == (False, None)


def test_the_same_model_is_found_under_one_key_and_routers_under_none() -> None:
    catalog = Catalog([card("one:x/a", same_as="a"), card("two:a", same_as="a"), card("two:router", same_as="")])
    assert {one.name for one in catalog.same_as("a")} == {"one:x/a", "two:a"}
    assert catalog.same_as("") == []


# -- local servers that come and go


def test_a_server_that_does_not_answer_is_unlisted_but_its_models_are_still_its() -> None:
    catalog = Catalog([])
    catalog.add(LOCAL, [installed("ollama:qwen3:32b")], NOON)
    assert (catalog.is_listed("ollama"), catalog.listed_at("ollama")) == (True, NOON)
    catalog.missed("ollama")
    assert (catalog.is_listed("ollama"), catalog.listed_at("ollama")) == (False, None)
    assert [one.local for one in catalog.named("qwen3:32b")] == [True]
    catalog.add(LOCAL, [installed("ollama:qwen3:32b")], NOON + 60)
    assert catalog.is_listed("ollama")


# -- versions: what a kept plan is thrown away for


def test_every_change_has_a_version_and_no_change_has_none() -> None:
    catalog = Catalog(shipped_cards())
    versions = [catalog.version]

    def changed() -> bool:
        versions.append(catalog.version)
        return versions[-1] != versions[-2]

    catalog.add(LOCAL, [listed("ollama:a")], NOON)
    assert changed()
    catalog.add(LOCAL, [listed("ollama:a")], NOON + 60)
    assert not changed()
    catalog.missed("ollama")
    assert changed()
    catalog.missed("ollama")
    assert not changed()
    catalog.add(LOCAL, [listed("ollama:a")], NOON + 120)
    assert changed()
    catalog.set_window("ollama", "a", 4_096, NOON)
    assert changed()
    catalog.set_window("ollama", "a", 4_096, NOON)
    assert not changed()
    catalog.lacks("ollama", "a", "tools", NOON)
    assert changed()
    catalog.lacks("ollama", "a", "tools", NOON)
    assert not changed()


# -- what answers taught


def test_a_window_that_an_error_named_goes_onto_the_card() -> None:
    catalog = Catalog([card("one:a", context=131_072)])
    catalog.set_window("one", "a", 8_192, NOON)
    assert only(catalog).context == 8_192


@pytest.mark.parametrize("word", ["tools", "structured"])
def test_a_feature_that_was_refused_is_remembered(word: str) -> None:
    catalog = Catalog([card("one:a")])
    catalog.lacks("one", "a", word, NOON)
    assert getattr(only(catalog), word) is False


def test_a_model_that_was_found_blind_takes_no_images() -> None:
    catalog = Catalog([card("one:a", takes=SEES)])
    catalog.lacks("one", "a", "image", NOON)
    assert only(catalog).takes == {Modality.TEXT}


def test_what_nobody_has_heard_of_can_be_taught_nothing() -> None:
    catalog = Catalog([card("one:a")])
    version = catalog.version
    catalog.set_window("one", "zzz", 5, NOON)
    catalog.lacks("zzz", "a", "tools", NOON)
    catalog.lacks("one", "a", "", NOON)
    assert catalog.version == version


def test_what_was_learnt_outlives_the_listings_of_some_hours_and_then_is_tried_anew() -> None:
    catalog = Catalog([])
    catalog.add(LOCAL, [listed("ollama:a", context=131_072)], NOON)
    catalog.set_window("ollama", "a", 8_192, NOON)
    catalog.lacks("ollama", "a", "tools", NOON + HOUR)
    for hours in (0.1, 1.5, 5.9):
        catalog.add(LOCAL, [listed("ollama:a", context=131_072, tools=True)], NOON + hours * HOUR)
        assert (only(catalog, "ollama").context, only(catalog, "ollama").tools) == (8_192, False), hours
    catalog.add(LOCAL, [listed("ollama:a", context=131_072, tools=True)], NOON + 6.5 * HOUR)
    assert (only(catalog, "ollama").context, only(catalog, "ollama").tools) == (131_072, False)
    catalog.add(LOCAL, [listed("ollama:a", context=131_072, tools=True)], NOON + 7.5 * HOUR)
    assert only(catalog, "ollama").tools is True


def test_learning_the_same_again_is_believed_anew() -> None:
    catalog = Catalog([])
    for hours in (0, 4):
        catalog.add(LOCAL, [listed("ollama:a", tools=True)], NOON + hours * HOUR)
        catalog.lacks("ollama", "a", "tools", NOON + hours * HOUR)
    catalog.add(LOCAL, [listed("ollama:a", tools=True)], NOON + 7 * HOUR)
    assert only(catalog, "ollama").tools is False
