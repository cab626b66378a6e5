"""What a stranger reads, as the tests see it: pages, their blocks of code, the commands in them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PAGES = (README, *sorted((ROOT / "docs").glob("*.md")), ROOT / "CHANGELOG.md")

_BLOCK = re.compile(r"^```(\w+)(?: (\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_OURS = ("wallasapi", "./wallasapi")


@dataclass(frozen=True)
class Block:
    """One block of code. ``tag`` is the word after its language, ``line`` where it stands."""

    page: Path
    line: int
    language: str
    tag: str
    text: str

    @property
    def where(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(*languages: str, page: Path | None = None) -> list[Block]:
    """All blocks of these languages, in the order of their pages."""
    return [block for one in ([page] if page else PAGES) for block in _blocks(one) if block.language in languages]


def _blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Block(page, line, found[1], found[2] or "", found[3])


def tagged(tag: str) -> Block:
    """The only block with this tag."""
    [found] = [block for page in PAGES for block in _blocks(page) if block.tag == tag]
    return found


def followers(first: Block) -> list[Block]:
    """The blocks after this one in its page, up to the next one for a shell."""
    after = [block for block in _blocks(first.page) if block.line > first.line]
    shell = next((at for at, block in enumerate(after) if block.language == "sh"), len(after))
    return after[:shell]


def prose(page: Path) -> str:
    """The page without its blocks."""
    return _BLOCK.sub("", page.read_text(encoding="utf-8"))


def shell_lines() -> list[tuple[str, str]]:
    """Each line for a shell in which our command stands, with its place."""
    return [
        (f"{block.page.name}:{number}", line)
        for block in blocks("sh")
        for number, line in enumerate(block.text.splitlines(), block.line + 1)
        if "wallasapi" in line and any(commands(line))
    ]


def inline_commands() -> list[tuple[str, list[str]]]:
    """The arguments of our command where it stands inside a sentence, each once."""
    found = {code: page.name for page in PAGES for code in _INLINE.findall(prose(page)) if code.startswith(_OURS)}
    return [(f"{name}: {code}", arguments) for code, name in found.items() for arguments in commands(code)]


def commands(line: str) -> Iterator[list[str]]:
    """The arguments of each call of our command in a line for a shell."""
    words: list[str] = []
    for word in [*shlex.shlex(line, posix=True, punctuation_chars=True), ";"]:
        if word not in ("|", "&&", "||", ";"):
            words.append(word)
            continue
        while words and re.fullmatch(r"\w+=.*", words[0]):
            words.pop(0)
        if words and words[0] in _OURS:
            yield words[1:]
        words = []
