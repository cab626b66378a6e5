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
    """Two lines: where to get a key, and where to put it."""
    row, signup = free_keys()[0]
    where = say("key.get", title=row.title, minutes=signup.minutes, url=signup.url)
    put = say("key.put", name=row.key_env[0], row=row.name, file=paths.config_file())
    return f"{where}\n{put}"


def hint_for(exc: WallasError, engine: Engine) -> str:
    """The next step, better than the error itself can know it."""
    unconfigured = isinstance(exc, PlanExhausted) and exc.outcome is Outcome.NOTHING_CONFIGURED
    return first_key() if unconfigured and not engine.usable() else exc.hint
