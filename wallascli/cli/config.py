"""`wallasapi config`: which file is read, and where each value came from."""

from __future__ import annotations

import typer

from wallascli.cli import options
from wallascli.cli.messages import say
from wallascli.cli.output import Result, table

config = typer.Typer(rich_markup_mode=None)


@config.callback(invoke_without_command=True)
def _bare(context: typer.Context) -> Result | None:
    return None if context.invoked_subcommand else Result(text=context.get_help())


@config.command("path", help=say("config.path.help"), epilog=say("config.path.example"))
def path(config: options.Config = None, as_json: options.Json = False) -> Result:
    from wallascli import paths

    file = config.expanduser().absolute() if config else paths.config_file()
    return Result({"path": str(file), "exists": file.exists()}, str(file))


@config.command("explain", help=say("config.explain.help"), epilog=say("config.explain.example"))
def explain(config: options.Config = None, as_json: options.Json = False) -> Result:
    from wallascli.settings import explain, load

    found = explain(load(config=config))
    values = [{"name": one.name, "value": one.value, "source": one.source} for one in found]
    heads = [say(f"config.{head}") for head in ("name", "value", "source")]
    return Result(values, table(heads, [[one.name, one.value, one.source] for one in found]))
