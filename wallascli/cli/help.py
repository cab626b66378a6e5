"""`wallasapi help`: topics that belong to no single command, and any command's own help."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated

import typer

from wallascli.cli import options
from wallascli.cli.messages import say
from wallascli.cli.output import Result, misused

Topic = Annotated[str | None, typer.Argument(metavar="[TOPIC]", help=say("help.topic"), show_default=False)]

TOPICS = ("exit-codes", "environment")


def show_help(context: typer.Context, topic: Topic = None, as_json: options.Json = False) -> Result:
    root = context.parent or context
    if topic is None:
        return _told(root.get_help())
    if topic in TOPICS:
        return _told(say(f"help.{topic}"))
    commands = getattr(root.command, "commands", {})
    if topic in commands:
        inner = typer.Context(commands[topic], info_name=topic, parent=root)
        return _told(inner.get_help())
    known = [*TOPICS, *commands]
    near = get_close_matches(topic, known, n=1)
    guess = say("help.guess", near=near[0]) if near else ""
    raise misused(say("help.unknown", topic=topic) + guess, hint=say("help.known", topics=", ".join(known)))


def _told(text: str) -> Result:
    return Result({"text": text}, text)
