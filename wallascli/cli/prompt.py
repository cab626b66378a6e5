"""What is asked: the argument is the instruction, standard input follows it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from wallascli.cli.messages import say
from wallascli.cli.output import misused, tell
from wallascli.cli.terminal import is_terminal

# Somebody started us with an input that never ends (a service, an editor): say what we are waiting for.
_PATIENCE = 2.0
# What pictures begin with; the extension of a file is often wrong.
_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "image/webp"),
    (b"BM", "image/bmp"),
)


def read_prompt(argument: str | None) -> str | None:
    """The whole prompt; ``None`` if nothing was said and a person sits at the terminal.

    Raises ``Failed`` where there is nothing to ask.
    """
    explicit = argument == "-"
    instruction = "" if argument is None or explicit else _as_text(argument)
    piped = ""
    if explicit or not is_terminal(sys.stdin):
        piped = _standard_input(explicit)
    elif argument is None:
        return None
    if not instruction.strip() and not piped.strip():
        raise misused(say("prompt.empty"), hint=say("prompt.empty.hint"))
    return "\n\n".join(part for part in (instruction, piped) if part.strip())


def _standard_input(explicit: bool) -> str:
    if sys.stdin is None:
        return ""
    if explicit and is_terminal(sys.stdin):
        tell(say("prompt.typing"))
    elif is_terminal(sys.stderr) and not _something_comes():
        tell(say("prompt.waiting"))
    try:
        content = sys.stdin.buffer.read()
    except OSError as exc:
        raise misused(say("prompt.unreadable", why=exc.strerror)) from exc
    return _decoded(content, say("prompt.stdin")).removesuffix("\n")


def _something_comes() -> bool:
    import select

    try:
        return bool(select.select([sys.stdin], [], [], _PATIENCE)[0])
    except (OSError, ValueError):  # Windows selects on sockets only; a closed descriptor
        return True


def _decoded(content: bytes, name: str) -> str:
    if b"\0" in content:
        raise misused(say("prompt.binary", name=name), hint=say("prompt.binary.hint"))
    return content.decode("utf-8-sig", "replace")


def _as_text(argument: str) -> str:
    """Bytes that are no UTF-8 reach a program as lone surrogates, which no JSON can carry."""
    return os.fsencode(argument).decode("utf-8", "replace")


def read_system(given: str) -> str:
    """``TEXT`` or ``@FILE``. Raises ``Failed``."""
    if not given.startswith("@"):
        return _as_text(given)
    path = Path(given[1:]).expanduser()
    return _decoded(_file(path), str(path)).removesuffix("\n")


def read_image(path: Path) -> tuple[str, str]:
    """MIME type and base64 of a picture. Raises ``Failed``."""
    import base64

    content = _file(path)
    mime = next((mime for start, mime in _PICTURES if content.startswith(start)), "")
    if not mime:
        raise misused(say("prompt.picture", name=path), hint=say("prompt.picture.hint"))
    return mime, base64.b64encode(content).decode("ascii")


def _file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise misused(say("file.unreadable", name=path, why=exc.strerror)) from exc
