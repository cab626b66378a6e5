"""The table of commands, and the end of every command: what it returned or why it could not, and the exit code.

Each command imports what it needs inside itself: start-up time is a feature.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import typer

from wallascli.cli.chat import chat
from wallascli.cli.messages import say
from wallascli.cli.output import (
    CLOSED_PIPE,
    USAGE,
    CannotWrite,
    Failed,
    Result,
    show,
    show_failure,
    tell,
)
from wallascli.cli.terminal import prepare_streams

NAME = "wallasapi"
DEBUG = "WALLAS_DEBUG"

COMMANDS: dict[str, Callable[..., Result]] = {
    "chat": chat,
}

_tree = typer.Typer(
    name=NAME,
    help=say("root.help"),
    epilog=say("root.example"),
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,  # rich panels double the time of --help, and draw boxes into pipes
    pretty_exceptions_enable=False,  # the pretty trace prints values of variables, keys among them
    add_completion=False,
)


@_tree.callback(invoke_without_command=True)
def _bare(context: typer.Context) -> Result | None:
    """No command at all: serve, in this terminal."""
    return None if context.invoked_subcommand else Result(text=context.get_help())


for _name, _command in COMMANDS.items():
    _tree.command(_name, help=say(f"{_name}.help"), epilog=say(f"{_name}.example"))(_command)


def app(prog_name: str = NAME) -> None:
    """Run what ``sys.argv`` says. Leaves by ``SystemExit``."""
    prepare_streams()
    as_json = _wants_json(sys.argv[1:])
    try:
        code = _outcome(prog_name, as_json)
    except CannotWrite as exc:
        if not exc.closed:
            tell(say("error", message=say("stdout.broken", why=exc)))
        code = CLOSED_PIPE if exc.closed else 1
    raise SystemExit(code)


def _outcome(prog_name: str, as_json: bool) -> int:
    try:
        came = _tree(standalone_mode=False, prog_name=prog_name)
        return show(came, as_json=as_json) if isinstance(came, Result) else int(came or 0)
    except CannotWrite:
        raise
    except Exception as exc:  # noqa: BLE001  the entry of the process: whatever it was becomes an exit code
        return show_failure(_explained(exc), as_json=as_json)


def _wants_json(arguments: list[str]) -> bool:
    """Asked before anything is understood, for a mistake in the arguments is told in JSON too."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return "--json" in arguments[:end]


def _explained(exc: Exception) -> Failed:
    from wallascli.vocab.failures import WallasError

    if isinstance(exc, Failed):
        return exc
    if isinstance(exc, WallasError):
        outcome = exc.outcome
        return Failed(exc.message, kind=outcome.code, code=outcome.exit_code, hint=exc.hint)
    if told := getattr(exc, "format_message", None):  # Typer's: its classes have moved from version to version
        context = getattr(exc, "ctx", None)
        path = context.command_path if context else "wallasapi"
        return Failed(told(), kind="usage", code=USAGE, hint=say("usage.hint", command=path))
    if os.environ.get(DEBUG):
        raise exc
    return Failed(
        say("bug", kind=type(exc).__name__, what=exc), kind="internal_error", code=1, hint=say("bug.hint")
    )
