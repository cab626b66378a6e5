"""What to do without a key: the fastest free ones first, from the providers' own rows."""

from __future__ import annotations

from wallascli import paths
from wallascli.cli.messages import say
from wallascli.engine import Engine
from wallascli.providers import PROVIDERS
from wallascli.providers.base import Provider, Signup
from wallascli.vocab.failures import Outcome, PlanExhausted, WallasError


def free_keys() -> list[tuple[Provider, Signup]]:
    """Providers that give a free key, the quickest first; those that want a card last."""
    rows = [
        (row, row.signup)
        for row in PROVIDERS.values()
        if row.signup is not None and row.signup.free and row.key_env and not row.local and not row.retired
    ]
    return sorted(rows, key=lambda pair: (pair[1].card_needed, pair[1].minutes))


def first_key() -> str:
    """Two lines: where to get a free key, and where to put it."""
    row, signup = free_keys()[0]
    return _lines("free", row, signup)


def _lines(how: str, row: Provider, signup: Signup) -> str:
    get = say(f"key.{how}", title=row.title, minutes=signup.minutes, url=signup.url)
    put = say("key.put", name=row.key_env[0], row=row.name, file=paths.config_file())
    return f"{get}\n{put}"


def hint_for(exc: WallasError, engine: Engine) -> str:
    """The next step, better than the error itself can know it."""
    if not isinstance(exc, PlanExhausted) or exc.outcome is not Outcome.NOTHING_CONFIGURED:
        return exc.hint
    if not engine.usable():
        return first_key()
    for name, _ in exc.facts.refused:
        place = engine.places.get(name.partition(":")[0])
        if place and place.unusable_kind == "key" and place.unusable and place.provider.signup:
            return _lines("make", place.provider, place.provider.signup)
    return exc.hint
