"""What OpenAI-like listings tell of a model, by those that real providers gave, and by nonsense."""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchanges import load
from wallascli.providers.base import Provider
from wallascli.routing.catalog import Catalog
from wallascli.routing.shipped import shipped_cards
from wallascli.vocab.models import Modality, ModelCard, Operation, Price
from wallascli.wires.base import Malformed
from wallascli.wires.openai_chat import OUT
from wallascli.wires.openai_listing import read_cards

LISTS = {
    "openrouter": "openrouter/models-list-llm-openrouter-671bcb.json",
    "groq": "groq/models-list-rig-2bc399.json",
    "huggingface": "huggingface/models-list-chatlas-e7e225.json",
    "mistral": "mistral/models-list-chatlas-759daa.json",
    "cerebras": "cerebras/models-list-pydantic-ai-dbc726.json",
    "openai": "openai/models-list-rig-199197.json",
}
KINDS = {kind.value: kind for kind in Modality}


def cards(provider: str) -> dict[str, ModelCard]:
    body = load(LISTS[provider])[0].body
    return {card.id: card for card in OUT.read_listing(body, provider)}


def one(**item: Any) -> ModelCard:
    (card,) = read_cards([{"id": "m", **item}], "p")
    return card


def kinds(words: str) -> frozenset[Modality]:
    return frozenset(KINDS[word] for word in words.split())


@pytest.mark.parametrize("provider", LISTS)
def test_every_model_of_a_recorded_listing_is_read(provider: str) -> None:
    body = orjson.loads(load(LISTS[provider])[0].body)
    assert len(cards(provider)) == len({item["id"] for item in body["data"]})
    assert all(card.listed and card.provider == provider for card in cards(provider).values())


@pytest.mark.parametrize(
    ("name", "context", "most", "takes", "tools", "structured", "reasoning", "price"),
    [
        (
            "openrouter:anthropic/claude-sonnet-4",
            1_000_000,
            64_000,
            "text image pdf",
            True,
            False,
            True,
            (3.0, 15.0),
        ),
        ("openrouter:openai/gpt-4o", 128_000, 16_384, "text image pdf", True, True, False, (2.5, 10.0)),
        ("openrouter:openai/gpt-3.5-turbo", 16_385, 4_096, "text", True, True, False, (0.5, 1.5)),
        ("groq:openai/gpt-oss-20b", 131_072, 65_536, "text", None, None, None, (0.075, 0.3)),
        ("huggingface:MiniMaxAI/MiniMax-M2.1", 204_800, None, "text", True, False, None, (0.3, 1.2)),
        ("mistral:mistral-medium-2505", 131_072, None, "text image", True, None, None, (None, None)),
        ("cerebras:gemma-4-31b", None, None, "text", None, None, None, (None, None)),
    ],
)
def test_facts_are_found_under_each_providers_own_names(
    name: str,
    context: int | None,
    most: int | None,
    takes: str,
    tools: bool | None,
    structured: bool | None,
    reasoning: bool | None,
    price: tuple[float | None, float | None],
) -> None:
    provider, _, model = name.partition(":")
    card = cards(provider)[model]
    assert (card.context, card.max_output, card.takes) == (context, most, kinds(takes))
    assert (card.tools, card.structured, card.reasoning) == (tools, structured, reasoning)
    assert card.price == Price(*price)


def test_what_is_no_chat_model_says_so_where_it_is_told() -> None:
    assert Counter(card.operation for card in cards("groq").values()) == {
        Operation.CHAT: 11,
        Operation.TRANSCRIBE: 2,
        Operation.SPEAK: 2,
    }
    told = Counter(card.operation for card in cards("mistral").values())
    assert (told[Operation.READ], told[Operation.MODERATE]) == (4, 2)


