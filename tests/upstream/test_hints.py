"""When to come back: every form that a provider was seen to tell it in."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallascli.upstream import hints
from wallascli.upstream.hints import DAY, Hint, Reset, calendar, duration, instant, retry_after
from wallascli.vocab.events import ErrorFacts
from wallascli.wires.errors import read_error

NOW = 1795176000.0  # 2026-11-20T12:00:00Z


def told(headers: Mapping[str, str] | None = None, body: Any = None, *, status: int = 429) -> float | None:
    facts = read_error(json.dumps(body).encode()) if body is not None else ErrorFacts()
    hint = retry_after(status, headers or {}, facts, NOW)
    if hint is None:
        return None
    assert hint.told
    assert hint.until == NOW + hint.seconds
    return hint.seconds


@pytest.mark.parametrize(("text", "seconds"), [
    ("20m9.6s", 1209.6),  # [groq/error-400-req-llm-d9f9c7]
    ("1m26.4s", 86.4),
    ("11.354999999s", 11.354999999),
    ("60ms", 0.06),
    ("0s", 0.0),
    ("6m0s", 360.0),
    ("1h2m3s", 3723.0),
    ("24h", 86_400.0),
    ("36.429760048s", 36.429760048),
    ("86400 seconds", 86_400.0),
    ("2 minutes", 120.0),
    ("1 hour, 5 mins", 3900.0),
    ("500 milliseconds", 0.5),
    ("1.5", None),
    ("soon", None),
    ("", None),
    ("s", None),
    ("-1s", None),
    ("9" * 400 + "h", None),
])  # fmt: skip
def test_durations_are_read_as_they_are_written(text: str, seconds: float | None) -> None:
    assert duration(text) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(("text", "until"), [
    ("24478.65530896187", NOW + 24478.65530896187),  # Cerebras: seconds as a long float
    ("1754667660000", 1754667660.0),  # OpenRouter: epoch milliseconds
    ("1795176033", 1795176033.0),  # SambaNova: epoch seconds
    ("2026-11-20T12:00:41Z", NOW + 41),  # Anthropic: RFC 3339
    ("2026-11-20T13:00:41.5+01:00", NOW + 41.5),
    ("2026-11-20T12:00:41", NOW + 41),
    ("1m51.595s", NOW + 111.595),  # OpenAI: a Go duration
    ("-5", NOW),
    ("soon", None),
    ("nan", None),
    ("inf", None),
    ("1e999", None),
    ("", None),
])  # fmt: skip
def test_reset_headers_are_read_in_every_unit(text: str, until: float | None) -> None:
    assert instant(text, NOW) == (None if until is None else pytest.approx(until))


def test_an_instant_without_a_zone_is_utc_wherever_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert instant("2026-11-20T12:00:41", NOW) == NOW + 41
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(("value", "seconds"), [
    ("17", 17.0),
    ("0", 0.0),
    ("2.5", 2.5),
    ("-3", 0.0),
    ("99999999", DAY),
    ("Fri, 20 Nov 2026 12:00:17 GMT", 17.0),
    ("Friday, 20-Nov-26 12:00:17 GMT", 17.0),
    ("Fri, 20 Nov 2026 11:59:00 GMT", 0.0),
    ("Fri, 20 Nov 2026 13:00:17 +0100", 17.0),
    ("nan", None),
    ("inf", None),
    ("9" * 400, None),
    ("tomorrow", None),
    ("Fri, 99 Foo 2026 99:99:99 GMT", None),
])  # fmt: skip
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert told({"Retry-After": value}) == seconds


@pytest.mark.parametrize(
    ("status", "seconds"), [(429, 8.0), (503, 8.0), (529, 8.0), (498, 8.0), (200, None), (500, None)]
)
def test_retry_after_is_believed_only_where_it_means_that(status: int, seconds: float | None) -> None:
    """Anthropic sends it on 200 too [anthropic/messages-tools-req-llm-ecf494]."""
    assert told({"retry-after": "8"}, status=status) == seconds


GOOGLE = {"error": {"details": [{"@type": "x/google.rpc.RetryInfo", "retryDelay": "26s"}]}}
OPENROUTER = {
    "error": {"metadata": {"headers": {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795176030000"}}}
}
PROSE = {"error": {"message": "Please try again in 1m26.4s."}}


def test_the_more_exact_source_is_heard_first() -> None:
    empty = {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "44s"}
    both = {"retry-after": "1", "retry-after-ms": "1500"}
    assert told({**both, **empty}, GOOGLE) == 1.0
    assert told({"retry-after-ms": "1500", **empty}, GOOGLE) == 1.5
    assert told(empty, GOOGLE) == 26.0
    assert told(empty, PROSE) == 44.0
    assert told({}, PROSE) == pytest.approx(86.4)
    assert told({"retry-after": "soon"}, PROSE) == pytest.approx(86.4)


@pytest.mark.parametrize(("body", "seconds"), [
    (GOOGLE, 26.0),
    ([GOOGLE], 26.0),
    (OPENROUTER, 30.0),
    (PROSE, 86.4),
    ({"error": {"availability": {"code": "capacity_exhausted", "retry_after": 8}}}, 8.0),
    ({"error": "Model x is currently loading", "estimated_time": 20.5}, 20.5),
    ({"error": {"message": "Please retry after 86400 seconds. Please go here"}}, DAY),
    ({"error": {"message": "Please wait 42343 seconds before retrying."}}, 42343.0),
    ({"error": {"message": "usage limit reached, resets at 2026-11-20T15:00:00Z (2056)"}}, 10_800.0),
    ({"error": {"message": "Your limit will reset at 2026-11-20 21:31:39"}}, None),
    ({"error": {"message": "Please retry shortly."}}, None),
    ({"error": {"retry_after": True}}, None),
    ({"error": {"retry_after": -5}}, 0.0),
])  # fmt: skip
def test_a_body_tells_it_whatever_the_status(body: Any, seconds: float | None) -> None:
    for status in (200, 429):
        assert told({}, body, status=status) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(("headers", "seconds"), [
    # OpenAI and Groq: the requests' bucket resets much later, but it is not the empty one.
    ({"x-ratelimit-remaining-requests": "986", "x-ratelimit-reset-requests": "20m9.6s",
      "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "5.42s"}, 5.42),
    ({"anthropic-ratelimit-requests-remaining": "49", "anthropic-ratelimit-requests-reset": "2026-11-20T13:00:00Z",
      "anthropic-ratelimit-tokens-remaining": "0",
      "anthropic-ratelimit-tokens-reset": "2026-11-20T12:00:41Z"}, 41.0),
    # Two are empty: both must fill again.
    ({"x-ratelimit-remaining-requests-minute": "0", "x-ratelimit-reset-requests-minute": "37.3",
      "x-ratelimit-remaining-tokens-minute": "0", "x-ratelimit-reset-tokens-minute": "12"}, 37.3),
    ({"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "9s"}, None),
    ({"x-ratelimit-remaining-tokens-month": "0"}, None),
    # From Cerebras, just under 2^63: unlimited [huggingface/chat-tools-deepseek-r1-pydantic-ai-311483].
    ({"x-ratelimit-remaining-tokens-day": "9223372036854767616", "x-ratelimit-reset-tokens-day": "100"}, None),
])  # fmt: skip
def test_only_the_empty_bucket_says_when(headers: dict[str, str], seconds: float | None) -> None:
    assert told(headers) == (None if seconds is None else pytest.approx(seconds))


def test_a_wait_is_at_most_a_day_but_a_months_bucket_is_believed() -> None:
    week = {"x-ratelimit-remaining-tokens-month": "0", "x-ratelimit-reset-tokens-month": str(NOW + 7 * DAY)}
    assert told(week) == 7 * DAY
    assert told({}, {"error": {"message": "try again in 9 days"}}) == DAY


@pytest.mark.parametrize(("reset", "now", "until"), [
    (Reset.MIDNIGHT_UTC, NOW, 1795219200.0),  # 2026-11-21T00:00Z
    (Reset.MIDNIGHT_PACIFIC, NOW, 1795248000.0),  # 2026-11-21T08:00Z: winter time
    (Reset.MIDNIGHT_PACIFIC, 1784548800.0, 1784617200.0),  # 2026-07-21T07:00Z: summer time
    (Reset.MIDNIGHT_PACIFIC, 1795240800.0, 1795248000.0),  # two hours before
    (Reset.NEXT_MONTH, NOW, 1796083200.0),  # 2026-12-01T00:00Z
    (Reset.NEXT_MONTH, 1798675200.0, 1798761600.0),  # from 31 December
])  # fmt: skip
def test_calendars_know_when_a_quota_is_full_again(reset: Reset, now: float, until: float) -> None:
    assert calendar(reset, now) == Hint(until - now, until, told=False)


def test_without_time_zones_midnight_in_california_is_late_rather_than_early(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(name: str) -> None:
        raise ZoneInfoNotFoundError(name)

    monkeypatch.setattr(hints, "ZoneInfo", missing)
    assert calendar(Reset.MIDNIGHT_PACIFIC, 1784548800.0).until == 1784617200.0 + 3600


numbers = st.floats() | st.integers() | st.sampled_from(["nan", "-inf", "1e400", "0x1F", "1_000", "١٢"])
names = st.sampled_from(["Retry-After", "retry-after-ms", "x-ratelimit-remaining", "x-ratelimit-reset"])


@given(st.integers(0, 999), st.dictionaries(names, numbers.map(str) | st.text()), st.text(), st.text())
def test_a_wait_is_never_negative_nor_endless(status: int, headers: dict[str, str], delay: str, prose: str) -> None:
    body = {"error": {"message": f"try again in {prose}", "details": [{"retryDelay": delay}], "retry_after": 1e300}}
    hint = retry_after(status, headers, read_error(json.dumps(body).encode()), NOW)
    if hint is not None:
        assert math.isfinite(hint.seconds)
        assert 0 <= hint.seconds <= 32 * DAY
        assert hint.until == NOW + hint.seconds


@given(st.text())
def test_a_duration_is_a_number_or_nothing(text: str) -> None:
    seconds = duration(text)
    assert seconds is None or (math.isfinite(seconds) and seconds >= 0)
