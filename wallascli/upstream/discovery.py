"""Asking a provider which models it has."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from wallascli.providers.base import Call, Provider
from wallascli.upstream.classify import classify
from wallascli.upstream.client import Upstream
from wallascli.upstream.redact import without_secrets
from wallascli.vocab.failures import AttemptFailed, Failure, FailureClass, Retry
from wallascli.vocab.secret import Secret
from wallascli.wires.errors import read_error


async def listing(
    upstream: Upstream, provider: Provider, keys: Sequence[Secret], *, seconds: float, now: float
) -> bytes:
    """The body of the provider's model list. Raises ``AttemptFailed``, also when ``seconds`` are over for one key.

    The next key is tried where one is not accepted: a spoilt one must not hide what the others can reach.
    """
    for key in keys[:-1]:
        try:
            return await _asked(upstream, provider, key, keys, seconds, now)
        except AttemptFailed as exc:
            if exc.failure.kind.policy.retry is not Retry.NEXT_KEY:
                raise
    return await _asked(upstream, provider, keys[-1] if keys else None, keys, seconds, now)


async def _asked(
    upstream: Upstream, provider: Provider, key: Secret | None, keys: Sequence[Secret], seconds: float, now: float
) -> bytes:
    url = provider.base_url + provider.wire.listing_path
    call = Call("GET", url, provider.headers_for(key), direct=provider.local)
    try:
        async with asyncio.timeout(seconds):
            async with await upstream.send(call, connect=seconds) as exchange:
                body = await exchange.whole()
                if exchange.status != 200:
                    facts = read_error(body)
                    failure = classify(exchange.status, exchange.headers, facts, provider=provider.name, now=now)
                    said = without_secrets(failure.message, [one.reveal() for one in keys])
                    raise AttemptFailed(replace(failure, message=said, body=b""))
                return body
    except TimeoutError as exc:
        raise AttemptFailed(Failure(FailureClass.SLOW, f"no list of models within {seconds:g} s")) from exc
