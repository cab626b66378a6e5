"""Makes each connection that would leave this machine an error, also in Pythons that a test starts.

An audit hook sees what patched functions would miss (C code, a saved reference). uvloop connects by itself
and is not seen: tests of a server on uvloop give it providers on loopback only.
"""

import contextlib
import os
import sys

WATCHED = {"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"}
LOCAL_NAMES = {None, "", "localhost", "::1", "0.0.0.0", "::", "::ffff:127.0.0.1", "<broadcast>"}
LEAKS = "WALLASAPI_TEST_LEAKS"  # the file that collects attempts: an error may be swallowed, a line is not


class OutsideLoopback(RuntimeError):
    """Not an OSError: code that forgives network trouble must not forgive this."""


def is_local(host: object) -> bool:
    """Whether `host`, as a socket call got it, means this machine."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    return host in LOCAL_NAMES or (isinstance(host, str) and host.startswith("127."))


def watch(event: str, args: tuple[object, ...]) -> None:
    """The audit hook."""
    if event not in WATCHED:
        return
    host = args[1] if event in {"socket.connect", "socket.sendto"} else args[0]
    if isinstance(host, tuple):
        host = host[0]
    elif event in {"socket.connect", "socket.sendto"}:
        return  # a path: a Unix socket
    if not is_local(host):
        _record(f"{event} to {host!r}")
        raise OutsideLoopback(f"a test tried {event} to {host!r}: only loopback is allowed")


def _record(attempt: str) -> None:
    path = os.environ.get(LEAKS)
    if path:
        with contextlib.suppress(OSError), open(path, "a", encoding="utf-8") as file:  # noqa: PTH123
            file.write(f"{attempt} (pid {os.getpid()})\n")


if os.environ.get(LEAKS):
    sys.addaudithook(watch)
