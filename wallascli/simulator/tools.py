"""Which tools are called: decided from the request alone, as a model would, but predictably.

A tool is called when the user names it, when the caller demands it, or when the script says so. Several named tools
are called at once, unless the user says "then" or the caller forbids parallel calls; then one each turn.
"""

from __future__ import annotations

import re

from wallascli.simulator.js import compact, obj
from wallascli.simulator.question import Call, Question, Tool
from wallascli.simulator.samples import sample
from wallascli.simulator.script import Behaviour
from wallascli.simulator.words import last_user_text, since_user

ONE_BY_ONE = re.compile(r"\b(?:then|afterwards|one after another|step by step)\b", re.IGNORECASE)
SEED_LENGTH = 200


def calls(question: Question, behaviour: Behaviour) -> tuple[Call, ...]:
    """The calls of this turn, without ids."""
    if not question.tools or question.choice == "none":
        return ()
    turns = since_user(question.turns)
    done = [call.name for turn in turns for call in turn.calls]
    rounds = sum(1 for turn in turns if turn.calls)
    wanted = (
        _scripted(question, behaviour, rounds) if behaviour.tools or behaviour.turns else _named(question, done)
    )
    seed = last_user_text(question.turns)[:SEED_LENGTH]
    return tuple(Call(tool.name, arguments(tool, seed, len(done) + index)) for index, tool in enumerate(wanted))


def arguments(tool: Tool, seed: str, nth: int) -> str:
    """Arguments that fit the schema, as JSON; each call gets its own where a string can tell them apart."""
    return compact(obj(sample(tool.schema, seed if nth == 0 else f"{seed} #{nth + 1}")))


def _scripted(question: Question, behaviour: Behaviour, rounds: int) -> list[Tool]:
    if rounds >= max(1, behaviour.turns):
        return []
    chosen = [tool for tool in question.tools if tool.name == question.choice] or list(question.tools)
    return [chosen[(rounds + index) % len(chosen)] for index in range(max(1, behaviour.tools))]


def _named(question: Question, done: list[str]) -> list[Tool]:
    text = last_user_text(question.turns)
    found = [
        (match.start(), tool)
        for tool in question.tools
        if (match := re.search(rf"(?<![\w-]){re.escape(tool.name)}(?![\w-])", text))
    ]
    wanted = [tool for _, tool in sorted(found, key=lambda pair: pair[0])]
    if question.choice not in ("auto", "required"):
        wanted = [tool for tool in question.tools if tool.name == question.choice]
    elif question.choice == "required" and not wanted:
        wanted = list(question.tools[:1])
    wanted = [tool for tool in wanted if tool.name not in done]
    return wanted[:1] if not question.parallel or ONE_BY_ONE.search(text) else wanted
