"""Markdown on a terminal while it is still being written.

What cannot change any more (a paragraph with something below it, a closed code block) is printed for good. Below
it stands the block under way, drawn anew now and then; it never outgrows the screen, so that it can be erased.
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable

from markdown_it import MarkdownIt
from rich.console import Console
from rich.markdown import Markdown

from wallascli.cli import terminal
from wallascli.cli.terminal import harmless

FENCE = re.compile(r" {0,3}(`{3,}(?!.*`)|~{3,})")
# A line that may belong to what stands above the blank line: a list goes on, or is indented below one.
BELONGS = re.compile(r"\s|[-*+]\s|\d{1,9}(?:[.)]\s|\s*$)")
_BLANK_END = re.compile(r"(?: |\x1b\[[\d;]*m)+$")
_OFTEN = 0.06  # seconds between two drawings of the block under way
_SHARE = 5  # of the time, drawing may take one part in so many: a long table is drawn less often


class Rendered:
    """``feed`` pieces, ``tick`` now and then, ``end`` once. ``live``: the cursor may be moved."""

    def __init__(self, write: Callable[[str], None], *, live: bool) -> None:
        self._write = write
        self._live = live
        self._pending = ""
        self._shown = 0
        self._first = True
        self._dirty = False
        self._next = 0.0

    def feed(self, text: str) -> None:
        self._pending += harmless(text)
        self._dirty = True
        settled, self._pending = parted(self._pending)
        if settled:
            self._write(self._erasing() + "".join(self._printed(block) for block in settled))
        self.tick()

    def tick(self) -> None:
        """Draw the block under way, if it has grown and was not drawn just now."""
        now = time.monotonic()
        if not self._live or not self._dirty or now < self._next:
            return
        lines = self._lines(self._pending)
        if lines and not self._first:
            lines = ["", *lines]
        lines = lines[-max(1, terminal.size().lines - 2) :]
        self._write(self._erasing() + "".join(f"{line}\n" for line in lines))
        self._shown, self._dirty = len(lines), False
        taken = time.monotonic() - now
        self._next = now + max(_OFTEN, taken * _SHARE)

    def make_room(self) -> None:
        """Something else is printed next: take the block under way off the screen, to be drawn below it."""
        self._write(self._erasing())
        self._dirty = True

    def end(self) -> None:
        """Print what is left."""
        blocks, rest = parted(self._pending)
        self._write(self._erasing() + "".join(self._printed(block) for block in (*blocks, rest)))
        self._pending, self._dirty = "", False

    def _erasing(self) -> str:
        shown, self._shown = self._shown, 0
        return f"\x1b[{shown}F\x1b[J" if shown else ""

    def _printed(self, block: str) -> str:
        lines = self._lines(block)
        if not lines:
            return ""
        gap, self._first = "" if self._first else "\n", False
        return gap + "".join(f"{line}\n" for line in lines)

    def _lines(self, block: str) -> list[str]:
        return rendered(block, terminal.size().columns).splitlines() if block.strip() else []


def parted(text: str) -> tuple[list[str], str]:
    """The blocks that can be printed for good, and what is still under way.

    A block ends at a blank line, unless a code block is open or what follows may belong to it.
    """
    blocks, begin, position, fence, blank = [], 0, 0, "", False
    for line in text.splitlines(keepends=True):
        whole = line.endswith("\n")
        if blank and not fence and line.strip() and not BELONGS.match(line if whole else f"{line} "):
            blocks.append(text[begin:position])
            begin = position
        if not whole:
            break
        fence = _fence_after(line, fence)
        blank = not line.strip()
        position += len(line)
    return blocks, text[begin:]


def _fence_after(line: str, fence: str) -> str:
    """The mark of the code block that is open below the line, empty if none is."""
    found = FENCE.match(line)
    if found is None:
        return fence
    if not fence:
        return found[1]
    closes = found[1].startswith(fence) and not line.strip().strip(fence[0])
    return "" if closes else fence


def rendered(text: str, width: int) -> str:
    """The text as a terminal of so many columns shows it, with escape codes."""
    page = Markdown("", code_theme="ansi_dark", hyperlinks=False)
    page.parsed = _parser().parse(text)
    for token in page.parsed:
        for child in token.children or ():
            if child.type == "softbreak":  # what a model breaks into lines is meant to stand in lines
                child.type = "hardbreak"
    out = io.StringIO()
    Console(file=out, force_terminal=True, width=max(width, 10), legacy_windows=False).print(page)
    return "\n".join(_trimmed(line) for line in out.getvalue().strip("\n").split("\n"))


def _trimmed(line: str) -> str:
    """Without the blanks that fill it up: they would be copied, and wrap when the window gets narrower."""
    line = _BLANK_END.sub("", line)
    return f"{line}\x1b[0m" if "\x1b" in line else line


def _parser() -> MarkdownIt:
    # With HTML on, rich would leave tags out: no character of an answer may be lost.
    return MarkdownIt("commonmark", {"html": False}).enable("strikethrough").enable("table")
