"""The catalogue that comes with the package is complete, consistent and quickly read."""

import re
import statistics
import time
from collections import defaultdict

import pytest

from wallascli.providers import PROVIDERS
from wallascli.routing.shipped import CATALOGUE, read_cards, shipped_cards
from wallascli.vocab.models import Continuation, Modality, ModelCard, Operation, Price, Status

CARDS = {card.name: card for card in shipped_cards()}
BY_KEY: dict[str, list[ModelCard]] = defaultdict(list)
for _card in CARDS.values():
    BY_KEY[_card.same_as].append(_card)


def test_names_are_unique_and_of_providers_that_exist() -> None:
    assert len(CARDS) == len(shipped_cards()) >= 335
    assert {card.provider for card in CARDS.values()} == set(PROVIDERS)


def test_it_is_read_in_no_time() -> None:
    file = CATALOGUE.read_bytes()
    times = []
    for _ in range(15):
        before = time.process_time()
        read_cards(file)
        times.append(time.process_time() - before)
    assert statistics.median(times) < 0.005


def test_the_file_has_one_model_a_line() -> None:
    lines = [line for line in CATALOGUE.read_text().splitlines() if re.match(r'   "', line)]
    assert len(lines) == len(CARDS)


def test_a_card_is_what_the_file_says() -> None:
    card = CARDS["gemini:gemini-3.5-flash"]
    assert card.context == 1_048_576
    assert card.max_output == 65_536
    assert card.takes == frozenset(Modality)
    assert card.gives == {Modality.TEXT}
    assert (card.tools, card.structured, card.reasoning, card.free) == (True, True, True, True)
    assert card.price == Price(1.5, 9.0)
    assert (card.limits.rpm, card.limits.rpd, card.limits.tpm, card.limits.tpd) == (5, 20, 250_000, None)
    assert "litellm" in card.note


def test_the_same_model_is_one_model_wherever_it_is_served() -> None:
    served = {card.name for card in BY_KEY["gpt-oss-120b"]}
    assert served >= {
        "groq:openai/gpt-oss-120b",
        "cerebras:gpt-oss-120b",
        "sambanova:gpt-oss-120b",
        "nvidia:openai/gpt-oss-120b",
        "openrouter:openai/gpt-oss-120b",
        "openrouter:openai/gpt-oss-120b:free",
        "huggingface:openai/gpt-oss-120b",
        "ollama:gpt-oss:120b",
        "ollama-cloud:gpt-oss:120b",
    }
    assert len({card.provider for card in BY_KEY["gemma-4-31b"]}) >= 6
    assert {card.provider for card in BY_KEY["mistral-small-4"]} == {"mistral", "pollinations"}


def test_two_cards_of_one_provider_share_a_key_only_as_variants_of_one_name() -> None:
    variant = re.compile(
        r":free$|-cloud$|-latest$|-\d{4,8}$|-\d\d-\d{4}$|^mistral-small-2603$|^mistral-medium-3-5$"
    )
    for key, cards in BY_KEY.items():
        for provider in {card.provider for card in cards} if key else ():
            plain = [c.id for c in cards if c.provider == provider and not variant.search(c.id)]
            assert len(plain) <= 1, (key, plain)


def test_the_same_model_is_as_strong_wherever_it_is_served() -> None:
    for key, cards in BY_KEY.items():
        alive = [c for c in cards if c.status is not Status.RETIRED and c.operation is Operation.CHAT]
        assert not key or len({card.strength for card in alive}) <= 1, key


def test_a_successor_is_alive_and_of_the_same_trade() -> None:
    for card in CARDS.values():
        if card.successor:
            heirs = [heir for heir in BY_KEY[card.successor] if heir.status is Status.LIVE]
            assert heirs, (card.name, card.successor)
            assert heirs[0].operation is card.operation
            assert card.successor != card.same_as


@pytest.mark.parametrize(
    "name",
    [
        "openai:gpt-4-turbo",
        "openai:gpt-3.5-turbo",
        "openai:o1",
        "openai:o3-mini",
        "groq:llama-3.3-70b-versatile",
        "groq:mixtral-8x7b-32768",
        "anthropic:claude-3-5-sonnet-20241022",
        "gemini:gemini-1.5-pro",
        "gemini:gemini-2.0-flash",
        "github:openai/gpt-4o",
    ],
)
def test_dead_names_in_peoples_programs_are_still_understood(name: str) -> None:
    card = CARDS[name]
    assert card.status is Status.RETIRED
    assert card.successor
    assert card.note


def test_judges_of_text_never_hold_a_conversation() -> None:
    for card in CARDS.values():
        if re.search(r"guard|safety|moderation", card.id):
            assert card.operation is Operation.MODERATE, card.name


def test_only_what_runs_on_this_machine_is_local() -> None:
    for card in CARDS.values():
        cloud = card.id.endswith((":cloud", "-cloud"))
        assert card.local == (card.provider == "ollama" and not cloud)
        assert card.leaves_machine == (cloud or card.provider == "ollama-cloud")


def test_an_unknown_price_is_not_taken_for_a_free_one() -> None:
    for card in CARDS.values():
        if card.free is False:
            assert card.price != Price(), card.name
        if card.provider == "pollinations":
            assert card.free is None, card.name
    assert CARDS["gemini:lyria-3.5"].free is None, "a price of nothing for a paid model is no price"


def test_models_go_on_by_the_means_of_their_maker() -> None:
    assert CARDS["mistral:mistral-large-4-0"].continues is Continuation.PREFIX_FLAG
    assert CARDS["gemini:gemini-2.5-flash"].continues is Continuation.MODEL_TURN
    assert CARDS["gemini:gemini-3.6-flash"].continues is Continuation.ASKED
    assert CARDS["anthropic:claude-haiku-4-5"].continues is Continuation.TRAILING_TURN
    assert CARDS["anthropic:claude-sonnet-4-6"].continues is Continuation.ASKED
    assert CARDS["openai:gpt-4o"].continues is Continuation.ASKED
    assert CARDS["ollama:qwen3-coder"].continues is Continuation.TRAILING_TURN


def test_there_is_something_free_to_ask_at_every_provider_that_offers_it() -> None:
    free = {
        c.provider for c in CARDS.values() if c.free and c.status is Status.LIVE and c.operation is Operation.CHAT
    }
    by_card = {name for name, row in PROVIDERS.items() if row.signup and row.signup.free and not row.free_models}
    assert by_card - {"github"} <= free
