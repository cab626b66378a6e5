"""What OpenAI-like listings tell of a model. They share ``id`` and little else: each fact goes by several names.

Shapes seen: OpenAI and Cerebras (the id alone), Groq (``models-list-rig-2bc399``), Mistral (``-chatlas-759daa``),
HuggingFace's router (``-chatlas-e7e225``), OpenRouter (``-llm-openrouter-671bcb``); SambaNova and Pollinations as
they are documented. What nobody tells stays ``None``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wallascli.vocab.models import Modality, ModelCard, Operation, Price

_PER_MILLION = 1e6
_MODALITIES = {kind.value: kind for kind in Modality} | {"file": Modality.PDF}
# What an answer consists of, where it is no text.
_BY_OUTPUT = {
    "transcription": Operation.TRANSCRIBE,
    "embeddings": Operation.EMBED,
    "embedding": Operation.EMBED,
    "rerank": Operation.RERANK,
    "speech": Operation.SPEAK,
    "audio": Operation.SPEAK,
    "video": Operation.VIDEO,
    "image": Operation.IMAGE,
}
# Mistral's capabilities, where ``completion_chat`` is not among them.
_BY_ABILITY = {
    "ocr": Operation.READ,
    "moderation": Operation.MODERATE,
    "classification": Operation.MODERATE,
    "audio_transcription": Operation.TRANSCRIBE,
    "audio_speech": Operation.SPEAK,
}


def read_cards(listed: Iterable[Any], provider: str) -> list[ModelCard]:
    """The cards of all items that name a model and are not switched off."""
    named = (item for item in listed if isinstance(item, dict) and isinstance(item.get("id"), str) and item["id"])
    return [_card(item, provider) for item in named if item.get("active") is not False]


def _card(item: dict[str, Any], provider: str) -> ModelCard:
    hosts = [host for host in _objects(item.get("providers")) if host.get("status") != "error"]
    takes = _takes(item)
    return ModelCard(
        provider,
        item["id"],
        operation=_operation(item),
        context=_context(item, hosts),
        max_output=_count(item, "max_completion_tokens", "max_output_length")
        or _count(_object(item.get("top_provider")), "max_completion_tokens"),
        takes=takes if takes else frozenset({Modality.TEXT}),
        tools=_able(item, hosts, ("tools",), ("function_calling", "tool_calling"), "supports_tools"),
        structured=_able(item, hosts, ("structured_outputs",), (), "supports_structured_output"),
        reasoning=_able(item, (), ("reasoning",), ("reasoning",), ""),
        free=_free(item),
        price=_price(item, hosts),
        listed=True,
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _words(value: Any) -> list[str]:
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []


def _count(item: dict[str, Any], *names: str) -> int | None:
    found = (item.get(name) for name in names)
    return next((value for value in found if type(value) is int and value > 0), None)


def _context(item: dict[str, Any], hosts: list[dict[str, Any]]) -> int | None:
    own = _count(item, "context_length", "context_window", "max_context_length")
    return own or max((length for host in hosts if (length := _count(host, "context_length"))), default=None)


def _modalities(item: dict[str, Any], side: str) -> list[str]:
    return _words(item.get(side)) or _words(_object(item.get("architecture")).get(side))


def _takes(item: dict[str, Any]) -> frozenset[Modality]:
    told = frozenset(_MODALITIES[word] for word in _modalities(item, "input_modalities") if word in _MODALITIES)
    able = _object(item.get("capabilities"))
    seen = {
        kind for word, kind in (("vision", Modality.IMAGE), ("audio", Modality.AUDIO)) if able.get(word) is True
    }
    return told | seen | {Modality.TEXT} if told or seen else frozenset()


def _operation(item: dict[str, Any]) -> Operation:
    """``CHAT`` also where nothing is told: the name may tell more."""
    gives = _modalities(item, "output_modalities")
    if gives and "text" not in gives:
        return next((_BY_OUTPUT[word] for word in gives if word in _BY_OUTPUT), Operation.CHAT)
    able = _object(item.get("capabilities"))
    if able.get("completion_chat") is False:
        return next((kind for word, kind in _BY_ABILITY.items() if able.get(word) is True), Operation.CHAT)
    return Operation.CHAT


def _able(
    item: dict[str, Any],
    hosts: Iterable[dict[str, Any]],
    parameters: tuple[str, ...],
    abilities: tuple[str, ...],
    of_host: str,
) -> bool | None:
    """By OpenRouter's ``supported_parameters``, by ``capabilities``, or by any of HuggingFace's hosts."""
    if told := _words(item.get("supported_parameters")):
        return any(word in told for word in parameters)
    able = _object(item.get("capabilities"))
    flags = [able[word] for word in abilities if isinstance(able.get(word), bool)]
    flags += [host[of_host] for host in hosts if isinstance(host.get(of_host), bool)]
    return any(flags) if flags else None


def _price(item: dict[str, Any], hosts: list[dict[str, Any]]) -> Price:
    """OpenRouter and SambaNova: dollars a token; HuggingFace: a million tokens, of its cheapest host."""
    own = _object(item.get("pricing"))
    asked, said = _dollars(own.get("prompt")), _dollars(own.get("completion"))
    if asked is not None and said is not None:
        return Price(round(asked * _PER_MILLION, 6), round(said * _PER_MILLION, 6))
    offers = [_object(host.get("pricing")) for host in hosts]
    prices = [(_dollars(offer.get("input")), _dollars(offer.get("output"))) for offer in offers]
    known = [(asked, said) for asked, said in prices if asked is not None and said is not None]
    return Price(*min(known, key=sum)) if known else Price()


def _dollars(value: Any) -> float | None:
    """-1 is the price of OpenRouter's routers: it depends."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if 0 <= number < 1e6 else None


def _free(item: dict[str, Any]) -> bool | None:
    """Only OpenRouter bills what it lists to everybody; others list the prices of plans that one may not have."""
    if "top_provider" not in item:
        return None
    pricing = _object(item.get("pricing"))
    asked, said = _dollars(pricing.get("prompt")), _dollars(pricing.get("completion"))
    if asked is None or said is None:
        return None
    return item["id"].endswith(":free") or (asked == said == 0 and not _dollars(pricing.get("request")))
