"""No key in a text, whole or masked; and no harm to other words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallascli.upstream.redact import INSTEAD, without_secrets

KEY = "k3y-" + "of-no-known-form-0123"
# Put together here, so that nothing that looks like a key stands in a file.
FORMS = [
    head + "aB3" * 12 for head in ("sk-", "sk-ant-", "sk-or-v1-", "gsk_", "hf_", "AIza", "csk-", "nvapi-", "ghp_")
]


@pytest.mark.parametrize("form", FORMS)
def test_what_has_the_form_of_a_key_goes_without_being_known(form: str) -> None:
    assert (
        without_secrets(f"Incorrect API key provided: {form}. See …")
        == f"Incorrect API key provided: {INSTEAD}. See …"
    )
    assert without_secrets(f'{{"key":"{form}"}}') == f'{{"key":"{INSTEAD}"}}'


def test_a_known_key_goes_wherever_it_stands() -> None:
    assert without_secrets(f"?key={KEY}&x={KEY}", [KEY]) == f"?key={INSTEAD}&x={INSTEAD}"
    assert without_secrets(f"{KEY}-longer", [KEY, f"{KEY}-longer"]) == INSTEAD


@pytest.mark.parametrize("masked", [
    "test-key***enai",  # [openai/error-401-req-llm-d3e8e1]
    "***********",  # [cohere/error-401-command-a-03-2025-ruby-llm-77c7fa]
    "gs***tF",
    f"{KEY[:6]}…{KEY[-4:]}",
    f"{KEY[:8]}...{KEY[-4:]}",
    f"{KEY[:3]}xxxxxxxx{KEY[-4:]}",
])  # fmt: skip
def test_a_masked_key_goes_too(masked: str) -> None:
    assert without_secrets(f"provided: {masked}. You", [KEY]) == f"provided: {INSTEAD}. You"


def test_a_key_that_was_cut_off_goes_too() -> None:
    assert without_secrets(f"provided: {KEY[:-3]}", [KEY]) == f"provided: {INSTEAD}"
    assert without_secrets(f"{KEY[:12]} and {KEY}", [KEY]) == f"{INSTEAD} and {INSTEAD}"


@pytest.mark.parametrize("text", [
    "Please wait... then try again",
    "the model sk-small and hf_x are unknown",
    "**bold** text, a…b, 1...2",
    "",
])  # fmt: skip
def test_other_words_stay(text: str) -> None:
    assert without_secrets(text, [KEY, "", "x", "the"]) == text


@given(st.text(), st.text(), st.text(alphabet="abcdefghij-_0123456789", min_size=6, max_size=60))
def test_a_key_is_never_left_over(before: str, after: str, key: str) -> None:
    assert key not in without_secrets(before + key + after, [key]).replace(INSTEAD, "\0")


@pytest.mark.timeout(5)
@pytest.mark.parametrize("text", ["A" * 1_000_000, "a.." * 300_000, "ax" * 500_000, "sk-" * 300_000])
def test_a_picture_in_an_error_costs_no_time(text: str) -> None:
    without_secrets(text, [KEY])
