"""The options that several commands share, each said once."""

from pathlib import Path
from typing import Annotated

import typer

from wallascli.cli.messages import say
from wallascli.cli.terminal import Colour

Json = Annotated[bool, typer.Option("--json", help=say("option.json"))]
Config = Annotated[Path | None, typer.Option("--config", metavar="FILE", help=say("option.config"))]
Color = Annotated[Colour, typer.Option("--color", metavar="WHEN", help=say("option.color"))]

Prompt = Annotated[str | None, typer.Argument(metavar="[PROMPT]", help=say("option.prompt"), show_default=False)]
Model = Annotated[str, typer.Option("-m", "--model", metavar="NAME", help=say("option.model"))]
System = Annotated[str, typer.Option("-s", "--system", metavar="TEXT|@FILE", help=say("option.system"))]
Tier = Annotated[str, typer.Option("--tier", metavar="NAME", help=say("option.tier"))]
Paid = Annotated[bool, typer.Option("--paid", help=say("option.paid"))]
Private = Annotated[bool, typer.Option("--private", help=say("option.private"))]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help=say("option.verbose"))]

Host = Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help=say("option.host"))]
Port = Annotated[int | None, typer.Option("--port", metavar="N", help=say("option.port"))]