def test_what_the_listing_does_not_tell_the_name_does() -> None:
    catalog = Catalog([])
    catalog.add(Provider("openai", "", "", OUT), cards("openai").values(), 0.0)
    found = {card.id: card.operation for card in catalog.all()}
    assert found["text-embedding-ada-002"] is Operation.EMBED
    assert found["whisper-1"] is Operation.TRANSCRIBE
    assert found["tts-1"] is Operation.SPEAK
    assert found["gpt-3.5-turbo"] is Operation.CHAT


# -- what it costs (P5)


@pytest.mark.parametrize(
    ("model", "pricing", "free"),
    [
        ("x/m:free", {"prompt": "0", "completion": "0"}, True),
        ("x/m", {"prompt": "0", "completion": "0"}, True),
        ("x/m", {"prompt": "0", "completion": "0", "request": "0.01"}, False),
        ("x/m", {"prompt": "0.000001", "completion": "0"}, False),
        ("openrouter/auto", {"prompt": "-1", "completion": "-1"}, None),
        ("x/m", {}, None),
        ("x/m", {"prompt": "free", "completion": "free"}, None),
    ],
)
def test_openrouter_bills_what_it_lists(model: str, pricing: dict[str, str], free: bool | None) -> None:
    assert one(id=model, pricing=pricing, top_provider={}).free is free


def test_other_listings_do_not_say_whether_this_user_pays() -> None:
    assert one(pricing={"prompt": "0.000001", "completion": "0.000002"}).free is None
    assert all(card.free is None for card in cards("huggingface").values())


def test_a_free_model_that_became_a_paid_one_is_a_paid_one_after_the_next_listing() -> None:
    catalog = Catalog(shipped_cards())
    row = Provider("openrouter", "", "", OUT)
    free = next(card for card in catalog.of("openrouter") if card.free and card.id.endswith(":free"))
    price = {"prompt": "0.000001", "completion": "0.000001"}
    listed = [{"id": free.id.removesuffix(":free"), "pricing": price, "top_provider": {}}]
    catalog.add(row, read_cards(listed, "openrouter"), 0.0)
    assert [card.free for card in catalog.of("openrouter") if card.listed] == [False]
    catalog.add(
        row,
        read_cards([{"id": free.id, "pricing": {"prompt": "0", "completion": "0"}, "top_provider": {}}], ""),
        1.0,
    )
    assert [card.free for card in catalog.of("openrouter") if card.listed] == [True]


def test_of_several_hosts_the_cheapest_price_and_the_largest_window_count() -> None:
    hosts = [
        {"status": "live", "context_length": 1_000, "pricing": {"input": 2, "output": 2}, "supports_tools": False},
        {"status": "live", "context_length": 9_000, "pricing": {"input": 1, "output": 1.5}, "supports_tools": True},
        {"status": "error", "context_length": 99_000, "pricing": {"input": 0, "output": 0}, "supports_tools": True},
    ]
    card = one(providers=hosts)
    assert (card.context, card.price, card.tools) == (9_000, Price(1, 1.5), True)


# -- nonsense


def test_what_is_switched_off_or_has_no_name_is_left_out() -> None:
    items = [{"id": "off", "active": False}, {"id": ""}, {"id": 5}, {}, None, "m", {"id": "on", "active": True}]
    assert [card.id for card in read_cards(items, "p")] == ["on"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    "id active providers architecture capabilities pricing top_provider context_length context_window "
    "max_completion_tokens input_modalities output_modalities supported_parameters reasoning".split()
)


@given(st.lists(st.dictionaries(FIELDS, JSON, max_size=8) | JSON, max_size=4))
def test_nonsense_is_no_reason_to_fail(items: list[Any]) -> None:
    for card in read_cards([{"id": "m", **item} if isinstance(item, dict) else item for item in items], "p"):
        assert isinstance(card.id, str)
        assert card.context is None or card.context > 0


@given(JSON)
def test_a_body_is_a_listing_or_malformed(body: Any) -> None:
    try:
        read = OUT.read_listing(orjson.dumps(body, default=str), "p")
    except (Malformed, orjson.JSONEncodeError):
        return
    assert isinstance(read, list)
