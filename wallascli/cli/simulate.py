"""`wallasapi simulate`: pretended providers on loopback, for who wants to test a program of their own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from wallascli.cli import options
from wallascli.cli.messages import say
from wallascli.cli.output import Result, misused, object_line, tell, write

Script = Annotated[
    list[str] | None, typer.Option("--script", metavar="PROVIDER=WORDS|FILE", help=say("simulate.script"))
]
Words = Annotated[bool, typer.Option("--words", help=say("simulate.words"))]


def simulate(
    port: options.Port = None, script: Script = None, words: Words = False, as_json: options.Json = False
) -> Result | None:
    from wallascli.cli.running import run

    if words:
        return _vocabulary()
    run(_until_stopped(port or 0, read_scripts(script or []), as_json=as_json))
    return None


def _vocabulary() -> Result:
    from wallascli.simulator import script

    text = (script.__doc__ or "").strip()
    return Result({"text": text}, text)


def read_scripts(given: list[str]) -> dict[str, list[str]]:
    """Each is `PROVIDER=WORDS`, or a file of such lines. Several for one provider: one for each of its chats.

    Raises ``Failed``.
    """
    found: dict[str, list[str]] = {}
    for item in given:
        for line in _lines(item):
            provider, equals, wanted = line.partition("=")
            if not equals or not provider.strip():
                raise misused(say("simulate.line", line=line), hint=say("simulate.line.hint"))
            found.setdefault(provider.strip(), []).append(wanted.strip())
    return found


def _lines(item: str) -> list[str]:
    path = Path(item).expanduser()
    if "=" in item and not path.is_file():
        return [item]
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else exc.reason
        raise misused(say("file.unreadable", name=item, why=why), hint=say("simulate.line.hint")) from exc
    return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


async def _until_stopped(port: int, scripts: dict[str, list[str]], *, as_json: bool) -> None:
    from wallascli.simulator import Simulator, UnknownWord

    try:
        simulator = Simulator(port, scripts=scripts)
    except UnknownWord as exc:
        raise misused(say("simulate.word", word=exc), hint=say("simulate.word.hint")) from exc
    try:
        await simulator.start()
    except OSError as exc:
        why = os.strerror(exc.errno) if exc.errno else exc  # asyncio's own words repeat address and port
        raise misused(say("simulate.port", port=port, why=why), hint=say("simulate.port.hint")) from exc
    try:
        if as_json:
            write(object_line({"url": simulator.url, "port": simulator.port, "pid": os.getpid()}))
        else:
            tell(say("simulate.ready", url=simulator.url))
        await _told_to_stop()
    finally:
        await simulator.stop()


async def _told_to_stop() -> None:
    import asyncio
    import signal

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
