"""The classifier is held to the judgements of a reader, which were written down before it existed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchanges import recorded
from tests.upstream.verdicts import Judged, judged
from wallascli.upstream import classify as module
from wallascli.upstream.classify import FIELDS, TIERS, WINDOWS, Rule, Tier, classify
from wallascli.upstream.evidence import gather
from wallascli.vocab.events import ErrorFacts
from wallascli.vocab.failures import Failure, FailureClass
from wallascli.wires.errors import read_error

NOW = 1795176000.0  # 2026-11-20T12:00:00Z


def verdict(row: Judged, *, status: int | None = None, body: bytes | None = None) -> Failure:
    """The failure of a row; with ``status`` 200 its headers are left out too."""
    headers = row.headers if status is None else {}
    facts = read_error(row.body if body is None else body)
    return classify(row.status if status is None else status, headers, facts, provider=row.provider, now=row.now)


def said(body: Any, *, status: int = 400, provider: str = "any") -> Failure:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return classify(status, {}, read_error(raw), provider=provider, now=NOW)


@pytest.mark.parametrize("row", judged(), ids=str)
def test_a_response_gets_the_class_a_reader_gave_it(row: Judged) -> None:
    assert verdict(row).kind.value == row.whole


@pytest.mark.parametrize("row", judged(), ids=str)
def test_a_body_alone_gets_the_class_a_reader_gave_it(row: Judged) -> None:
    """So it is under a 200, in a stream."""
    assert verdict(row, status=200).kind.value == row.from_body


@pytest.mark.parametrize("row", judged(), ids=str)
def test_what_else_the_error_tells_is_kept(row: Judged) -> None:
    failure = verdict(row)
    assert failure.context_window == row.window
    assert failure.param == row.param
    assert failure.until == (None if row.until is None else pytest.approx(row.until))
    assert failure.message


def test_every_recorded_error_is_judged() -> None:
    errors = {name for name in recorded() if "/error-" in name}
    assert errors
    assert {row.name for row in judged() if "/" in row.name} == errors


# Every rule is needed


@cache
def corpus() -> tuple[tuple[Any, str, str], ...]:
    """Evidence, status and provider of every row: whole, without its status, with half of its words."""
    return tuple(
        (gather(read_error(body)), str(status), row.provider)
        for row in judged()
        for body in (row.body, _without(row.body, CODES), _without(row.body, SENTENCES))
        for status in (row.status, 200)
    )


CODES = frozenset({"code", "type", "status", "reason", "error_type", "quotaId"})
SENTENCES = frozenset({"message", "msg", "detail", "details", "title", "error", "raw"})


def _without(body: bytes, keys: frozenset[str]) -> bytes:
    """The body with the strings below ``keys`` emptied, also inside JSON that is kept as a string."""
    try:
        return json.dumps(_emptied(json.loads(body), keys)).encode()
    except ValueError:
        return body


def _emptied(node: Any, keys: frozenset[str], key: str = "") -> Any:
    if isinstance(node, dict):
        return {name: _emptied(value, keys, name) for name, value in node.items()}
    if isinstance(node, list):
        return [_emptied(value, keys) for value in node]
    if not isinstance(node, str):
        return None if key in keys else node
    try:
        inner = json.loads(node)
    except ValueError:
        inner = None
    if isinstance(inner, dict | list):
        return json.dumps(_emptied(inner, keys))
    return "" if key in keys else node


def fired(tiers: tuple[Tier, ...]) -> Iterator[Rule | None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "TIERS", tiers)
        for evidence, status, provider in corpus():
            known = status if int(status) >= 400 else str(evidence.status or status)
            yield module.judge(evidence, int(known), provider)


@cache
def fired_now() -> tuple[Rule | None, ...]:
    return tuple(fired(TIERS))


RULES = [(index, rule) for index, tier in enumerate(TIERS) for rule in tier.rules]


@pytest.mark.parametrize(("index", "rule"), RULES, ids=[f"{rule.pattern} {rule.provider}" for _, rule in RULES])
def test_no_rule_can_be_deleted_unnoticed(index: int, rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    left = tuple(other for other in TIERS[index].rules if other is not rule)
    monkeypatch.setattr(module, "TIERS", (*TIERS[:index], TIERS[index]._replace(rules=left), *TIERS[index + 1 :]))
    for (evidence, status, provider), before in zip(corpus(), fired_now(), strict=True):
        if before is rule:
            known = int(status) if int(status) >= 400 else evidence.status or int(status)
            after = module.judge(evidence, known, provider)
            if after is None or (after.kind, after.reset, after.certain) != (rule.kind, rule.reset, rule.certain):
                return
    pytest.fail("every response is judged the same without it")


@pytest.mark.parametrize("name", ["WINDOWS", "FIELDS"])
def test_no_pattern_can_be_deleted_unnoticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    patterns = {"WINDOWS": WINDOWS, "FIELDS": FIELDS}[name]
    for pattern in patterns:
        monkeypatch.setattr(module, name, tuple(other for other in patterns if other != pattern))
        changed = [row for row in judged() if _facts(verdict(row)) != (row.window, row.param)]
        assert changed, pattern


def _facts(failure: Failure) -> tuple[int | None, str | None]:
    return failure.context_window, failure.param


def test_the_evidence_that_the_rules_name_exists() -> None:
    source = Path(str(module.__file__)).read_text()
    comments = " ".join(re.findall(r"#(.*)", source))
    hashes = {tuple(named.split()) for named in re.findall(r"\b[a-z]+ [0-9a-f]{6}\b", comments)}
    files = {(name.split("/")[0], name.removesuffix(".json")[-6:]) for name in recorded()}
    assert hashes - files == set()
    ids = {row.name for row in judged()}
    providers = "|".join(sorted({name.split("-")[0] for name in ids if "/" not in name}))
    named = set(re.findall(rf"\b(?:{providers})-(?:\d{{3}}|in-stream)[a-z0-9-]*", comments))
    assert len(named) > 80
    assert named - ids == set()


# What the rules must never do

# Without its quotaId it is, word for word, gemini-429-help-only.
SAME_WITHOUT_CODES = {"gemini-429-minute-no-delay"}
PUNISHED = {"bad_key", "no_credit", "model_gone", "quota_spent", "refused"}


@pytest.mark.parametrize("keys", [CODES, SENTENCES], ids=["without codes", "without sentences"])
def test_half_of_the_evidence_puts_no_key_and_no_model_away_wrongly(keys: frozenset[str]) -> None:
    """A provider that rewords a message or renames a code must not get another class that lasts."""
    wrong = {}
    for row in judged():
        for status in (None, 200):
            kind = verdict(row, status=status, body=_without(row.body, keys)).kind.value
            if kind in PUNISHED and kind != row.whole and row.name not in SAME_WITHOUT_CODES:
                wrong[row.name, status] = kind
    assert wrong == {}


def test_earlier_attempts_and_the_callers_own_words_are_no_evidence() -> None:
    body = {
        "error": {
            "code": 502,
            "message": "Provider returned error",
            "metadata": {
                "previous_errors": [{"code": 429, "message": "Rate limit exceeded: free-models-per-day"}],
                "flagged_input": "invalid api key",
            },
            "input": [{"message": "incorrect api key"}],
            "failed_generation": "your credit balance is too low",
        }
    }
    assert said(body, status=502).kind is FailureClass.BROKEN


def test_a_firewalls_page_says_nothing_about_a_key() -> None:
    page = "<!DOCTYPE html><html><head><title>Access denied | x</title></head><body>unauthorized</body></html>"
    failure = said(page, status=403)
    assert failure.kind is FailureClass.UNKNOWN
    assert failure.message == "Access denied | x"


def test_a_status_of_the_response_counts_before_one_in_the_body() -> None:
    assert said({"error": {"code": 400, "message": "x"}}, status=503).kind is FailureClass.OVERLOADED
    assert said({"error": {"code": 503, "message": "x"}}, status=200).kind is FailureClass.OVERLOADED


@pytest.mark.parametrize(("provider", "kind"), [("groq", "overloaded"), ("cohere", "refused"), ("any", "unknown")])
def test_a_status_can_mean_something_else_elsewhere(provider: str, kind: str) -> None:
    assert said("", status=498, provider=provider).kind.value == kind


def test_the_message_is_the_innermost_one_and_a_silent_error_names_its_status() -> None:
    raw = json.dumps({"error": {"message": "Developer instruction is not enabled for models/x"}})
    wrapped = {"error": {"code": 400, "message": "Provider returned error", "metadata": {"raw": raw}}}
    assert said(wrapped).message == "Developer instruction is not enabled for models/x"
    assert said("", status=418).message == "HTTP 418 without a word"


def test_the_code_is_a_word_of_the_provider_not_a_number() -> None:
    assert said({"type": "invalid_model", "code": "1500", "message": "x"}).code == "invalid_model"
    assert said({"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "x"}}).code == "INVALID_ARGUMENT"
    assert said({"error": {"code": 400, "message": "x"}}).code is None


def test_keys_leave_neither_in_the_message_nor_in_the_body() -> None:
    key = "sk-" + "proj-" + "A1b2" * 10
    failure = said({"error": {"message": f"Incorrect API key provided: {key}."}}, status=401)
    assert key not in failure.message
    assert key.encode() not in failure.body
    assert json.loads(failure.body)["error"]["message"] == "Incorrect API key provided: [key]."


def test_a_window_is_named_only_by_an_error_about_length() -> None:
    assert said("rate limit reached: limit 8000, requested 900", status=429).context_window is None
    assert said("request too large: limit 8000, requested 9000", status=429).context_window == 8000
    assert said("prompt is too long: 3 tokens > 200,000 maximum").context_window == 200_000
    assert said("prompt is too long: 3 tokens > 99999999999999 maximum").context_window is None


def test_a_day_of_googles_quota_ends_at_midnight_in_california_also_in_summer() -> None:
    quota = {"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}
    body = json.dumps({"error": {"code": 429, "message": "x", "details": [quota]}}).encode()
    july = 1784548800.0  # 2026-07-20T12:00:00Z
    failure = classify(429, {"retry-after": "30"}, read_error(body), provider="gemini", now=july)
    assert failure.until == 1784617200.0  # 2026-07-21T07:00:00Z


def test_a_wait_is_told_only_for_what_passes() -> None:
    assert said("try again in 20s, invalid api key", status=401).until is None
    assert said("try again in 20s", status=429).until == NOW + 20


# Anything may come over the wire

KNOWN_KEYS = (
    "error message code status type detail details metadata raw loc param headers retryDelay retry_after n_ctx"
)
KNOWN_HEADERS = (
    "Retry-After retry-after-ms X-RateLimit-Remaining X-RateLimit-Reset x-ratelimit-remaining-tokens-day"
)
KNOWN_VALUES = ["0", "-1", "nan", "inf", "1e999", "9" * 400, "1m26.4s", "Fri, 31 Dec 9999 23:59:59 GMT"]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KNOWN_KEYS.split()) | st.text(), inner, max_size=5)
    ),
    max_leaves=25,
)
headers_of_any_kind = st.dictionaries(
    st.sampled_from(KNOWN_HEADERS.split()) | st.text(), st.sampled_from(KNOWN_VALUES) | st.text(), max_size=6
)


@given(json_values, headers_of_any_kind, st.integers(0, 999))
def test_it_never_raises_on_any_json(body: Any, headers: dict[str, str], status: int) -> None:
    raw = json.dumps(body, allow_nan=False, default=str).encode() if _finite(body) else b"{"
    failure = classify(status, headers, read_error(raw), provider="groq", now=NOW)
    assert failure.until is None or NOW <= failure.until <= NOW + 32 * 86_400
    assert failure.context_window is None or failure.context_window > 0


def _finite(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


@given(st.binary(max_size=300), headers_of_any_kind, st.integers(0, 999))
def test_it_never_raises_on_any_bytes(body: bytes, headers: dict[str, str], status: int) -> None:
    classify(status, headers, read_error(body), provider="openrouter", now=NOW)


@given(st.lists(json_values, max_size=4), st.text(), st.text())
def test_it_never_raises_on_facts_without_a_body(details: list[Any], message: str, code: str) -> None:
    classify(200, {}, ErrorFacts(message=message, code=code, details=tuple(details)), provider="x", now=NOW)


LONG_BODIES: dict[str, Callable[[], str]] = {
    "limits": lambda: "limit " * 12_000,
    "one word": lambda: "A" * 65_000,
    "quotas": lambda: json.dumps({"error": {"message": "current quota " * 5_000}}),
    "codes": lambda: json.dumps([{"code": f"c{number}", "message": "retry 1"} for number in range(1_500)]),
    "depth": lambda: '{"error":' * 900 + "1" + "}" * 900,
}


@pytest.mark.parametrize("name", LONG_BODIES)
@pytest.mark.timeout(2)
def test_no_body_makes_it_think_for_long(name: str) -> None:
    said(LONG_BODIES[name](), status=429)
