"""When to come back, read from wherever a provider tells it.

In this order, the first that speaks wins: ``Retry-After`` (seconds or an HTTP date), ``retry-after-ms``, a field
of the body (Google's ``RetryInfo.retryDelay``, ``retry_after``, ``estimated_time``), the reset of the bucket that
is empty (in the body with OpenRouter, else in the headers), a sentence ("try again in 1m26.4s").
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from enum import Enum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wallascli.upstream.evidence import Evidence, gather, objects
from wallascli.vocab.events import ErrorFacts

DAY = 86_400.0
# Anthropic and HuggingFace send Retry-After on 200 too [anthropic/messages-tools-req-llm-ecf494].
_TRUSTED = frozenset({429, 503, 529, 498})

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": DAY}
_PIECE = r"(\d+(?:\.\d+)?) ?(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?|d|days?)(?![a-z])"
# A unit may run into the next number: Go writes `1m26.4s` without a space.
_DURATION = rf"(?:{_PIECE}[ ,]*)+"
_PROSE = re.compile(rf"\b(?:try again|retry|wait)(?: in| after| for)? ({_DURATION})")
# Only with a zone: whose midnight "2026-08-27 21:31:39" counts from is anybody's guess.
_RESETS = re.compile(r"\bresets? (?:at|on) (\d{4}-\d\d-\d\d[t ]\d\d:\d\d(?::\d\d)?(?:z|[+-]\d\d:\d\d))")


class Reset(Enum):
    """A calendar by which quotas come back."""

    MIDNIGHT_PACIFIC = "midnight Pacific"
    MIDNIGHT_UTC = "midnight UTC"
    NEXT_MONTH = "first of the next month, UTC"


@dataclass(frozen=True, slots=True)
class Hint:
    """``seconds`` from now, ``until`` in epoch seconds. ``told`` by the provider, or else from a calendar."""

    seconds: float
    until: float
    told: bool = True


@dataclass(frozen=True, slots=True)
class Bucket:
    """One limit that is used up, by the name its headers give it. ``until`` in epoch seconds, where one is told."""

    name: str
    until: float | None

    @property
    def reset(self) -> Reset | None:
        """The calendar of a bucket longer than minutes."""
        if "month" in self.name:
            return Reset.NEXT_MONTH
        return Reset.MIDNIGHT_UTC if "day" in self.name else None


def retry_after(status: int, headers: Mapping[str, str], facts: ErrorFacts, now: float) -> Hint | None:
    """The wait that a provider tells, at most a day (a month's bucket: as long as told). Pure; never raises.

    ``now`` is epoch seconds.
    """
    return hint_from(status, headers, gather(facts), now)


def hint_from(status: int, headers: Mapping[str, str], said: Evidence, now: float) -> Hint | None:
    """The same, from evidence already gathered."""
    lower = {name.lower(): value for name, value in headers.items()} if status in _TRUSTED else {}
    sources: tuple[Callable[[], float | None], ...] = (
        lambda: _header_wait(lower.get("retry-after", ""), now),
        lambda: _scaled(_number(lower.get("retry-after-ms", "")), 0.001),
        lambda: _body_wait(said),
    )
    for source in sources:
        if (seconds := source()) is not None:
            return _hint(seconds, now)
    if (seconds := _bucket_wait((*told_buckets(said, now), *empty_buckets(lower, now)), now)) is not None:
        return _hint(seconds, now, most=32 * DAY)
    seconds = _prose_wait(said.text, now)
    return None if seconds is None else _hint(seconds, now)


def calendar(reset: Reset, now: float) -> Hint:
    """When a quota that follows ``reset`` is full again."""
    zone = _pacific() if reset is Reset.MIDNIGHT_PACIFIC else UTC
    today = datetime.fromtimestamp(now, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    if reset is Reset.NEXT_MONTH:
        then = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    else:
        then = today + timedelta(days=1)
    return Hint(max(0.0, then.timestamp() - now), then.timestamp(), told=False)


def empty_buckets(headers: Mapping[str, str], now: float) -> tuple[Bucket, ...]:
    """The limits whose remaining count is 0, from headers in lower case.

    ``x-ratelimit-remaining-requests-day`` and ``-reset-requests-day``, ``anthropic-ratelimit-tokens-remaining`` and
    ``-reset``: the two names differ by one word.
    """
    found = []
    for name, value in headers.items():
        if "ratelimit" not in name or "remaining" not in name:
            continue
        left = _number(value)
        if left is not None and left <= 0:
            told = headers.get(name.replace("remaining", "reset"), "")
            found.append(Bucket(name.replace("remaining", ""), instant(told, now)))
    return tuple(found)


def told_buckets(said: Evidence, now: float) -> tuple[Bucket, ...]:
    """Empty buckets told in the body: OpenRouter puts the headers of its 429 into ``error.metadata.headers``."""
    found: list[Bucket] = []
    for thing in objects(said.body):
        headers = thing.get("headers")
        if isinstance(headers, Mapping):
            found += empty_buckets({str(name).lower(): str(value) for name, value in headers.items()}, now)
    return tuple(found)


def instant(text: str, now: float) -> float | None:
    """A reset as epoch seconds, from a Go duration, seconds, an RFC 3339 instant, epoch seconds or milliseconds.

    Epochs are told from waits by size: 10^9 s is 31 years, 10^12 s is for ever.
    """
    number = _number(text)
    if number is not None:
        if number >= 1e12:
            return number / 1000
        return number if number >= 1e9 else now + max(0.0, number)
    wait = duration(text)
    if wait is not None:
        return now + wait
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return _epoch(moment)


def duration(text: str) -> float | None:
    """Seconds in ``1m26.4s``, ``60ms``, ``1h2m``, ``86400 seconds``; None if ``text`` is anything else."""
    text = text.strip().lower()
    if not re.fullmatch(_DURATION, text):
        return None
    total = 0.0
    for amount, unit in re.findall(_PIECE, text):
        total += float(amount) * _UNITS["ms" if unit.startswith(("ms", "milli")) else unit[0]]
    return total if math.isfinite(total) else None


def _header_wait(text: str, now: float) -> float | None:
    number = _number(text)
    if number is not None or not text:
        return number
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    then = _epoch(moment)
    return None if then is None else then - now


def _body_wait(said: Evidence) -> float | None:
    for thing in objects(said.body):
        delay = thing.get("retryDelay")
        if isinstance(delay, str) and (seconds := duration(delay)) is not None:
            return seconds
    return said.numbers.get("retry_after", said.numbers.get("estimated_time"))


def _prose_wait(text: str, now: float) -> float | None:
    if found := _PROSE.search(text):
        return duration(found.group(1))
    if (found := _RESETS.search(text)) and (then := instant(found.group(1).upper(), now)) is not None:
        return then - now
    return None


def _bucket_wait(buckets: tuple[Bucket, ...], now: float) -> float | None:
    """The longest wait: all empty buckets must fill again."""
    waits = [bucket.until - now for bucket in buckets if bucket.until is not None]
    return max(waits) if waits else None


def _hint(seconds: float, now: float, most: float = DAY) -> Hint | None:
    if not math.isfinite(seconds):
        return None
    seconds = min(max(0.0, seconds), most)
    return Hint(seconds, now + seconds)


def _number(text: str) -> float | None:
    """A finite number; None for everything else (also for the empty string, ``nan``, ``1_000``)."""
    if not re.fullmatch(r"\s*[+-]?\d+(\.\d*)?([eE][+-]?\d+)?\s*", text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def _scaled(number: float | None, factor: float) -> float | None:
    return None if number is None else number * factor


def _epoch(moment: datetime) -> float | None:
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, ValueError):
        return None


def _pacific() -> tzinfo:
    try:
        return ZoneInfo("America/Los_Angeles")
    except ZoneInfoNotFoundError:
        # A system without time zones: winter time all year is at most an hour late, never early.
        return timezone(timedelta(hours=-8))
