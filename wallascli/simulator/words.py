"""What is said: a pure function of the conversation and the script, so that it can be taken up at any point.

The whole answer never depends on how much of it was said before. A conversation that ends in a part of the answer,
or in a user who asks to go on, is answered with what is missing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Set
from dataclasses import dataclass

from wallascli.simulator.question import Media, Question, Turn
from wallascli.simulator.script import Behaviour

COUNT_TO = re.compile(r"\bcount (?:up )?to (\d{1,6})\b", re.IGNORECASE)
GO_ON = re.compile(
    r"\b(?:continue|continuing|go on|goes on|going on|carry on|resume|left off|stopped|broke off|"
    r"interrupted|cut off|contin[uú]a|sigue|weiter)\b",
    re.IGNORECASE,
)
REPEAT_LAST = re.compile(r"last (?:~|about |around )?(\d{1,4}) characters", re.IGNORECASE)
SHORTEST_ANCHOR, LONGEST_ANCHOR = 8, 400
PIECE = re.compile(r"\s*\S+|\s+")
RICH = (
    "naïve",
    "e\u0301lan",
    "👩‍👩‍👧",
    "🇪🇸",
    "日本語",
    "\n\n- item",
    "`code`",
    " two  spaces",
    "tab\there",
    "Ω≈ç",
    "👍🏽",
    "عربى",
    "\r\nline",
    '"quoted"',
    "back\\slash",
    "</think>",
    "data: x",
    "…",
)
APOLOGY = "Sorry for the interruption! "


@dataclass(frozen=True, slots=True)
class Partial:
    """A part of the answer that the request holds, and how it asks for the rest."""

    text: str
    asked: bool
    anchor: str = ""


def full_text(turns: tuple[Turn, ...], behaviour: Behaviour) -> str:
    """The whole answer to a conversation (given without its partial answer)."""
    asked = last_user_text(turns)
    if behaviour.say is not None:
        return behaviour.say
    if behaviour.rich:
        return " ".join(f"{RICH[index % len(RICH)]}{index + 1}" for index in range(behaviour.rich))
    if behaviour.chunks:
        return numbered(behaviour.chunks)
    if behaviour.huge:
        return f"echo: {asked} {'h' * behaviour.huge * 1024} end"
    if match := COUNT_TO.search(asked):
        return numbered(int(match[1]))
    results = [f"{turn.name or 'tool'} said {turn.text}" for turn in since_user(turns) if turn.role == "tool"]
    return "; ".join([f"echo: {asked}", *results, *_seen(turns)])


def numbered(count: int) -> str:
    """So many words, each different."""
    return " ".join(f"word{index + 1}" for index in range(count))


def _seen(turns: tuple[Turn, ...]) -> list[str]:
    media: list[Media] = [item for turn in turns if turn.role in ("user", "tool") for item in turn.media]
    return [f"saw {len(media)} media: " + ", ".join(map(str, media))] if media else []


def last_user_text(turns: tuple[Turn, ...]) -> str:
    """What the user said last."""
    return next((turn.text for turn in reversed(turns) if turn.role == "user"), "")


def since_user(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """The turns after the user's last."""
    users = [index for index, turn in enumerate(turns) if turn.role == "user"]
    return turns[users[-1] + 1 :] if users else turns


def partial_answer(turns: tuple[Turn, ...]) -> tuple[tuple[Turn, ...], Partial | None]:
    """The conversation up to the question, and the part of the answer that follows it, if one does."""
    if turns and turns[-1].role == "assistant" and turns[-1].text:
        return turns[:-1], Partial(turns[-1].text, asked=False)
    if len(turns) < 3 or turns[-1].role != "user" or turns[-2].role != "assistant":
        return turns, None
    said, wish = turns[-2], turns[-1].text
    if not said.text or said.calls or not GO_ON.search(wish):
        return turns, None
    return turns[:-2], Partial(said.text, asked=True, anchor=anchor_in(wish, said.text))


def anchor_in(wish: str, partial: str) -> str:
    """The end of the partial answer that the user quotes (as it is or as JSON), or describes by its length."""
    loose = _longest_tail(partial, lambda tail: tail in wish or any(form[1:-1] in wish for form in _quoted(tail)))
    # A quotation mark in front of the anchor may also be the next character of the answer: in quotes it is not.
    exact = _longest_tail(partial, lambda tail: any(form in wish for form in _quoted(tail)))
    quoted = exact if exact and len(exact) >= len(loose) - 1 else loose
    if len(quoted) >= min(SHORTEST_ANCHOR, len(partial)):
        return quoted
    described = REPEAT_LAST.search(wish)
    return partial[-int(described[1]) :] if described else ""


def _quoted(tail: str) -> tuple[str, str]:
    return json.dumps(tail), json.dumps(tail, ensure_ascii=False)


def _longest_tail(text: str, found: Callable[[str], bool]) -> str:
    sizes = range(min(len(text), LONGEST_ANCHOR), 0, -1)
    return next((text[-size:] for size in sizes if found(text[-size:])), "")


def is_prefix(partial: Partial, full: str) -> bool:
    """Whether the client holds exactly what was sent."""
    return full.startswith(partial.text)


def continuation(full: str, partial: Partial | None, flags: Set[str]) -> str:
    """What is said now. `flags` are words of the script."""
    if partial is None or "restart" in flags:
        return full
    rest = full[len(partial.text) :] if is_prefix(partial, full) else f" (going on from something else) {full}"
    if "repeat" in flags:
        return partial.text + rest
    lead = partial.anchor if partial.asked and "noanchor" not in flags else ""
    if lead and "wronganchor" in flags:
        lead = lead[: len(lead) // 2] + "?" + lead[len(lead) // 2 + 1 :]
    return (APOLOGY if "sorry" in flags else "") + lead + rest


def pieces(text: str, letters: int = 0) -> list[str]:
    """A text cut as a model says it: word by word, the space in front; or so many characters at a time."""
    if letters:
        return [text[start : start + letters] for start in range(0, len(text), letters)]
    return PIECE.findall(text)


def thoughts(question: Question, count: int) -> list[str]:
    """So many pieces of thought about the question."""
    about = last_user_text(question.turns)[:60]
    first = f"Thinking about {about!r}: step1"
    return [first, *(f" step{index + 2}" for index in range(count - 1))] if count else []
