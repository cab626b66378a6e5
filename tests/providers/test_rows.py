"""Every provider row is whole, and says what people and the router need to know of it."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from wallascli import providers
from wallascli.providers import PROVIDERS
from wallascli.providers.base import Auth, Provider, Trains
from wallascli.vocab.models import Continuation
from wallascli.vocab.secret import Secret

FOLDER = Path(providers.__file__).parent

# The contract with people's `.env` files (design, section 4).
KEYS = {
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "groq": ("GROQ_API_KEY",),
    "github": ("GITHUB_TOKEN",),
    "openrouter": ("OPENROUTER_API_KEY",),
    "cerebras": ("CEREBRAS_API_KEY",),
    "sambanova": ("SAMBANOVA_API_KEY",),
    "pollinations": ("POLLINATIONS_API_KEY",),
    "huggingface": ("HUGGINGFACE_API_KEY", "HF_TOKEN"),
    "cohere": ("COHERE_API_KEY", "CO_API_KEY"),
    "mistral": ("MISTRAL_API_KEY",),
    "nvidia": ("NVIDIA_API_KEY",),
    "openai": ("OPENAI_API_KEY",),
    "anthropic": ("ANTHROPIC_API_KEY",),
    "ollama": (),
    "ollama-cloud": ("OLLAMA_API_KEY",),
}
NATIVE = {
    "gemini": "gemini",
    "cohere": "cohere",
    "ollama": "ollama",
    "ollama-cloud": "ollama",
    "anthropic": "anthropic",
}

every_row = pytest.mark.parametrize("row", PROVIDERS.values(), ids=PROVIDERS.keys())


def test_everybody_who_was_promised_is_there_under_the_promised_keys() -> None:
    assert {name: row.key_env for name, row in PROVIDERS.items()} == KEYS


@every_row
def test_a_row_stands_in_the_file_of_its_name(row: Provider) -> None:
    assert (FOLDER / f"{row.name.replace('-', '_')}.py").is_file()


@every_row
def test_nothing_leaves_this_machine_in_the_clear(row: Provider) -> None:
    url = urlsplit(row.base_url)
    assert url.scheme == "https" or (row.local and url.hostname == "127.0.0.1")
    assert not row.base_url.endswith("/")


@every_row
def test_a_person_is_told_where_to_get_a_key_and_what_it_costs(row: Provider) -> None:
    assert row.title
    assert row.signup is not None
    assert row.signup.url.startswith("https://")
    assert 1 <= row.signup.minutes <= 10
    assert not (row.signup.free and row.signup.card_needed), "what needs a card is not free of risk"


@every_row
def test_a_row_asks_for_a_key_unless_it_needs_none(row: Provider) -> None:
    assert bool(row.key_env) != row.keyless
    assert (row.auth is Auth.NONE) == row.keyless


@every_row
def test_a_row_speaks_its_own_dialect_where_it_has_one(row: Provider) -> None:
    assert row.wire.name == NATIVE.get(row.name, "openai")


@every_row
def test_a_key_is_sent_in_the_header_of_the_row_and_nowhere_else(row: Provider) -> None:
    secret = "k" * 20
    headers = row.headers_for(Secret(secret))
    carrying = [name for name, value in headers.items() if secret in value]
    assert carrying == ([row.auth.value] if row.auth is not Auth.NONE else [])


def test_what_has_ended_says_when() -> None:
    retired = {name: row.retired for name, row in PROVIDERS.items() if row.retired}
    assert list(retired) == ["github"]
    assert re.search(r"\b2026-07-30\b", retired["github"])


def test_only_the_daemon_on_this_machine_is_local() -> None:
    assert [name for name, row in PROVIDERS.items() if row.local] == ["ollama"]
    assert PROVIDERS["ollama"].first_byte == 120  # it may have to load the model first


def test_credit_that_cannot_bill_counts_as_free_and_a_paid_account_never_does() -> None:
    free = {name for name, row in PROVIDERS.items() if row.free_models}
    assert free == {"nvidia", "huggingface", "pollinations", "cohere", "ollama-cloud"}
    assert not any(row.free_models for row in PROVIDERS.values() if row.signup and row.signup.card_needed)


def test_prompts_are_private_only_where_somebody_said_so() -> None:
    kept_out = {name for name, row in PROVIDERS.items() if row.trains is Trains.NO}
    assert kept_out == {"groq", "cerebras", "ollama", "ollama-cloud", "openai", "anthropic"}
    assert {"gemini", "mistral", "openrouter", "cohere"} == {
        name for name, row in PROVIDERS.items() if row.trains is Trains.YES
    }


def test_nobody_is_trusted_to_go_on_natively_without_a_fact() -> None:
    native = {name: row.continues for name, row in PROVIDERS.items() if row.continues is not Continuation.ASKED}
    assert native == {"mistral": Continuation.PREFIX_FLAG}
    assert [name for name, row in PROVIDERS.items() if row.repeats_prefix] == ["mistral"]


def test_public_listings_are_read_without_a_key() -> None:
    public = {name for name, row in PROVIDERS.items() if not row.listing_needs_key}
    assert public == {"openrouter", "pollinations", "ollama"}


def test_anthropic_is_told_the_version_of_its_api() -> None:
    assert PROVIDERS["anthropic"].headers_for(None)["anthropic-version"] == "2023-06-01"
