"""Whatever went wrong, as the command line tells it."""

from __future__ import annotations

import os

from wallascli.cli.messages import say
from wallascli.cli.output import USAGE, Failed
from wallascli.vocab.failures import NotUnderstood, WallasError

DEBUG = "WALLAS_DEBUG"


def explained(exc: Exception) -> Failed:
    """Raises ``exc`` itself where it is a bug and WALLAS_DEBUG is set."""
    match exc:
        case Failed():
            return exc
        case WallasError():
            return refused(exc)
    if told := getattr(exc, "format_message", None):  # Typer's: its classes have moved from version to version
        context = getattr(exc, "ctx", None)
        path = context.command_path if context else "wallasapi"
        return Failed(told(), kind="usage", code=USAGE, hint=say("usage.hint", command=path))
    if os.environ.get(DEBUG):
        raise exc
    return Failed(
        say("bug", kind=type(exc).__name__, what=exc), kind="internal_error", code=1, hint=say("bug.hint")
    )


def refused(exc: WallasError) -> Failed:
    outcome = exc.outcome
    # Here the request is made of flags: what makes no sense in it is wrong usage.
    code = USAGE if isinstance(exc, NotUnderstood) else outcome.exit_code
    return Failed(exc.message, kind=outcome.code, code=code, hint=exc.hint)
