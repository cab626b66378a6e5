"""How a request ends when nobody can answer: status, code, words, headers, and who is blamed for it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway.answers import Answer, ask, read
from tests.gateway.serving import Gateway, Pretended, config, gateway
from tests.simulation import SimulatorProcess

pytest_plugins = ("tests.simulation",)

# Each test has providers of its own: what one of them learns must not decide another.
SCRIPTS = {
    "keys": ("sim-401",),
    "credit": ("sim-402",),
    "spent": ("sim-429-retry40", "sim-daily"),
    "late": ("sim-stall", "sim-c100-d50", "sim-c4-d2000"),
    "mixed": ("sim-500", "sim-429-retry40", "sim-503"),
    "gone": ("sim-nomodel",),
    "long": ("sim-toolong",),
    "filter": ("sim-filter", "sim-moderation"),
    "fault": ("sim-400",),
    "agrees": ("sim-400",),
    "never": ("sim",),
    "waits": ("asked",),
    "slower": ("sim-429-retry9",),
    "flaky": ("asked",),
    "rude": ("asked",),
    "closes": ("sim-onceclose", "sim-reusereset"),
    "blank": ("sim-blank",),
    "blanker": ("sim-blank",),
    "broken": ("sim-503",),
    "pool": ("asked",),
    "moved": ("sim-307",),
    "heals": ("asked",),
    "good": ("sim", "modèle-é-" + "x" * 600),
    "known": ("a-known-model",),
}
ALIASES = """
spent = ["spent:sim-429-retry40", "spent:sim-daily"]
mixed = ["mixed:sim-500", "mixed:sim-429-retry40", "mixed:sim-503"]
fault = ["fault:sim-400", "agrees:sim-400", "never:sim"]
waits = ["waits:asked", "good:sim"]
slower = ["slower:sim-429-retry9", "good:sim"]
blank = ["blank:sim-blank", "blanker:sim-blank"]
rescued = ["blank:sim-blank", "good:sim"]
fallback = ["broken:sim-503", "good:sim"]
moved = ["moved:sim-307", "good:sim"]
heals = ["heals:asked", "good:sim"]
[aliases.once]
models = ["rude:asked"]
retries = 0
"""


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory,
    _shared_simulator_process: SimulatorProcess,
) -> Iterator[Gateway]:
    providers = [Pretended(name, models=models) for name, models in SCRIPTS.items()]
    two_keys = {"keys": ["first-of-two-keys", "second-of-two-keys"]}
    providers[0] = Pretended("keys", models=SCRIPTS["keys"], settings=two_keys)
    three = {"keys": ["key-number-one", "key-number-two", "key-number-three"]}
    providers = [Pretended("pool", models=("asked",), settings=three) if p.name == "pool" else p for p in providers]
    providers.append(Pretended("costly", models=("sim",), settings={"free": False}))
    settings = config(_shared_simulator_process.url, providers, f"[aliases]{ALIASES}")
    with gateway(tmp_path_factory.mktemp("outcomes"), settings) as started:
        yield started


def told(response: httpx.Response) -> Answer:
    return read(response, response.elapsed.total_seconds())


def asked(running: Gateway, model: str, **options: Any) -> Answer:
    return told(running.ask(model, **options))


def blamed(running: Gateway, *providers: str) -> list[str]:
    """What is not closed, or has failed, of these providers."""
    rows = running.get("/v1/stats").json()["circuits"]
    return [
        row["key"]
        for row in rows
        if row["key"].split("/")[0] in providers and (row["state"] != "closed" or row["fail_count"])
    ]


def test_nothing_configured(tmp_path: Path) -> None:
    with gateway(tmp_path, "[providers.ollama]\nenabled = false\n") as empty:
        answers = [asked(empty, model) for model in ("auto", "gpt-4o", "groq:some-model")]
        health = empty.get("/health")
    assert [(a.status, a.code) for a in answers] == [(503, "nothing_configured")] * 3
    assert "`wallasapi providers` shows where to get a free key" in answers[0].raw
    assert (health.status_code, health.json()["status"]) == (503, "unconfigured")


def test_rejected_keys_are_ours_and_never_a_401(running: Gateway) -> None:
    for _ in range(2):  # the second time every key is known to be bad
        answer = asked(running, "keys:sim-401")
        assert (answer.status, answer.code) == (502, "provider_keys_rejected")
        assert answer.reasons == ["bad_key"] * 2
        assert "of-two-keys" not in answer.raw
        assert answer.headers["x-should-retry"] == "false"
    answer = asked(running, "credit:sim-402")
    assert (answer.status, answer.code, answer.reasons) == (502, "provider_keys_rejected", ["no_credit"])


def test_out_of_quota_says_when_in_a_header_and_in_words(running: Gateway) -> None:
    for _ in range(2):  # the second time nobody is asked
        answer = asked(running, "spent")
        assert (answer.status, answer.code) == (429, "quota_exhausted")
        assert 35 <= int(answer.headers["retry-after"]) <= 40
        assert "is back in " in answer.error["message"] if answer.error else False
        assert "x-should-retry" not in answer.headers


@pytest.mark.parametrize("stream", [False, True])
def test_the_callers_deadline_is_a_504_in_time_and_blames_nobody(running: Gateway, stream: bool) -> None:
    for _ in range(4):
        answer = asked(running, "late:sim-stall", stream=stream, headers={"X-Wallas-Deadline": "0.3"})
        assert (answer.status, answer.code, answer.reasons) == (504, "deadline_exceeded", ["slow"])
        assert 0.28 <= answer.seconds < 1.0
        assert answer.headers["x-should-retry"] == "false"
    assert not blamed(running, "late")


@pytest.mark.parametrize("model", ["late:sim-c100-d50", "late:sim-c4-d2000"])
def test_the_callers_deadline_binds_also_after_the_first_word(running: Gateway, model: str) -> None:
    """Whether it speaks at that moment or is silent: neither was too slow for us."""
    answer = asked(running, model, stream=True, headers={"X-Wallas-Deadline": "1"})
    assert answer.status == 200
    assert answer.text.startswith("word1")
    assert answer.error is not None
    assert answer.error["code"] == "stream_interrupted"
    assert "deadline" in answer.error["message"]
    assert answer.ended
    assert 0.9 <= answer.seconds < 2
    assert not blamed(running, "late")


def test_different_failures_are_a_502_that_lists_each_attempt(running: Gateway) -> None:
    answer = asked(running, "mixed")
    assert (answer.status, answer.code) == (502, "all_candidates_failed")
    assert answer.reasons == ["broken", "broken", "rate_limited", "overloaded"]
    assert answer.attempts == 4
    assert answer.error is not None
    first = answer.error["attempts"][0]
    assert (first["provider"], first["model"], first["status"]) == ("mixed", "sim-500", 500)
    assert first["message"].startswith("The server had an error")
    assert first["seconds"] >= 0
    for word in ("mixed:sim-500", "mixed:sim-503"):
        assert word in answer.error["message"]
    assert answer.headers["x-should-retry"] == "false"


def test_an_unknown_name_is_a_404_that_guesses(running: Gateway) -> None:
    answer = asked(running, "a-knwon-model")
    assert (answer.status, answer.code) == (404, "model_not_found")
    assert answer.error is not None
    assert answer.error["param"] == "model"
    assert "Did you mean 'a-known-model'" in answer.error["message"]
    answer = asked(running, "gone:sim-nomodel")
    assert (answer.status, answer.code, answer.reasons) == (404, "model_not_found", ["model_gone"])


def test_paid_models_need_both_switches(
    running: Gateway, simulator_process: SimulatorProcess, tmp_path: Path
) -> None:
    willing = {"X-Wallas-Cost-Mode": "allow_paid"}
    for headers in ({}, willing):
        answer = asked(running, "costly:sim", headers=headers)
        assert (answer.status, answer.code) == (403, "paid_mode_not_enabled")
    costly = Pretended("costly", models=("sim",), settings={"free": False})
    with gateway(
        tmp_path, config(simulator_process.url, [costly], "[routing]\nallow_paid = true\n")
    ) as open_handed:
        assert asked(open_handed, "costly:sim").status == 403
        assert asked(open_handed, "costly:sim", headers=willing).text == "echo: hello"


def test_too_long_everywhere_is_what_sdks_look_for(running: Gateway) -> None:
    answer = asked(running, "long:sim-toolong")
    assert (answer.status, answer.code) == (400, "context_length_exceeded")
    assert not blamed(running, "long")


def test_a_content_filter_is_the_providers_answer_or_its_refusal(running: Gateway) -> None:
    answer = asked(running, "filter:sim-filter")
    assert (answer.status, answer.finish) == (200, "content_filter")
    answer = asked(running, "filter:sim-moderation")
    assert 400 <= answer.status < 404
    assert answer.reasons == ["refused"]
    assert answer.error is not None
    assert answer.error["message"] == "Content violates usage guidelines."
    assert not blamed(running, "filter")


def test_the_callers_fault_is_settled_by_two_and_cools_nobody(running: Gateway) -> None:
    for _ in range(3):
        answer = asked(running, "fault")
        assert (answer.status, answer.reasons) == (400, ["caller_fault", "caller_fault"])
        assert answer.error is not None
        assert answer.error["message"] == "Invalid value for 'temperature': must be between 0 and 2."
        assert answer.error["param"] == "temperature"
    assert not blamed(running, "fault", "agrees", "never")


def test_what_we_see_ourselves_is_asked_of_nobody(running: Gateway, simulator_process: SimulatorProcess) -> None:
    answer = asked(running, "never:sim", temperature="hot")
    assert answer.status == 400
    assert answer.error is not None
    assert answer.error["param"] == "temperature"
    assert simulator_process.log() == []


# -- the same one again


async def test_a_short_wait_for_a_named_model_is_waited_out_once(
    running: Gateway, simulator_process: SimulatorProcess
) -> None:
    simulator_process.script("waits", "429-retry1", "ok")
    async with running.client() as client:
        answer = await ask(client, "waits", "hello")
        assert (answer.text, answer.attempts, answer.headers["x-wallas-provider"]) == ("echo: hello", 2, "waits")
        assert 0.9 <= answer.seconds < 3.5
        answer = await ask(client, "slower", "hello")
        assert (answer.text, answer.headers["x-wallas-provider"]) == ("echo: hello", "good")
        assert answer.seconds < 1
        simulator_process.script("waits", "429-retry1", "429-retry1", "ok")
        answer = await ask(client, "waits", "hello")
        assert (answer.text, answer.attempts, answer.headers["x-wallas-provider"]) == ("echo: hello", 3, "good")


@pytest.mark.parametrize("stream", [False, True])
def test_what_broke_is_tried_once_more_unless_told_otherwise(
    running: Gateway, simulator_process: SimulatorProcess, stream: bool
) -> None:
    simulator_process.script("flaky", "500", "ok")
    answer = asked(running, "flaky:asked", stream=stream)
    assert (answer.text, answer.attempts) == ("echo: hello", 2)
    simulator_process.script("rude", "500", "ok")
    answer = asked(running, "once", stream=stream)
    assert (answer.status, answer.reasons) == (502, ["broken"])


@pytest.mark.parametrize("model", ["closes:sim-onceclose", "closes:sim-reusereset"])
async def test_a_kept_connection_that_was_closed_is_nobodys_failure(running: Gateway, model: str) -> None:
    async with running.client() as client:
        answers = [await ask(client, model, f"hello {number}", stream=number % 2 > 0) for number in range(20)]
    assert [a.text for a in answers] == [f"echo: hello {number}" for number in range(20)]
    assert {a.attempts for a in answers} == {1}
    assert not blamed(running, "closes")


def test_the_next_key_is_tried_and_remembered(running: Gateway, simulator_process: SimulatorProcess) -> None:
    simulator_process.script("pool", "429-retry40", key="number-one")
    simulator_process.script("pool", "badkey", key="number-two")
    answer = asked(running, "pool:asked")
    assert (answer.text, answer.attempts) == ("echo: hello", 3)
    answer = asked(running, "pool:asked")
    assert (answer.text, answer.attempts) == ("echo: hello", 1)
    shown = [entry["headers"]["authorization"] for entry in simulator_process.log()]
    assert [key[-4:] for key in shown] == ["-one", "-two", "hree", "hree"]


def test_a_redirect_is_not_followed_with_the_key(running: Gateway, simulator_process: SimulatorProcess) -> None:
    answer = asked(running, "moved")
    assert (answer.text, answer.headers["x-wallas-provider"]) == ("echo: hello", "good")
    assert [entry["provider"] for entry in simulator_process.log()] == ["moved", "good"]


def test_traffic_is_back_soon_after_a_provider_has_recovered(
    running: Gateway, simulator_process: SimulatorProcess
) -> None:
    simulator_process.script("heals", "503")
    for _ in range(5):
        assert asked(running, "heals").headers["x-wallas-provider"] == "good"
    assert len(simulator_process.log(provider="heals")) == 1  # it sleeps: nobody knocks
    simulator_process.script("heals", "ok")
    began = time.monotonic()
    while asked(running, "heals").headers["x-wallas-provider"] != "heals":
        assert time.monotonic() - began < 4
        time.sleep(0.05)


# -- empty answers


@pytest.mark.parametrize("stream", [False, True])
def test_an_empty_answer_is_given_only_when_all_are_empty(running: Gateway, stream: bool) -> None:
    answer = asked(running, "rescued", stream=stream)
    assert (answer.text, answer.headers["x-wallas-provider"]) == ("echo: hello", "good")
    answer = asked(running, "blank", stream=stream)
    assert (answer.status, answer.text, answer.finish, answer.ended) == (200, "", "stop", True)
    assert answer.headers["x-wallas-provider"] in ("blank", "blanker")


# -- headers


def test_headers_tell_the_truth_after_a_fallback(running: Gateway) -> None:
    answer = asked(running, "fallback", headers={"X-Request-Id": "mine-42"})
    assert answer.headers["x-request-id"] == "mine-42"
    assert answer.headers["x-wallas-model"] == "sim"
    assert answer.headers["x-wallas-route-id"] == "good::sim"
    assert answer.headers["x-wallas-profile"] == "none"
    assert answer.attempts == 2
    assert json.loads(answer.raw)["model"] == "sim"


def test_headers_are_ascii_and_short(running: Gateway, simulator_process: SimulatorProcess) -> None:
    simulator_process.script("good", "ok")
    answer = asked(running, f"good:{SCRIPTS['good'][1]}")
    assert answer.text == "echo: hello"
    ours = {name: value for name, value in answer.headers.items() if name.startswith("x-")}
    assert ours["x-wallas-model"].startswith("mod?le-?-xxx")
    assert all(value.isascii() and len(value) <= 512 for value in ours.values())


def test_errors_have_an_id_too(running: Gateway) -> None:
    ids = {
        asked(running, model).headers["x-request-id"] for model in ("gone:sim-nomodel", "zzzz", "long:sim-toolong")
    }
    assert len(ids) == 3
    assert running.get("/v1/nowhere", headers={"X-Request-Id": "mine"}).headers["x-request-id"] == "mine"
