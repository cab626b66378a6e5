"""The engine as JSON: facts only, null for what nobody told us, the same for routes and commands."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from wallascli.engine import Engine, assemble
from wallascli.engine.views import (
    Filters,
    explain_view,
    health_view,
    model_view,
    models_view,
    providers_view,
    stats_view,
)
from wallascli.settings import load
from wallascli.vocab.chat import ChatRequest, Message, Role, Text
from wallascli.vocab.failures import Failure, FailureClass, NotUnderstood
from wallascli.vocab.policy import Policy
from wallascli.vocab.secret import Secret

KEY = "gsk_0123456789abcdef"
MODEL = "openai/gpt-oss-120b"
SETTINGS = f"""
[providers.ollama]
enabled = false
[providers.groq]
keys = ["{KEY}"]
[providers.my-vllm]
base_url = "http://127.0.0.1:9/v1"
models = ["qwen3-32b"]
local = true
[aliases]
work = ["groq:{MODEL}", "auto"]
[tiers.mine]
needs = ["tools"]
prefer = ["groq:*"]
"""


def setup(folder: Path, settings: str) -> Engine:
    file = folder / "config.toml"
    file.write_text(settings)
    return Engine(assemble(load(config=file, environ={}, folder=folder)))


@pytest_asyncio.fixture
async def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Engine]:
    monkeypatch.setenv("WALLASAPI_HOME", str(tmp_path))
    async with setup(tmp_path, SETTINGS) as running:
        yield running


def by_id(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in found}


def fail(engine: Engine, kind: FailureClass, *, until: float | None = None) -> None:
    failure = Failure(kind, "as told", status=429, until=until)
    engine.health.failed("groq", MODEL, Secret(KEY).fingerprint, failure, time.time())


async def test_an_entry_has_the_fields_that_clients_and_scripts_read(engine: Engine) -> None:
    entry = by_id(models_view(engine))[f"groq:{MODEL}"]
    assert entry["alt_id"] == MODEL
    assert entry["object"] == "model"
    assert entry["owned_by"] == "groq"
    assert entry["root"] == f"groq:{MODEL}"
    assert entry["context_window"] == entry["metadata"]["context_window"] == 131_072
    assert entry["capabilities"]["tools"] is True
    assert entry["capabilities"]["vision"] is False
    assert entry["metadata"]["pricing_tier"] == "free"
    assert entry["metadata"]["limits"]["rpd"] == 1000
    assert (entry["alive"], entry["last_check"], entry["last_latency_ms"]) == (None, None, None)


async def test_everything_is_plain_json(engine: Engine) -> None:
    fail(engine, FailureClass.RATE_LIMITED)
    for view in (models_view(engine, Filters(all=True, include_dead=True)), providers_view(engine)):
        assert json.loads(json.dumps(view)) == view
    assert json.dumps([stats_view(engine), health_view(engine)])


async def test_virtual_models_explain_themselves_and_come_first(engine: Engine) -> None:
    found = models_view(engine)
    first = [entry["id"] for entry in found[: len(found)] if entry["owned_by"] == "wallasapi"]
    assert first == [entry["id"] for entry in found[: len(first)]]
    assert {"auto", "vista", "contexto-largo", "mine", "work"} <= set(first)
    entries = by_id(found)
    assert entries["work"]["metadata"]["models"] == [f"groq:{MODEL}", "auto"]
    assert entries["mine"]["metadata"]["required_capabilities"] == ["tools"]
    assert entries["auto"]["context_window"] == 131_072
    assert entries["rapido"]["metadata"]["aliases"] == ["fast", "quick"]


async def test_what_the_settings_name_on_a_server_of_their_own_can_be_asked(engine: Engine) -> None:
    entry = by_id(models_view(engine))["my-vllm:qwen3-32b"]
    assert entry["metadata"]["cost"] == "local"
    assert entry["metadata"]["leaves_machine"] is False
    assert by_id(providers_view(engine))["my-vllm"]["usable"] is True


async def test_only_usable_places_are_shown_unless_all_are_wanted(engine: Engine) -> None:
    assert {entry["owned_by"] for entry in models_view(engine)} == {"wallasapi", "groq", "my-vllm"}
    entries = models_view(engine, Filters(all=True))
    assert len({entry["owned_by"] for entry in entries}) > 10
    reason = next(e for e in entries if e["owned_by"] == "gemini")["metadata"]["unavailable_reason"]
    assert reason == "no key (set GEMINI_API_KEY)"


async def test_what_exists_no_more_is_shown_only_if_wanted(engine: Engine) -> None:
    fail(engine, FailureClass.MODEL_GONE)
    assert f"groq:{MODEL}" not in by_id(models_view(engine))
    assert by_id(models_view(engine, Filters(include_dead=True)))[f"groq:{MODEL}"]["alive"] is False


async def test_measured_times_sort_before_unmeasured_ones(engine: Engine) -> None:
    engine.health.succeeded(
        "groq", MODEL, Secret(KEY).fingerprint, first_content=0.25, characters=50, seconds=1.0, now=time.time()
    )
    found = [e for e in models_view(engine, Filters(sort="latency")) if e["owned_by"] != "wallasapi"]
    assert found[0]["id"] == f"groq:{MODEL}"
    assert found[0]["last_latency_ms"] == pytest.approx(250, rel=0.01)
    assert found[0]["alive"] is True


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"sort": "size"}, "sort"),
        ({"pricing": "cheap"}, "pricing"),
        ({"modality": "smell"}, "modality"),
        ({"all": "maybe"}, "all"),
    ],
)
def test_a_filter_that_means_nothing_is_422_and_named(query: dict[str, str], field: str) -> None:
    with pytest.raises(NotUnderstood) as told:
        Filters.read(query)
    assert (told.value.param, told.value.status) == (field, 422)


def test_an_unknown_filter_is_nobodys_business() -> None:
    assert Filters.read({"limit": "20", "SORT": "x"}) == Filters()
    assert Filters.read({"include_dead": "True", "all": "", "provider": " Groq "}) == Filters(
        include_dead=True, all=True, provider="groq"
    )


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (f"groq:{MODEL}", f"groq:{MODEL}"),
        (MODEL, f"groq:{MODEL}"),
        ("gpt-oss-120b", f"groq:{MODEL}"),
        ("auto", "auto"),
        ("fast", "fast"),
        ("mine", "mine"),
        ("work", "work"),
        ("gpt-4o", "openai:gpt-4o"),
    ],
)
async def test_one_model_by_any_of_its_names(engine: Engine, name: str, found: str) -> None:
    view = model_view(engine, name)
    assert view is not None
    assert view["id"] == found


async def test_no_model_is_none(engine: Engine) -> None:
    assert model_view(engine, "no-such-model") is None
    assert model_view(engine, "nobody:auto") is None


async def test_a_provider_says_what_it_needs_and_where_to_get_it(engine: Engine) -> None:
    found = by_id(providers_view(engine))
    assert found["groq"]["usable"] is True
    assert found["groq"]["keys"] == ["…cdef"]
    gemini = found["gemini"]
    assert (gemini["usable"], gemini["unusable_kind"]) == (False, "key")
    assert gemini["env"] == ["GEMINI_API_KEY", "GOOGLE_API_KEY"]
    assert gemini["signup"]["url"].startswith("https://")
    assert gemini["signup"]["minutes"] > 0
    assert found["github"]["retired"]
    assert KEY not in json.dumps(found)


async def test_a_key_that_is_refused_shows_in_the_circuit(engine: Engine) -> None:
    fail(engine, FailureClass.BAD_KEY)
    circuit = by_id(providers_view(engine))["groq"]["circuit"]
    assert (circuit["state"], circuit["reason"]) == ("open", "bad_key")
    assert circuit["seconds"] > 3600


async def test_a_plan_is_told_with_its_terms_and_its_refusals(engine: Engine) -> None:
    request = ChatRequest("auto", (Message(Role.USER, (Text("hi"),)),))
    view = explain_view(engine.plan(request, Policy()))
    assert view["requested_profile"] == view["profile"] == "auto"
    for one in view["candidates"]:
        assert sum(term["points"] for term in one["terms"]) == pytest.approx(one["score"], abs=1e-3)
    refused = {f"{one['provider']}:{one['id']}": one for one in view["rejected"]}
    assert refused["gemini:gemini-3.8-flash"]["kind"] == "key"


async def test_health_is_ok_while_somebody_can_be_asked(engine: Engine) -> None:
    body, status = health_view(engine)
    assert (body["status"], status) == ("ok", 200)
    assert 0 < body["candidates"]["usable"] < body["candidates"]["known"]


async def test_health_while_draining_sends_callers_elsewhere(engine: Engine) -> None:
    body, status = health_view(engine, draining=True)
    assert (body["status"], status) == ("draining", 503)


async def test_health_without_anybody_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WALLASAPI_HOME", str(tmp_path))
    async with setup(tmp_path, "[providers.ollama]\nenabled = false\n") as engine:
        body, status = health_view(engine)
    assert (body["status"], body["candidates"]["usable"], status) == ("unconfigured", 0, 503)


async def test_health_is_degraded_while_everybody_sleeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WALLASAPI_HOME", str(tmp_path))
    only = f'[providers.ollama]\nenabled = false\n[providers.groq]\nkeys = ["{KEY}"]\n'
    async with setup(tmp_path, only) as engine:
        fail(engine, FailureClass.BAD_KEY)
        body, status = health_view(engine)
    assert (body["status"], body["providers"]["asleep"], status) == ("degraded", ["groq"], 200)


async def test_stats_name_who_was_asked(engine: Engine) -> None:
    fail(engine, FailureClass.BROKEN)
    view = stats_view(engine)
    assert [row["key"] for row in view["circuits"]] == [f"groq/{MODEL}"]
    assert view["timestamp"] == pytest.approx(time.time(), abs=5)
