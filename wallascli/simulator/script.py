"""The words by which a simulated provider is told how to behave.

A script is a row of words joined by `-` (spaces and commas do too): `c200-d5-die20`. It is found, in this order, in
the request header `x-simulate`, in the name of the model (`sim-500`, also `vendor/sim-500:free`; plain `sim`
says nothing), in the rules given to the server. The first place that says anything decides alone. A number may
carry a unit, `ms` or `s`; without one, times are in the unit named below. `say:` takes the rest of the script.

What it says. Without any of these `echo: <last user text>`; to "count to 200", 200 numbered words.
  say:TEXT    exactly this                     cN          N numbered words (1)
  richN       N words with emoji, accents, odd white space (40)
  lettersN    pieces of N characters (1)       hugeN       with one word of N KiB (1100)
  thinkN      N thoughts first (5)             toolsN      N calls at once (1)
  turnsN      calls in each of N turns (2)     blank       finished without a word
  nochoices   without choices                  blocked     the prompt was refused, no candidates
  refusal, length, filter    that finish reason, in the words of the wire
  finish.WORD                this word of the wire as the finish reason
How it goes on from a partial answer
  strict      409 unless the partial answer is exactly a prefix of its own
  noprefill   400 when the last turn is the assistant's
  repeat, restart, sorry     the whole prefix again; all from the top; an apology first
  norepeat    does not repeat the prefix even as Mistral, which does
  noanchor, wronganchor      does not repeat the anchor; repeats it with a mistake
Errors: a status such as 429; or a reason, with the status it usually has
  badkey credit forbidden nomodel gone notools toolong moderation daily validation loading account
  and when to come back, in seconds: retryN (Retry-After), retrydateN (as a date), retrydelayN (Gemini's details),
  resetN (the provider's reset header; OpenRouter's body too), tryagainN (in prose)
Time
  dN          N ms after each piece (5)        slowN       N s before the first piece (20)
  waitN       N ms before the headers (100)    trickleN    a character every N ms (1000)
  slowheadN   a byte of the headers every N ms (20)
Before the first byte: reset, hangup, garbage, stall
After the headers: stallbody, diebody, finbody, nobody (an empty body), html, garbagebody, halfjson, badgzip
After K pieces of the answer (0: after the role; with fewer pieces, after the last)
  dieK        RST                              finK        FIN without the last chunk
  cutK        a clean end of the body          stallK      silence
  errorK      an error in the stream, or under 200; a status or reason beside it says which
  badframeK   a frame without its second half  badstopK    the same, then silence
  badtextK    no UTF-8                         badchunkK   broken chunked coding
  halfcallN   RST inside the arguments of the Nth call (1)
The wrapping
  bytewise    one byte a write                 crlf, cr    how lines of events end
  gzip, fakegzip (says so, is none)            badtype     wrong content type
  nodone, nofinish, nousage                    eof         neither length nor chunks
  commentsN   comments for ever, every N ms (1000)         keepalive   comments between frames
  onceclose   closes after the answer without telling      goodbye     `connection: close`
  reusereset  resets the second request of a connection    lax         does not check requests
everyN: all this only for each Nth chat of the provider, the others are answered well (2). ok: nothing special.
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

COUNTS = {
    "c": ("chunks", 1),
    "rich": ("rich", 40),
    "letters": ("letters", 1),
    "huge": ("huge", 1100),
    "think": ("think", 5),
    "tools": ("tools", 1),
    "turns": ("turns", 2),
    "every": ("every", 2),
}
TIMES = {
    "d": ("pace", MILLISECOND, 5.0),
    "slow": ("slow", SECOND, 20.0),
    "wait": ("wait", MILLISECOND, 100.0),
    "trickle": ("trickle", MILLISECOND, 1000.0),
    "slowhead": ("slowhead", MILLISECOND, 20.0),
    "comments": ("comments", MILLISECOND, 1000.0),
}
HINTS = {"retry": 30.0, "retrydate": 30.0, "retrydelay": 26.0, "reset": 60.0, "tryagain": 4.5}
REASONS = frozenset(
    "badkey credit forbidden nomodel gone notools toolong moderation daily validation loading account".split()
)
OPENING = frozenset({"hangup", "garbage", "stall"})
UPON_BODY = frozenset({"stallbody", "diebody", "finbody", "nobody", "html", "garbagebody", "halfjson", "badgzip"})
MIDWAY = frozenset("die fin cut stall error badframe badstop badtext badchunk".split())
FINISHES = frozenset({"length", "filter", "refusal"})
FLAGS = frozenset(
    """blank nochoices blocked strict noprefill repeat norepeat restart sorry noanchor wronganchor bytewise crlf cr
    gzip fakegzip badtype nodone nofinish nousage eof keepalive onceclose reusereset goodbye lax ok""".split()
)


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
    change = change or _numbered(name, float(number) if number else None, unit, so_far)
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


def _numbered(name: str, number: float | None, unit: str | None, so_far: Behaviour) -> dict[str, Any] | None:
    scale = {"ms": MILLISECOND, "s": SECOND}.get(unit or "")
    if name in COUNTS:
        field, default = COUNTS[name]
        return {field: int(number) if number is not None else default}
    if name in TIMES:
        field, unit_scale, usual = TIMES[name]
        return {field: (usual if number is None else number) * (scale or unit_scale)}
    if name in HINTS:
        return {"hint": name, "hint_seconds": (HINTS[name] if number is None else number) * (scale or SECOND)}
    if name == "halfcall":
        nth = int(number or 1)
        return {"fault": name, "at": nth, "tools": max(nth, so_far.tools)}
    if name in MIDWAY:
        return {"fault": name, "at": int(number or 0)}
    return None
