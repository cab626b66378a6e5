"""`wallasapi chat`: ask from the terminal, without any server."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from wallascli.cli import options
from wallascli.cli.messages import say
from wallascli.cli.output import Result
from wallascli.cli.terminal import Colour

NoStream = Annotated[bool, typer.Option("--no-stream", help=say("chat.no_stream"))]
Raw = Annotated[bool, typer.Option("--raw", help=say("chat.raw"))]


def chat(
    context: typer.Context,
    prompt: options.Prompt = None,
    model: options.Model = "auto",
    system: options.System = "",
    tier: options.Tier = "",
    paid: options.Paid = False,
    private: options.Private = False,
    no_stream: NoStream = False,
    raw: Raw = False,
    verbose: options.Verbose = False,
    color: options.Color = Colour.AUTO,
    config: options.Config = None,
    as_json: options.Json = False,
) -> Result:
    from wallascli.cli.prompt import read_prompt, read_system
    from wallascli.cli.terminal import Paint, is_terminal, wants_colour

    asked = read_prompt(prompt)
    if asked is None and not as_json:
        return Result(text=context.get_help())
    if asked is None:
        asked = read_prompt("")

    from wallascli.cli.asking import Wish
    from wallascli.cli.conversing import converse
    from wallascli.cli.running import run
    from wallascli.cli.screens import Look

    wish = Wish(model, read_system(system) if system else "", tier, paid, private)
    look = Look(
        as_json=as_json,
        markdown=not raw and wants_colour(color, sys.stdout),
        live=is_terminal(sys.stdout),
        verbose=verbose,
        paint=Paint(wants_colour(color, sys.stderr)),
    )
    return run(converse(wish, asked or "", config, look, stream=not (no_stream or as_json)))
