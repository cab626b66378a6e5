"""What was asked, whatever the wire: the one value that words, tools and shapes work on."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass


class Malformed(ValueError):
    """A request that the real provider would refuse too; the message names the field."""


@dataclass(frozen=True, slots=True)
class Media:
    """A picture, sound or file that came with a message: enough of it to prove that it arrived whole."""

    kind: str
    size: int | None = None
    digest: str = ""
    url: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.url}" if self.url else f"{self.kind} {self.size} bytes sha256 {self.digest}"


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a tool; `arguments` is the JSON text of an object."""

    name: str
    arguments: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message. `role` is system, user, assistant or tool (then `name` is the tool's, where known)."""

    role: str
    text: str = ""
    calls: tuple[Call, ...] = ()
    media: tuple[Media, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the caller declares; `schema` describes its arguments."""

    name: str
    schema: object


@dataclass(frozen=True, slots=True)
class Question:
    """One request, read. `limit` is in tokens (here: pieces of text), None without a limit."""

    turns: tuple[Turn, ...]
    stream: bool
    tools: tuple[Tool, ...] = ()
    choice: str = "auto"  # auto, none, required, or the name of one tool
    parallel: bool = True
    json: bool = False
    schema: object = None
    limit: int | None = None
    stops: tuple[str, ...] = ()
    n: int = 1
    logprobs: int | None = None  # how many alternatives beside each token, None for no logprobs
    usage: bool = False  # the caller asked for a usage frame
    think: bool = False
    repeats: bool = False  # this provider says the partial answer again before it goes on

    @property
    def prompt_tokens(self) -> int:
        return 8 + sum(len(turn.text) // 4 + 4 + 256 * len(turn.media) for turn in self.turns)


def media(kind: str, encoded: str) -> Media:
    """What was sent as base64. Raises Malformed when it is none."""
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed(f"{kind}: not valid base64") from error
    return Media(kind, len(content), hashlib.sha256(content).hexdigest()[:12])


def linked(kind: str, url: str) -> Media:
    """What was sent as a URL; a data URL is looked into. Raises Malformed."""
    if not url.startswith("data:"):
        return Media(kind, url=url)
    header, comma, encoded = url.partition(",")
    if not comma or not header.endswith(";base64"):
        raise Malformed(f"{kind}: data URL without base64")
    return media(kind, encoded)
