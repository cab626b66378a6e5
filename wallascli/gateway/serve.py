"""Running the server until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import time
from collections.abc import Callable

from aiohttp import web

from wallascli.engine import Engine, assemble
from wallascli.gateway.app import build_app
from wallascli.gateway.context import Context
from wallascli.gateway.door import LOOPBACK_NAMES, Door
from wallascli.settings import Settings
from wallascli.vocab.failures import Misconfigured

# Answers under way when the server is told to stop may take this long to end (seconds) …
DRAIN = 30.0
# … and their last bytes, or the tidying of those that did not, so long.
_FLUSH = 1.0
_LOOK = 0.02
_BACKLOG = 1024
# macOS grants no more than 10,240, whatever its hard limit says.
_FILES = (65_536, 10_240)
_EVERYWHERE = frozenset({"0.0.0.0", "::"})

log = logging.getLogger("wallasapi")


def run(settings: Settings, *, insecure: bool = False, ready: Callable[[str], None] = print) -> None:
    """Serve until SIGTERM or SIGINT. ``ready`` is told the address. Raises ``Misconfigured``."""
    _allow_many_files()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(serve(settings, insecure=insecure, ready=ready))


def _allow_many_files() -> None:
    """Each stream holds two connections, and a shell hands out 1,024 files, on macOS 256."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in _FILES:
        if soft == resource.RLIM_INFINITY or soft >= wanted:
            return
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
            return


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # Windows, PyPy: the standard loop serves as well, more slowly
        return None
    return uvloop.new_event_loop


async def serve(settings: Settings, *, insecure: bool, ready: Callable[[str], None]) -> None:
    server = settings.server
    if server.lets_strangers_in and not insecure:
        raise Misconfigured(
            f"Listening on {server.host} would let strangers use your keys.",
            hint="set PROXY_API_KEY (or server.keys), or pass --insecure",
        )
    bound = _bind(server.host, server.port)
    async with Engine(assemble(settings)) as engine:
        door = Door(
            server.keys,
            LOOPBACK_NAMES | {server.host.lower(), *(host.lower() for host in server.allowed_hosts)},
            frozenset(server.allowed_origins),
            any_address=server.host in _EVERYWHERE,
        )
        context = Context(engine, door)
        app = build_app(context, max_body=server.max_body)
        # aiohttp's own server keeps a handler running after its client has gone unless told otherwise.
        runner = web.AppRunner(
            app, handler_cancellation=True, access_log=None, logger=_http_log(), shutdown_timeout=_FLUSH
        )
        await runner.setup()
        site = web.SockSite(runner, bound, backlog=_BACKLOG)
        await site.start()
        engine.discover_in_background()
        _settle()
        ready(f"http://{_shown(server.host)}:{bound.getsockname()[1]}")
        told_to_stop = _signals()
        try:
            await told_to_stop.wait()
            told_to_stop.clear()
            context.draining = True
            await site.stop()
            await _drained(context, told_to_stop)
        finally:
            await runner.cleanup()


async def _drained(context: Context, told_again: asyncio.Event) -> None:
    """Until nothing is under way, or it took too long, or a second signal says that somebody is in a hurry.

    Meanwhile kept connections are served: aiohttp's own way would drop what they still send.
    """
    over = time.monotonic() + DRAIN
    while context.in_flight and time.monotonic() < over:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(told_again.wait(), _LOOK)
            return


class _OurErrors(logging.Filter):
    """Broken HTTP is answered with a 400; a traceback for each would let anybody fill the disk."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not (isinstance(error, web.RequestPayloadError) or 400 <= getattr(error, "code", 0) < 500)


def _http_log() -> logging.Logger:
    logger = logging.getLogger("wallasapi.http")
    logger.addFilter(_OurErrors())
    return logger


def _settle() -> None:
    """Keep the collector's hands off what lives as long as the process.

    The catalogue and the modules are some 200,000 objects that every full collection would walk through again.
    What requests leave behind in cycles is little, and collected as before, in larger lots.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _bind(host: str, port: int) -> socket.socket:
    """Raises ``Misconfigured`` if somebody else listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host.strip("[]"), port))
        bound.listen(_BACKLOG)  # now, as two that start at once could both bind, and one fail where nobody looks
    except OSError as exc:
        bound.close()
        raise Misconfigured(
            f"Cannot listen on {host}:{port}: {exc.strerror}.", hint="choose another one with --port"
        ) from exc
    return bound


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _signals() -> asyncio.Event:
    """Set by each SIGTERM and SIGINT."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stopped.set)
        except NotImplementedError:  # Windows: Ctrl-C arrives as KeyboardInterrupt
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopped.set))
    return stopped
