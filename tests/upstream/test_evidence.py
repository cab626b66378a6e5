"""Whatever shape an error has, what it says is found."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wallascli.upstream.evidence import Evidence, gather, html_title
from wallascli.vocab.events import ErrorFacts
from wallascli.wires.errors import read_error


def found(body: Any) -> Evidence:
    return gather(read_error(body.encode() if isinstance(body, str) else json.dumps(body).encode()))


@pytest.mark.parametrize("body", [
    {"error": {"message": "No."}},
    {"error": "No."},
    {"type": "error", "error": {"type": "x", "message": "No."}},
    [{"error": {"message": "No."}}],
    {"message": "No."},
    {"detail": "No."},
    {"detail": [{"loc": ["body", "x"], "msg": "No."}]},
    {"title": "No."},
    {"error": {"message": json.dumps({"error": {"message": "No."}})}},
    {"error": {"message": "Error from provider: " + json.dumps({"error": {"message": "No."}})}},
    {"object": "error", "message": {"detail": [{"msg": "No."}]}},
    "No.",
    " No.\n",
])  # fmt: skip
def test_the_sentence_is_found_in_every_shape(body: Any) -> None:
    assert found(body).messages == ("No.",)


def test_what_a_gateway_wraps_comes_before_what_it_says_itself() -> None:
    raw = json.dumps({"error": {"code": "inner_code", "message": "the inner", "param": "messages.0"}})
    said = found({"error": {"code": 400, "message": "Provider returned error", "metadata": {"raw": raw}}})
    assert said.messages == ("the inner", "Provider returned error")
    assert "inner_code" in said.codes
    assert said.fields[0] == "messages.0"


def test_codes_are_found_at_any_depth_and_in_lower_case() -> None:
    said = found(
        {
            "error": {
                "status": "INVALID_ARGUMENT",
                "details": [{"reason": "API_KEY_INVALID"}],
                "innererror": {"code": "A"},
            }
        }
    )
    assert {"invalid_argument", "api_key_invalid", "a"} <= set(said.codes)


@pytest.mark.parametrize(("body", "status"), [
    ({"error": {"code": 502, "message": "x"}}, 502),
    ({"error": {"code": "429", "message": "x"}}, 429),
    ({"error": {"code": "1300", "message": "x"}}, None),
    ({"status": 410, "title": "Gone"}, 410),
])  # fmt: skip
def test_a_status_inside_the_body_is_known(body: Any, status: int | None) -> None:
    assert found(body).status == status


@pytest.mark.parametrize(("body", "name"), [
    ({"error": {"message": "x", "param": "stop"}}, "stop"),
    ({"detail": [{"loc": ["body", "messages", 0, "role"], "msg": "x"}]}, "messages.0.role"),
    ({"detail": [{"loc": ["query", "key"], "msg": "x"}]}, "query.key"),
    ({"error": {"details": [{"fieldViolations": [{"field": "tools[0].name"}]}]}}, "tools[0].name"),
    ({"error": {"message": "x", "param": "a whole sentence"}}, None),
    ({"error": {"message": "x", "param": "422"}}, None),
])  # fmt: skip
def test_a_named_field_is_found(body: Any, name: str | None) -> None:
    assert (found(body).fields or (None,))[0] == name


def test_facts_without_a_body_are_evidence_too() -> None:
    """Groq's ``x_groq.error`` is a sentence and nothing else."""
    said = gather(ErrorFacts(message="over capacity", code="Full", details=({"reason": "Queue"},)))
    assert said.messages == ("over capacity",)
    assert {"full", "queue"} <= set(said.codes)


@pytest.mark.parametrize(("text", "title"), [
    ("<html><head><title>502 Bad Gateway</title></head></html>", "502 Bad Gateway"),
    ("<!DOCTYPE html>\n<title> A\nB </title>", "A\nB"),
    ("<html></html>", ""),
    ("502 Bad Gateway", None),
    ("", None),
])  # fmt: skip
def test_a_page_has_a_title_or_is_no_page(text: str, title: str | None) -> None:
    assert html_title(text) == title
