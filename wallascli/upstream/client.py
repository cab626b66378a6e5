"""Sending one call and reading what comes back, over kept-alive connections.

Errors of the library never leave this file: each becomes an ``AttemptFailed`` with its class.
"""

from __future__ import annotations

import asyncio
import errno
import os
import ssl
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import lru_cache, partial
from types import TracebackType
from typing import Any, Self
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from wallascli.providers.base import Call
from wallascli.vocab.failures import AttemptFailed, Failure, FailureClass

# An answer larger than this is not an answer; 64 MiB leaves room for several pictures in base64.
MOST_BODY = 64 * 1024 * 1024
# Content policies and cookies of the services in front of providers may outgrow aiohttp's 8 KiB.
_LONGEST_HEADER = 64 * 1024
# aiohttp pauses reading at twice this: large enough for a burst of frames in one read.
_READ_BUFFER = 256 * 1024
_LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})

_reused: ContextVar[bool] = ContextVar("reused", default=False)


class _Protocol(ResponseHandler):
    """Tells who waits for a body that its coding is broken; aiohttp 3.14 only closes the connection."""

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        payload = self._payload
        super().set_exception(exc, *cause)
        if isinstance(exc, HttpProcessingError) and payload is not None and not payload.is_eof():
            payload.set_exception(aiohttp.ClientPayloadError(exc.message))


class _Connector(aiohttp.TCPConnector):
    """Remembers whether the connection handed out has served before."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        made: Callable[..., ResponseHandler] = _Protocol
        self._factory = partial(made, loop=self._loop)

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Any:  # noqa: ASYNC109
        connection = await super().connect(req, traces, timeout)
        protocol: Any = connection.protocol
        _reused.set(getattr(protocol, "wallas_served", False))
        protocol.wallas_served = True
        return connection

    async def _create_connection(self, req: Any, traces: Any, timeout: Any) -> Any:  # noqa: ASYNC109
        # The whole handshake, names and TLS included. aiohttp's ``connect`` bounds the same, but arms a timer also
        # where a kept connection is taken: 3 µs of nearly every request.
        async with asyncio.timeout(timeout.sock_connect):
            return await super()._create_connection(req, traces, timeout)


class Exchange:
    """A response under way. Leaving the context closes the connection unless the body was read to its end."""

    __slots__ = ("_response", "headers", "status")

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connection back if the whole body has come, else close it: that stops the provider at once."""
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()

    async def read(self) -> bytes:
        """The next network read, empty at the end of the body. Raises ``AttemptFailed``."""
        try:
            return await self._response.content.readany()
        except (aiohttp.ClientError, OSError, ValueError) as exc:
            raise AttemptFailed(_broken(exc, self.status)) from exc

    async def whole(self, most: int = MOST_BODY) -> bytes:
        """All of the body. Raises ``AttemptFailed``, also if it is larger than ``most`` bytes."""
        pieces, size = [], 0
        while read := await self.read():
            pieces.append(read)
            size += len(read)
            if size > most:
                raise AttemptFailed(Failure(FailureClass.BROKEN, f"an answer of more than {most} bytes"))
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def beginning(self, most: int) -> bytes:
        """The body, or of a larger one its first ``most`` bytes or a little more. Raises ``AttemptFailed``."""
        pieces, size = [], 0
        while size < most and (read := await self.read()):
            pieces.append(read)
            size += len(read)
        return b"".join(pieces)


