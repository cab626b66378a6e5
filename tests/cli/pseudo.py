"""A terminal for a command: what a person would see of stdout and stderr, byte by byte."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.cli.home import Home, command


@dataclass
class Terminal:
    """Everything of the command goes to it; `read` collects what it shows."""

    process: subprocess.Popen[bytes]
    descriptor: int
    shown: bytearray = field(default_factory=bytearray)

    def read(self, until: Callable[[str], bool] = lambda _: False, *, within: float = 30.0) -> str:
        """Until the text so far satisfies `until`, or the command has ended."""
        deadline = time.monotonic() + within
        while not until(self.text):
            if time.monotonic() > deadline:
                raise TimeoutError(self.text)
            if not select.select([self.descriptor], [], [], 0.1)[0]:
                continue
            try:
                piece = os.read(self.descriptor, 65536)
            except OSError:  # Linux says EIO when the last one has closed the other side
                break
            if not piece:
                break
            self.shown += piece
        return self.text

    @property
    def text(self) -> str:
        return self.shown.decode("utf-8", "replace").replace("\r\n", "\n")

    def type(self, keys: bytes) -> None:
        os.write(self.descriptor, keys)

    def end(self) -> int:
        """Read to the end; gives the exit code."""
        self.read()
        return self.process.wait(timeout=30)


@contextmanager
def terminal(
    home: Home, *arguments: str, columns: int = 80, lines: int = 24, environ: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """The command with stdin, stdout and stderr on a terminal of this size."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    process = subprocess.Popen(
        command(*arguments),
        env=home.environ(**(environ or {})),
        cwd=home.folder / "here",
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)


TOKENS = re.compile(r"\x1b\[[\d;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+")


def replayed(text: str, *, lines: int) -> list[str]:
    """What stands on a terminal of so many lines in the end, also what has scrolled away; without colours."""
    page, row = [""], 0
    for token in TOKENS.findall(text):
        match token:
            case "\n":
                row += 1
                page += [""] * (row + 1 - len(page))
            case "\r":
                page[row] = ""
            case "\x1b[J":
                del page[row + 1 :]
                page[row] = ""
            case up if up.startswith("\x1b") and up.endswith("F"):
                row -= int(up[2:-1])
                assert row >= max(0, len(page) - lines), "the cursor cannot go above the screen"
            case said if not said.startswith("\x1b"):
                page[row] += said
    return [line.rstrip() for line in page if line.strip()]
