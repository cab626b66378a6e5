"""What a command has to say: data on stdout, everything for a person on stderr, one JSON shape for all of it.

`{"ok": true, "data": …, "error": null}`, on failure `{"ok": false, "data": …, "error": {code, message, hint}}`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wallascli.cli.messages import say

USAGE = 2
CLOSED_PIPE = 141  # what a shell reports for a program that SIGPIPE ended: 128 + SIGPIPE


@dataclass(frozen=True, slots=True)
class Result:
    """``data`` for ``--json``; ``text`` for a person who reads stdout (empty: it has been shown already)."""

    data: Any = None
    text: str = ""
    code: int = 0


class Failed(Exception):
    """A command could not do what was asked.

    ``kind`` is the word that programs read, ``code`` the exit code, ``short`` and ``details`` the message in lines
    for a person.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str,
        code: int,
        hint: str = "",
        data: Any = None,
        short: str = "",
        details: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.code = code
        self.hint = hint
        self.data = data
        self.short = short or message
        self.details = details


def misused(message: str, *, hint: str = "") -> Failed:
    """Wrong usage of the command."""
    return Failed(message, kind="usage", code=USAGE, hint=hint)


class CannotWrite(Exception):
    """Standard output takes no more: a full disk, or nobody reads it."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(cause.strerror)
        self.closed = isinstance(cause, BrokenPipeError)


def write(text: str) -> None:
    """To stdout, at once. Raises ``CannotWrite``."""
    if sys.stdout is None:  # closed before we began (`>&-`)
        raise CannotWrite(OSError(errno.EBADF, os.strerror(errno.EBADF)))
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as exc:
        abandon_stdout()
        raise CannotWrite(exc) from exc


def abandon_stdout() -> None:
    """Python flushes once more at its end, and would complain again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def tell(text: str, *, end: str = "\n") -> None:
    """To stderr. Nobody there to read it is no reason to fail."""
    with contextlib.suppress(OSError, AttributeError):  # closed; or closed before we began, then it is None
        sys.stderr.write(text + end)
        sys.stderr.flush()


def show(result: Result, *, as_json: bool) -> int:
    """Print it; gives the exit code."""
    if as_json:
        write(_envelope(result.data, None))
    elif result.text:
        write(result.text if result.text.endswith("\n") else f"{result.text}\n")
    return result.code


def show_failure(failed: Failed, *, as_json: bool) -> int:
    """Print it; gives the exit code."""
    if as_json:
        error = {"code": failed.kind, "message": failed.message, "hint": failed.hint}
        write(_envelope(failed.data, error))
    else:
        tell("\n".join((say("error", message=failed.short), *failed.details)))
        if failed.hint:
            tell("")
            tell(say("hint", hint=failed.hint))
    return failed.code


def object_line(data: object) -> str:
    """One object a line, for what goes on and on."""
    return _envelope(data, None)


def _envelope(data: object, error: object) -> str:
    import json  # 5 ms that a person at a terminal does not pay

    return json.dumps({"ok": error is None, "data": data, "error": error}, ensure_ascii=False) + "\n"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as what stands in them; the last one runs free."""
    lines = [list(heads), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[-1]]).rstrip()
        for line in lines
    )
