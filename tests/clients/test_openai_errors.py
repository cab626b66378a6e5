"""Every error as the exception that a program with the OpenAI SDK catches, and nothing tried again in vain."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletionChunk
from openai.types.chat.chat_completion_chunk import Choice

from tests.clients.talking import asked_of, every_wire, user
from tests.gateway.serving import Gateway, Pretended, config, gateway
from tests.simulation import SimulatorProcess

pytest_plugins = ("tests.simulation", "tests.clients.talking")

# Trouble of the provider's -> words for the simulator, exception, status, code.
CASES: dict[str, tuple[str, type[openai.APIStatusError], int, str]] = {
    "limit": ("429-retry120", openai.RateLimitError, 429, "quota_exhausted"),
    "daily": ("daily-retry3600", openai.RateLimitError, 429, "quota_exhausted"),
    "badkey": ("badkey", openai.InternalServerError, 502, "provider_keys_rejected"),
    "gone": ("gone", openai.NotFoundError, 404, "model_not_found"),
    "long": ("toolong", openai.BadRequestError, 400, "context_length_exceeded"),
    "broken": ("500", openai.InternalServerError, 502, "all_candidates_failed"),
    "busy": ("503", openai.InternalServerError, 502, "all_candidates_failed"),
}


@pytest.fixture
def eager(served: Gateway) -> Iterator[openai.OpenAI]:
    """The SDK as it comes: two more tries on 408, 409, 429 and 5xx."""
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key="anything", timeout=30) as talking:
        yield talking


def failing(client: openai.OpenAI, name: str, **fields: Any) -> openai.APIStatusError:
    with pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(**{"model": name, "messages": user("hello"), **fields})
    error = caught.value
    assert error.request_id
    assert isinstance(error.body, dict)
    assert {"message", "type", "param", "code"} <= error.body.keys()
    assert (error.code, error.type, error.param) == tuple(error.body[key] for key in ("code", "type", "param"))
    assert str(error.body["message"]) in error.message
    return error


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("trouble", CASES)
@every_wire
def test_what_went_wrong_with_the_provider(client: openai.OpenAI, wire: str, trouble: str, stream: bool) -> None:
    script, kind, status, code = CASES[trouble]
    error = failing(client, f"{trouble}-{wire}:sim-{script}", stream=stream)
    assert (type(error), error.status_code, error.code) == (kind, status, code)
    assert isinstance(error.body, dict)
    if status == 429:
        assert 60 < int(error.response.headers["retry-after"]) <= 90_000  # Gemini's days have an end of their own
    elif "attempts" in error.body:  # the second time round nobody may have been asked
        assert error.body["attempts"][0]["provider"] == f"{trouble}-{wire}"


@every_wire
def test_the_callers_own_fault_is_told_in_the_providers_words(client: openai.OpenAI, wire: str) -> None:
    error = failing(client, f"fault-{wire}:sim-422")
    assert isinstance(error, openai.UnprocessableEntityError | openai.BadRequestError)
    assert error.type == "invalid_request_error"


@every_wire
def test_a_content_filter_is_a_bad_request(client: openai.OpenAI, wire: str) -> None:
    error = failing(client, f"filter-{wire}:sim-moderation")
    assert isinstance(error, openai.BadRequestError | openai.PermissionDeniedError)
    assert error.code


@pytest.mark.parametrize("wire", ["openai", "gemini"])
def test_a_final_failure_is_not_tried_again(
    eager: openai.OpenAI, simulator_process: SimulatorProcess, wire: str
) -> None:
    error = failing(eager, f"broken-{wire}:sim-500")
    assert error.response.headers["x-should-retry"] == "false"
    assert len(asked_of(simulator_process)) <= 2  # ours: once more after a broken answer


def test_neither_is_a_deadline_that_is_over(eager: openai.OpenAI, simulator_process: SimulatorProcess) -> None:
    began = time.monotonic()
    error = failing(eager, "stall-openai:sim-stall", extra_headers={"X-Wallas-Deadline": "0.4"})
    assert (type(error), error.status_code, error.code) == (openai.InternalServerError, 504, "deadline_exceeded")
    assert time.monotonic() - began < 3
    assert len(asked_of(simulator_process)) == 1


def test_a_name_that_nobody_knows(client: openai.OpenAI) -> None:
    error = failing(client, "gtp-oss-120b")
    assert (type(error), error.code, error.param) == (openai.NotFoundError, "model_not_found", "model")
    assert "gpt-oss" in error.message


def test_paid_models_without_the_operators_leave(client: openai.OpenAI) -> None:
    error = failing(client, "priced:sim")
    assert (type(error), error.code) == (openai.PermissionDeniedError, "paid_mode_not_enabled")
    error = failing(client, "openai:sim", extra_headers={"X-Wallas-Cost-Mode": "allow_paid"})
    assert (type(error), error.code) == (openai.PermissionDeniedError, "paid_mode_not_enabled")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "robot", "content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"temperature": "warm"}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tool_choice": "sometimes"}, "tool_choice"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"model": ""}, "model"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_field_that_makes_no_sense_is_named(client: openai.OpenAI, fields: Any, param: str) -> None:
    error = failing(client, "openai:sim", **fields)
    assert (type(error), error.type, error.param) == (openai.BadRequestError, "invalid_request_error", param)


def test_a_wrong_key_of_the_gateways_own(simulator_process: SimulatorProcess, tmp_path: Path) -> None:
    guarded = config(simulator_process.url, [Pretended("openai")], '[server]\nkeys = ["front-door"]\n')
    with gateway(tmp_path, guarded) as running:
        url = f"{running.url}/v1"
        right = openai.OpenAI(base_url=url, api_key="front-door", max_retries=0)
        answer = right.chat.completions.create(model="openai:sim", messages=user("hello"))
        assert answer.choices[0].message.content == "echo: hello"
        (entry,) = asked_of(simulator_process)
        assert "door" not in str(entry["headers"])
        assert entry["headers"]["authorization"].endswith("enai")  # key-of-openai, the provider's own
        wrong = openai.OpenAI(base_url=url, api_key="back-door", max_retries=0)
        error = failing(wrong, "openai:sim")
        assert (type(error), error.status_code, error.code) == (openai.AuthenticationError, 401, "invalid_api_key")
        with pytest.raises(openai.AuthenticationError):
            wrong.models.list()
    assert len(asked_of(simulator_process)) == 1


def test_nothing_to_ask(tmp_path: Path) -> None:
    with gateway(tmp_path, "") as running:
        client = openai.OpenAI(base_url=f"{running.url}/v1", api_key="x", max_retries=0)
        error = failing(client, "auto")
        assert (error.status_code, error.code) == (503, "nothing_configured")


def until_it_breaks(stream: openai.Stream[ChatCompletionChunk]) -> tuple[list[Choice], openai.APIError]:
    choices: list[Choice] = []
    try:
        for chunk in stream:
            choices += chunk.choices
    except openai.APIError as error:
        return choices, error
    pytest.fail("it ended as if it were whole")


@every_wire
def test_a_stream_that_breaks_raises_and_never_looks_complete(client: openai.OpenAI, wire: str) -> None:
    model = f"busy-{wire}:sim-c50-die20-d5"
    choices, error = until_it_breaks(
        client.chat.completions.create(model=model, messages=user("hello"), stream=True)
    )
    text = "".join(choice.delta.content or "" for choice in choices)
    assert " ".join(f"word{n}" for n in range(1, 51)).startswith(text)
    assert "word10" in text
    assert [choice.finish_reason for choice in choices if choice.finish_reason] == []
    assert error.code == "stream_interrupted"
    assert "broke off" in error.message