class Upstream:
    """The pools of connections: one for everybody, one of single-use connections for the second try."""

    def __init__(self) -> None:
        self._pool: aiohttp.ClientSession | None = None
        self._fresh: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        for session in (self._pool, self._fresh):
            if session is not None:
                await session.close()
        self._pool = self._fresh = None

    async def send(self, call: Call, *, connect: float) -> Exchange:
        """Send and wait for the response's head. ``connect`` in seconds bounds the handshake alone.

        A disconnect on a reused connection before any byte says nothing about the provider (it closed an idle
        connection just when we took it): the call is repeated once on a fresh one.
        """
        if self._pool is None:
            self._pool = _session(_Connector(limit=0, ttl_dns_cache=60, keepalive_timeout=30))
        try:
            return Exchange(await self._request(self._pool, call, connect))
        except (
            aiohttp.ServerDisconnectedError,
            ConnectionResetError,
            BrokenPipeError,
            aiohttp.ClientOSError,
        ) as exc:
            if not _reused.get() or isinstance(exc, aiohttp.ClientConnectorError):
                raise AttemptFailed(_failure(exc, connect)) from exc
        except (aiohttp.ClientError, TimeoutError, OSError, ssl.SSLError, ValueError) as exc:
            raise AttemptFailed(_failure(exc, connect)) from exc
        return await self._send_fresh(call, connect)

    async def _send_fresh(self, call: Call, connect: float) -> Exchange:
        if self._fresh is None:
            self._fresh = _session(_Connector(limit=0, force_close=True))
        try:
            return Exchange(await self._request(self._fresh, call, connect))
        except (aiohttp.ClientError, TimeoutError, OSError, ssl.SSLError, ValueError) as exc:
            raise AttemptFailed(_failure(exc, connect)) from exc

    async def _request(self, session: aiohttp.ClientSession, call: Call, connect: float) -> aiohttp.ClientResponse:
        _reused.set(False)
        return await session.request(
            call.method,
            _url(call.url),
            data=call.body or None,
            headers=call.headers,
            allow_redirects=False,  # a redirect would carry the key to another host
            timeout=_timeout(connect),
            proxy=None if call.direct else _proxy(call.url),
        )


def _session(connector: aiohttp.BaseConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        read_bufsize=_READ_BUFFER,
        max_line_size=_LONGEST_HEADER,
        max_field_size=_LONGEST_HEADER,
        cookie_jar=aiohttp.DummyCookieJar(),
        # Compression would hold small chunks back in the compressor; a gzip'ed answer is read all the same.
        headers={"Accept-Encoding": "identity", "User-Agent": "WallasAPI"},
    )


@lru_cache(maxsize=64)
def _timeout(connect: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, sock_connect=connect)


@lru_cache(maxsize=512)
def _url(url: str) -> URL:
    return URL(url)


@lru_cache(maxsize=64)
def _proxies() -> dict[str, str]:
    return getproxies()


@lru_cache(maxsize=512)
def _proxy(url: str) -> str | None:
    """The proxy of the environment; never for this machine. Asked once per URL, not once per request."""
    target = _url(url)
    host = target.host or ""
    proxy = _proxies().get(target.scheme)
    if not proxy or host in _LOCAL_HOSTS or proxy_bypass(host):
        return None
    return proxy


def _failure(exc: BaseException, connect: float) -> Failure:
    """Before the response's head: unreachable if no connection was made, else broken."""
    if isinstance(exc, aiohttp.ConnectionTimeoutError):
        return Failure(FailureClass.UNREACHABLE, f"no connection within {connect:g} s (connect)")
    unreachable = (
        aiohttp.ClientConnectorError,
        aiohttp.ClientSSLError,
        aiohttp.ClientProxyConnectionError,
        aiohttp.InvalidURL,
        ssl.SSLError,
    )
    if isinstance(exc, unreachable):
        return Failure(FailureClass.UNREACHABLE, _words(exc))
    return _broken(exc, None)


def _broken(exc: BaseException, status: int | None) -> Failure:
    return Failure(FailureClass.BROKEN, _words(exc), status=status)


# What a person can use of it; the library's own words name its classes and repeat addresses.
_SENTENCES: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((aiohttp.ServerDisconnectedError, ConnectionResetError), "the connection was closed before the answer came"),
    ((aiohttp.ClientPayloadError,), "the connection broke off, or garbled the answer, before its end"),
    ((aiohttp.ClientResponseError,), "what came back is not HTTP"),
    ((asyncio.TimeoutError,), "no connection in time"),
    ((aiohttp.ClientConnectorDNSError,), "the host name is not known"),
    ((aiohttp.ClientConnectorCertificateError,), "its TLS certificate is not valid"),
    ((aiohttp.ClientSSLError, ssl.SSLError), "no TLS connection could be made"),
    ((ConnectionRefusedError,), "nobody listens there"),
)


def _words(exc: BaseException) -> str:
    """A short sentence without addresses of memory or bodies."""
    inner = getattr(exc, "os_error", exc)
    for kinds, sentence in _SENTENCES:
        if isinstance(exc, kinds) or isinstance(inner, kinds):
            return sentence
    number = getattr(inner, "errno", None)
    if number == errno.ECONNRESET:
        return _SENTENCES[0][1]
    text = os.strerror(number) if number else str(exc).partition("\n")[0]
    return f"{type(exc).__name__}: {text[:200]}" if text else type(exc).__name__
