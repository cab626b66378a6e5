"""`wallasapi models` and `wallasapi providers`: what there is, and what of it can be asked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from wallascli.cli import options
from wallascli.cli.messages import say
from wallascli.cli.output import Result, table

Name = Annotated[str | None, typer.Argument(metavar="[NAME]", help=say("models.name"), show_default=False)]
Capability = Annotated[str, typer.Option("--capability", metavar="WORD", help=say("models.capability"))]
Provider = Annotated[str, typer.Option("--provider", metavar="NAME", help=say("models.provider"))]
Search = Annotated[str, typer.Option("--search", metavar="TEXT", help=say("models.search"))]
Sort = Annotated[str, typer.Option("--sort", metavar="BY", help=say("models.sort"))]
Pricing = Annotated[str, typer.Option("--pricing", metavar="free|paid", help=say("models.pricing"))]
Modality = Annotated[str, typer.Option("--modality", metavar="KIND", help=say("models.modality"))]
Dead = Annotated[bool, typer.Option("--include-dead", help=say("models.dead"))]
All = Annotated[bool, typer.Option("--all", help=say("models.all"))]

# Abilities worth a word in a table.
_TOLD = ("reasoning", "tools", "structured_output", "vision", "audio", "video", "pdf", "embeddings",
         "image_generation", "video_generation", "tts", "transcription", "ocr", "rerank", "moderation")  # fmt: skip


def models(
    name: Name = None,
    capability: Capability = "",
    provider: Provider = "",
    search: Search = "",
    sort: Sort = "context",
    pricing: Pricing = "",
    modality: Modality = "",
    include_dead: Dead = False,
    all_places: All = False,
    config: options.Config = None,
    as_json: options.Json = False,
) -> Result:
    from wallascli.cli.running import run

    if name is not None:
        view = run(_one(name, config))
        return Result(view, _sheet(view))
    query = {
        "capability": capability,
        "provider": provider,
        "search": search,
        "sort": sort,
        "pricing": pricing,
        "modality": modality,
        "include_dead": str(include_dead),
        "all": str(all_places),
    }
    found = run(_many(query, config))
    return Result(found, _table_of_models(found) if found else say("models.none"))


async def _many(query: dict[str, str], config: Path | None) -> list[dict[str, Any]]:
    from wallascli.cli.asking import ready_engine
    from wallascli.engine.views import Filters, models_view

    wanted = Filters.read(query)
    async with ready_engine(config) as (engine, _):
        return models_view(engine, wanted)


async def _one(name: str, config: Path | None) -> dict[str, Any]:
    from difflib import get_close_matches

    from wallascli.cli.asking import ready_engine
    from wallascli.engine.views import Filters, model_view, models_view
    from wallascli.vocab.failures import UnknownModel

    async with ready_engine(config) as (engine, _):
        found = model_view(engine, name)
        if found is not None:
            return found
        known = [entry[key] for entry in models_view(engine, Filters(all=True)) for key in ("id", "alt_id")]
    raise UnknownModel(name, tuple(dict.fromkeys(get_close_matches(name, known, n=3))))


def _table_of_models(found: list[dict[str, Any]]) -> str:
    rows = [
        [
            entry["id"],
            _window(entry["context_window"]),
            entry["metadata"].get("cost", "-"),
            _latency(entry.get("last_latency_ms")),
            _described(entry),
        ]
        for entry in found
    ]
    return table([say(f"models.{head}") for head in ("id", "window", "cost", "latency", "abilities")], rows)


def _described(entry: dict[str, Any]) -> str:
    metadata, able = entry["metadata"], entry["capabilities"]
    if metadata.get("virtual"):
        return str(metadata["description"])
    words = [word.replace("_", " ") for word in _TOLD if able.get(word)]
    if entry["alive"] is False:
        words.append(say("models.gone"))
    if metadata["unavailable_reason"]:
        words.append(f"({metadata['unavailable_reason']})")
    return ", ".join(words)


def _window(tokens: int | None) -> str:
    if tokens is None:
        return "?"
    return f"{tokens / 1_000_000:.3g}M" if tokens >= 1_000_000 else f"{tokens // 1000}K"


def _latency(milliseconds: float | None) -> str:
    return "-" if milliseconds is None else f"{milliseconds:.0f} ms"


def _sheet(view: dict[str, Any]) -> str:
    """One model, fact by fact."""
    facts = {"id": view["id"], "owned_by": view["owned_by"], **view["metadata"]}
    facts |= {name: view.get(name) for name in ("alive", "last_latency_ms") if view.get(name) is not None}
    shown = {name: _plain(value) for name, value in facts.items() if value not in (None, "", [], {})}
    width = max(len(name) for name in shown)
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in shown.items())


def _plain(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(str(item) for item in value)
        case dict():
            return ", ".join(f"{key} {item}" for key, item in value.items() if item is not None)
    return str(value)


def providers(
    config: options.Config = None,
    as_json: options.Json = False,
) -> Result:
    from wallascli.cli.running import run

    found = run(_providers(config))
    rows = [[one["id"], _state(one), str(one["chat_models"]), one["free"] or "-"] for one in found]
    heads = [say(f"providers.{head}") for head in ("id", "state", "models", "free")]
    return Result(found, "\n".join((table(heads, rows), *_where_to_get_keys(found))))


async def _providers(config: Path | None) -> list[dict[str, Any]]:
    from wallascli.cli.asking import ready_engine
    from wallascli.engine.views import providers_view

    async with ready_engine(config) as (engine, _):
        return providers_view(engine)


def _state(one: dict[str, Any]) -> str:
    circuit = one["circuit"]
    if not one["usable"]:
        kind = one["unusable_kind"]
        return say("providers.no_key") if kind == "key" else str(one["unusable_reason"])[:40]
    if circuit["state"] == "open":
        return say("providers.asleep", why=circuit["reason"].replace("_", " "), span=_span(circuit["seconds"]))
    return say("providers.ready", count=len(one["keys"])) if one["keys"] else say("providers.open")


def _span(seconds: float) -> str:
    """As exact as a person cares."""
    if seconds < 120:
        return say("providers.seconds_left", count=round(seconds))
    if seconds < 7200:
        return say("providers.minutes_left", count=round(seconds / 60))
    return say("providers.hours_left", count=round(seconds / 3600))


def _where_to_get_keys(found: list[dict[str, Any]]) -> list[str]:
    """The quickest first, those that cost something last."""
    missing = [one for one in found if one["unusable_kind"] == "key" and one["signup"]]
    if not missing:
        return []
    missing.sort(key=lambda one: (one["signup"]["card_needed"], one["signup"]["minutes"]))
    rows = [
        [
            one["auth_env_key"],
            say("providers.minutes", minutes=one["signup"]["minutes"]),
            one["signup"]["url"] + (say("providers.card") if one["signup"]["card_needed"] else ""),
        ]
        for one in missing
    ]
    heads = [say(f"providers.{head}") for head in ("key", "time", "where")]
    return ["", table(heads, rows)]
