"""Draws ``docs/demo.svg``: a real run of `./wallasapi demo` on a terminal, as a picture.

python -m tools.session

The run has a home of its own, shown as `~`: no path of this machine gets into the picture.
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs/demo.svg"
COMMAND = ("./wallasapi", "demo")
COLUMNS, LINES = 100, 60
PASSED_ON = ("PATH", "LANG", "LC_ALL")  # whoever draws it has keys and settings that are nobody's business

# Rich's own frame fetches its fonts from the net; this one takes what the reader has.
_FRAME = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px;
  line-height: {line_height}px;
}}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as home:
        shown, code = run_on_a_terminal(COMMAND, home)
    if code:
        print(shown, f"{' '.join(COMMAND)} ended with {code}: nothing was drawn", sep="\n", file=sys.stderr)
        return 1
    PICTURE.write_text(drawn(f"$ {' '.join(COMMAND)}\n{shown.replace(home, '~')}"), "utf-8")
    print(f"wrote {PICTURE.relative_to(ROOT)}", file=sys.stderr)
    return 0


def run_on_a_terminal(command: tuple[str, ...], home: str) -> tuple[str, int]:
    """All that the command wrote, escape codes among it, and its exit code."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    environ = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environ |= {"HOME": home, "TERM": "xterm-256color"}
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b"".join(_reads(ours))
    os.close(ours)
    return shown.decode().replace("\r\n", "\n"), process.returncode


def _reads(descriptor: int) -> Iterator[bytes]:
    while True:
        try:
            read = os.read(descriptor, 65536)
        except OSError:  # Linux says EIO when the last one has closed the other side
            return
        if not read:
            return
        yield read


def drawn(shown: str) -> str:
    """The text with its colours as SVG, its lines broken where the terminal breaks them."""
    console = Console(width=COLUMNS, record=True, file=io.StringIO(), color_system="standard")
    for line in Text.from_ansi(shown.rstrip("\n")).split("\n", allow_blank=True):
        for part in line.divide(range(COLUMNS, len(line), COLUMNS)):
            console.print(part, highlight=False)
    return console.export_svg(title=" ".join(COMMAND), code_format=_FRAME, unique_id="demo")


if __name__ == "__main__":
    sys.exit(main())
