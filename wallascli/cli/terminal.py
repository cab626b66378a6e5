"""Whether somebody sits at the other end, and whether they want colours."""

from __future__ import annotations

import os
import shutil
import sys
from enum import StrEnum
from typing import IO, TextIO


class Colour(StrEnum):
    """``--color``."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def is_terminal(stream: IO[str] | None) -> bool:
    """A stream that was closed is nobody's terminal."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def wants_colour(choice: Colour, stream: IO[str]) -> bool:
    """Whether escape codes may go there: the flag, then NO_COLOR, CLICOLOR_FORCE, a terminal, TERM, CLICOLOR."""
    if choice is not Colour.AUTO:
        return choice is Colour.ALWAYS
    environ = os.environ
    if environ.get("NO_COLOR"):
        return False
    if environ.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    return is_terminal(stream) and environ.get("TERM") != "dumb" and environ.get("CLICOLOR") != "0"


def size() -> os.terminal_size:
    """Columns and lines of the terminal, now; where there is none, what COLUMNS and LINES say, or 80 x 24."""
    for stream in (sys.stdout, sys.stderr):
        try:
            return os.get_terminal_size(stream.fileno())
        except (OSError, ValueError):
            continue
    return shutil.get_terminal_size()


def takes(stream: TextIO, characters: str) -> bool:
    """Whether the stream's encoding has these characters."""
    try:
        characters.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


# What a model says must not steer the terminal it is shown on: C0 and C1 codes but tab and newline.
_CONTROLS = {code: None for code in (*range(9), *range(11, 32), *range(127, 160))}


def harmless(text: str) -> str:
    """The text without control codes, for a terminal."""
    return text.translate(_CONTROLS)


class Paint:
    """Escape codes where they are wanted, nothing where they are not."""

    def __init__(self, on: bool) -> None:
        self.on = on

    def _with(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.on and text else text

    def dim(self, text: str) -> str:
        return self._with("2", text)

    def bold(self, text: str) -> str:
        return self._with("1", text)

    def good(self, text: str) -> str:
        return self._with("32", text)

    def bad(self, text: str) -> str:
        return self._with("31", text)


def prepare_streams() -> None:
    """A character that the locale lacks becomes a question mark, not the end of the program."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
