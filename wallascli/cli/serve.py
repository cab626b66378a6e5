"""`wallasapi serve`: the gateway, in this terminal."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from wallascli.cli import options
from wallascli.cli.messages import say
from wallascli.cli.output import misused, object_line, tell, write

Foreground = Annotated[bool, typer.Option("--foreground", help=say("serve.foreground"))]
Insecure = Annotated[bool, typer.Option("--insecure", help=say("serve.insecure"))]


def serve(
    foreground: Foreground = False,
    host: options.Host = None,
    port: options.Port = None,
    insecure: Insecure = False,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    if not foreground:
        raise misused(say("serve.background"), hint=say("serve.background.hint"))
    in_foreground(config, host=host, port=port, insecure=insecure, as_json=as_json)


def in_foreground(
    config: Path | None, *, host: str | None = None, port: int | None = None, insecure: bool = False, as_json: bool
) -> None:
    """Serve until told to stop. Raises ``Misconfigured``."""
    from wallascli.gateway.serve import run
    from wallascli.settings import load

    settings = load(config=config, flags={"server.host": host, "server.port": port})

    def ready(url: str) -> None:
        if as_json:
            write(object_line({"url": url, "pid": os.getpid()}))
        else:
            tell(_welcome(url, wants_key=bool(settings.server.keys)))

    run(settings, insecure=insecure, ready=ready)
    if not as_json:
        tell(say("serve.stopped"))


def _welcome(url: str, *, wants_key: bool) -> str:
    """How to use it, in lines that work as they stand: nobody can send a request to `0.0.0.0`."""
    here = url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
    key = say("serve.client_key") if wants_key else say("serve.any_key")
    header = f" -H 'Authorization: Bearer {key}'" if wants_key else ""
    return say("serve.ready", url=url, here=here, key=key, header=header)
