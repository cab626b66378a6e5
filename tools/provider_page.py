"""``docs/providers.md``: what the provider rows know beyond the README's table, and what they do to a request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wallascli.providers.base import Provider, Trains
from wallascli.routing.shipped import shipped_cards
from wallascli.vocab.models import Operation, Status
from wallascli.wires.openai_chat import IN

# Fields of OpenAI's chat completions that real clients send, each with a value that says something.
FIELDS: dict[str, Any] = {
    "temperature": 0.5,
    "top_p": 0.5,
    "top_k": 5,
    "min_p": 0.1,
    "max_tokens": 9,
    "max_completion_tokens": 9,
    "stop": ["end"],
    "seed": 1,
    "n": 2,
    "presence_penalty": 0.5,
    "frequency_penalty": 0.5,
    "repetition_penalty": 1.1,
    "logit_bias": {"1": 2},
    "logprobs": True,
    "top_logprobs": 2,
    "response_format": {"type": "json_schema", "json_schema": {"name": "one", "schema": {"type": "object"}}},
    "tool_choice": "required",
    "parallel_tool_calls": False,
    "reasoning_effort": "low",
    "verbosity": "low",
    "user": "somebody",
    "metadata": {"a": "b"},
    "store": False,
    "service_tier": "auto",
    "prediction": {"type": "content", "content": "some"},
    "prompt_cache_key": "key",
    "safety_identifier": "somebody",
}
_TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
# What makes no sense alone.
_BESIDE: dict[str, dict[str, Any]] = {
    "tool_choice": {"tools": [_TOOL]},
    "parallel_tool_calls": {"tools": [_TOOL]},
    "top_logprobs": {"logprobs": True},
}

_TRAINS = {Trains.NO: "not used for training", Trains.YES: "may be used for training", Trains.UNKNOWN: "not told"}

_TEXT = """\
# Providers, in detail

This page is made of the provider rows and the catalogue by `make docs`. Where to get a key, and what is free,
stands in [the README](../README.md#providers).

## What becomes of your prompts

As far as a provider says it of its free plan, where it has one; the stricter reading where sources differ. Look
at its own terms before you send what nobody may see.

With `privacy = "no_training"` (or the header `X-Wallas-Privacy: no_training`) only those of the first kind and
your own machine are asked. With `privacy = "local"` (or `wallasapi chat --private`) only your own machine is.

{prompts}
## Whose limit it is

Where a limit belongs to the account, a second key of the same account gives nothing more. It is still tried when
the first one is refused, for it may be another account's.

{limits}
## Fields that do not arrive

A field that would be refused is left out there, and the answer names it in `X-Wallas-Dropped`. These are fields
of OpenAI's chat completions; "some models" means that the others of that provider get it. Fields that are not
listed arrive, some of them under another name.

{fields}"""


def page(rows: Iterable[Provider]) -> str:
    """The whole page, for the rows in this order."""
    alive = [row for row in rows if not row.retired]
    return _TEXT.format(prompts=_prompts(alive), limits=_limits(alive), fields=_fields(alive))


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(heads), *(list(row) for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _prompts(rows: list[Provider]) -> str:
    kinds = {kind: [row for row in rows if row.trains is kind] for kind in _TRAINS}
    return _table(
        ("Provider", "Your prompts"),
        ((row.title, _fate(row)) for kind in kinds for row in kinds[kind]),
    )


def _fate(row: Provider) -> str:
    if row.local:
        return "stay on this machine, but for its cloud models (`-cloud`, `:cloud`)"
    return _TRAINS[row.trains]


def _limits(rows: list[Provider]) -> str:
    remote = [row for row in rows if not row.local]
    account = ", ".join(row.title for row in remote if row.quota_per_account)
    key = ", ".join(row.title for row in remote if not row.quota_per_account)
    return _table(("Limit of", "Providers"), (("the account", account), ("the key, as far as is known", key)))


def _fields(rows: list[Provider]) -> str:
    return _table(("Provider", "Left out", "Left out for some models"), (_row_of_fields(row) for row in rows))


def _row_of_fields(row: Provider) -> tuple[str, str, str]:
    models = [
        card.id
        for card in shipped_cards()
        if card.provider == row.name and card.operation is Operation.CHAT and card.status is not Status.RETIRED
    ]
    losing = {field: sum(loses(row, model, field) for model in models) for field in FIELDS}
    return (
        row.title,
        _words(field for field, count in losing.items() if count == len(models)),
        _words(field for field, count in losing.items() if 0 < count < len(models)),
    )


def loses(row: Provider, model: str, field: str) -> bool:
    """Whether this field of a request would not reach this model."""
    body = {
        "model": model,
        "messages": [{"role": "user", "content": "Hi"}],
        field: FIELDS[field],
        **_BESIDE.get(field, {}),
    }
    return field in row.render(IN.parse(body), model, stream=True).dropped


def _words(fields: Iterable[str]) -> str:
    return " ".join(f"`{field}`" for field in fields) or "-"
