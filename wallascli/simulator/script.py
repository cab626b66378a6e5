"""The words by which a simulated provider is told how to behave.

A script is a row of words joined by `-` (spaces and commas do too): `c200-d5-die20`. It is found, in this order, in the
request header `x-simulate`, in the name of the model (`sim-500`, also `vendor/sim-500:free`; plain `sim` says nothing),
in the rules given to the server. The first place that says anything decides alone. Numbers may carry a unit, `ms` or
`s`; without one, times are in the unit named below. `say:` takes the rest of a header or rule as it stands.

What it says (without any of these: `echo: <last user text>`; a user who writes "count to 200" gets 200 numbered words)
  say:TEXT, cN (N numbered words), richN (N words with emoji, accents, odd white space), lettersN (deltas of N characters),
  hugeN (one frame of N KiB, 1100), thinkN (N thoughts, 5), toolsN (N parallel calls, 1), turnsN (calls in N turns),
  blank (finished without a word), nochoices, blocked, refusal, length, filter, finish.REASON (any word of the wire)
How it goes on from a partial answer
  strict (409 unless the partial answer is a prefix of its own), noprefill (400), repeat, restart, sorry, noanchor, wronganchor
Statuses: NNN, with a reason of
  badkey credit forbidden nomodel gone notools toolong moderation daily validation loading account
  and a hint of when to come back: retryN, retrydateN, retrydelayN, resetN, tryagainN, each in seconds
Time: dN (ms after each piece), slowN (s before the first piece), waitN (ms before the headers), trickleN (ms per character, 1000)
Before the first byte: reset, hangup, garbage, stall, slowheadN (ms per byte of the headers, 20)
After the headers: stallbody, diebody, finbody, nobody (an empty body), html, garbagebody, halfjson, badgzip (cut short)
After K pieces of the answer (0: after the role; when it has fewer, after the last)
  dieK (RST), finK (FIN without the last chunk), cutK (a clean end), stallK, errorK (an error in the stream), badframeK,
  badstopK (bad frame, then silence), badtextK (no UTF-8), badchunkK (broken chunked coding), halfcall (dies inside a call)
The wrapping
  bytewise, crlf, cr, gzip, fakegzip (says so, is none), badtype, nodone, nofinish, nousage, eof (no length, no chunks),
  commentsN (comments for ever, every N ms, 1000), keepalive (comments between frames), onceclose (closes after the answer
  without telling), reusereset (resets the second request of a connection), goodbye (`connection: close`), lax (no checks)
everyN: all this only for each Nth request; the others are answered well. ok: nothing special.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

MODEL = re.compile(r"sim(?:-(?P<script>.+))?")
WORD = re.compile(r"([a-z]+)([0-9.]+)?(ms|s)?")
SECOND, MILLISECOND = 1.0, 0.001


class UnknownWord(ValueError):
    """A script holds a word that does not exist; names it."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A script, read. Times are in seconds. `at` is the piece after which `fault` strikes."""

    script: str = ""
    say: str | None = None
    chunks: int = 0
    rich: int = 0
    letters: int = 0
    huge: int = 0
    think: int = 0
    tools: int = 0
    turns: int = 0
    finish: str = ""
    status: int = 0
    reason: str = ""
    hint: str = ""
    hint_seconds: float = 0
    pace: float = 0
    slow: float = 0
    wait: float = 0
    trickle: float = 0
    slowhead: float = 0
    comments: float = 0
    every: int = 1
    fault: str = ""
    at: int | None = None
    flags: frozenset[str] = frozenset()


GOOD = Behaviour()

COUNTS = {"c": ("chunks", 1), "rich": ("rich", 40), "letters": ("letters", 1), "huge": ("huge", 1100),
          "think": ("think", 5), "tools": ("tools", 1), "turns": ("turns", 2), "every": ("every", 2)}
TIMES = {"d": ("pace", MILLISECOND, 5.0), "slow": ("slow", SECOND, 20.0), "wait": ("wait", MILLISECOND, 100.0),
         "trickle": ("trickle", MILLISECOND, 1000.0), "slowhead": ("slowhead", MILLISECOND, 20.0),
         "comments": ("comments", MILLISECOND, 1000.0)}
HINTS = {"retry": 30.0, "retrydate": 30.0, "retrydelay": 26.0, "reset": 60.0, "tryagain": 4.5}
REASONS = frozenset("badkey credit forbidden nomodel gone notools toolong moderation daily validation loading account"
                    .split())
OPENING = frozenset({"hangup", "garbage", "stall"})
UPON_BODY = frozenset({"stallbody", "diebody", "finbody", "nobody", "html", "garbagebody", "halfjson", "badgzip"})
MIDWAY = frozenset("die fin cut stall error badframe badstop badtext badchunk".split())
FINISHES = frozenset({"length", "filter", "refusal"})
FLAGS = frozenset("""blank nochoices blocked halfcall strict noprefill repeat restart sorry noanchor wronganchor bytewise crlf cr
    gzip fakegzip badtype nodone nofinish nousage eof keepalive onceclose reusereset goodbye lax ok""".split())


def model_script(model: str) -> str | None:
    """What the name of a model says, "" for plain `sim`, None for a name that is not ours."""
    match = MODEL.fullmatch(model.rsplit("/", 1)[-1].split(":", 1)[0])
    return (match["script"] or "") if match else None


@lru_cache(maxsize=4096)
def parse(script: str) -> Behaviour:
    """A script as a value. Raises UnknownWord."""
    words, _, say = script.partition("say:")
    behaviour = replace(GOOD, script=script, say=say if "say:" in script else None)
    for word in re.split(r"[-\s,]+", words.strip(" -,")):
        if word:
            behaviour = replace(behaviour, **_change(word, behaviour))
    return behaviour


def _change(word: str, so_far: Behaviour) -> dict[str, Any]:
    if word.isdecimal() and len(word) == 3:
        return {"status": int(word)}
    if word.startswith("finish."):
        return {"finish": word.removeprefix("finish.")}
    match = WORD.fullmatch(word)
    if match is None:
        raise UnknownWord(word)
    name, number, unit = match.groups()
    change = _plain(name, so_far) if number is None else None
    change = change or _numbered(name, float(number) if number else None, unit)
    if change is None:
        raise UnknownWord(word)
    return change


def _plain(name: str, so_far: Behaviour) -> dict[str, Any] | None:
    if name in FLAGS:
        return {"flags": so_far.flags | {name}}
    if name in FINISHES:
        return {"finish": name}
    if name in REASONS:
        return {"reason": name}
    if name in OPENING | UPON_BODY or (name == "reset" and not so_far.status):
        return {"fault": name, "at": None}
    return None


def _numbered(name: str, number: float | None, unit: str | None) -> dict[str, Any] | None:
    scale = {"ms": MILLISECOND, "s": SECOND}.get(unit or "")
    if name in COUNTS:
        field, default = COUNTS[name]
        return {field: int(number) if number is not None else default}
    if name in TIMES:
        field, unit_scale, usual = TIMES[name]
        return {field: (usual if number is None else number) * (scale or unit_scale)}
    if name in HINTS:
        return {"hint": name, "hint_seconds": (HINTS[name] if number is None else number) * (scale or SECOND)}
    if name in MIDWAY:
        return {"fault": name, "at": int(number or 0)}
    return None
