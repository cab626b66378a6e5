"""The table of commands, and the end of every command: what it returned or why it could not, and the exit code.

Each command imports what it needs inside itself: start-up time is a feature.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from wallascli import __version__
from wallascli.cli.chat import chat
from wallascli.cli.config import config
from wallascli.cli.demo import demo
from wallascli.cli.explain import explain
from wallascli.cli.help import show_help
from wallascli.cli.listing import models, providers
from wallascli.cli.messages import say
from wallascli.cli.output import (
    CLOSED_PIPE,
    CannotWrite,
    Result,
    show,
    show_failure,
    tell,
)
from wallascli.cli.serve import in_foreground, serve
from wallascli.cli.simulate import simulate
from wallascli.cli.terminal import prepare_streams

NAME = "wallasapi"

COMMANDS: dict[str, Callable[..., Result | None]] = {
    "chat": chat,
    "explain": explain,
    "models": models,
    "providers": providers,
    "serve": serve,
    "simulate": simulate,
    "demo": demo,
    "help": show_help,
}
Version = Annotated[bool, typer.Option("-V", "--version", help=say("root.version"))]

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
def _bare(context: typer.Context, version: Version = False) -> Result | None:
    """No command at all: serve, in this terminal. The version is answered before Typer is imported."""
    if version:
        return Result(text=f"{NAME} {__version__}")
    if context.invoked_subcommand is None:
        in_foreground(None, as_json=False)
    return None


for _name, _command in COMMANDS.items():
    _tree.command(_name, help=say(f"{_name}.help"), epilog=say(f"{_name}.example"))(_command)
_tree.add_typer(config, name="config", help=say("config.help"), epilog=say("config.example"))


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
        from wallascli.cli.failing import explained

        return show_failure(explained(exc), as_json=as_json)


def _wants_json(arguments: list[str]) -> bool:
    """Asked before anything is understood, for a mistake in the arguments is told in JSON too."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return "--json" in arguments[:end]
