"""Every fault of a provider, in front of another one and alone: a right answer, or an honest error, in time."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.gateway.answers import Answer, ask, together, words
from tests.gateway.faults import ALONE, EMPTY, FAULTS, FINAL, HARMLESS, Fault
from tests.gateway.serving import BASES, Gateway, Pretended, config, gateway
from tests.simulation import SimulatorProcess
from wallascli.simulator import Simulator

pytest_plugins = ("tests.simulation",)

# `make faults` runs all combinations; the suite a sample in which every fault stands, streamed and not.
ALL = bool(os.environ.get("ALL_FAULTS"))
WIRES = tuple(BASES)
CHANCE = Random(20261120)

# Short, but long enough for a busy machine: only what never answers may run into them.
DEADLINES = """[deadlines]
connect = 1
first_byte = 1.5
first_byte_last = 3
idle = 1.0
idle_last = 3
total = 5
"""
# The slowest way: a first candidate that stalls, then one that answers.
IN_TIME = 9.0
TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}


@dataclass(frozen=True, slots=True)
class Case:
    """One question: `wire` is the faulty one's, `second` the healthy one's or empty."""

    number: int
    script: str
    wire: str
    stream: bool
    second: str = ""
    kinds: tuple[str, ...] = ()
    skipped: bool = False

    def __str__(self) -> str:
        how = "streamed" if self.stream else "plain"
        return f"{self.script} on {self.wire}, {how}" + (f", then {self.second}" if self.second else "")

    @property
    def model(self) -> str:
        return f"case{self.number}"

    def providers(self) -> list[Pretended]:
        first = Pretended(f"first{self.number}", self.wire, (f"sim-{self.script}",))
        return [first, Pretended(f"second{self.number}", self.second, ("sim",))] if self.second else [first]

    @property
    def fields(self) -> dict[str, Any]:
        return {"tools": [TOOL]} if "halfcall" in self.script else {}


def cases(scripts: Sequence[Fault], *, seconds: bool) -> list[Case]:
    """All combinations, or of each script one streamed and one plain."""
    made: list[Case] = []
    for fault in scripts:
        for stream in (False, True):
            for wire in WIRES if ALL else CHANCE.sample(WIRES, 1):
                for second in (WIRES if ALL else CHANCE.sample(WIRES, 1)) if seconds else ("",):
                    made.append(Case(len(made), fault.script, wire, stream, second, fault.kinds, fault.skipped))
    return made


WITH_SECOND = cases(FAULTS, seconds=True)
WITHOUT = cases(FAULTS, seconds=False)
FINE = cases(tuple(Fault(script, ()) for script in HARMLESS), seconds=True)


def serving(home: Path, simulator: SimulatorProcess, asked: Sequence[Case]) -> Any:
    """A gateway that has each case as an alias, with providers of its own: no circuit leaks into another."""
    providers = [provider for case in asked for provider in case.providers()]
    aliases = "".join(
        f"{case.model} = {json.dumps([f'{p.name}:{p.models[0]}' for p in case.providers()])}\n" for case in asked
    )
    return gateway(home, config(simulator.url, providers, f"{DEADLINES}[aliases]\n{aliases}"))


async def told(running: Gateway, asked: Sequence[Case]) -> list[tuple[Case, str, Answer]]:
    """Each case with the right answer and what came."""
    chance = Random(7)
    texts = [words(chance) for _ in asked]
    async with running.client() as client:
        jobs = (ask(client, c.model, t, stream=c.stream, **c.fields) for c, t in zip(asked, texts, strict=True))
        found = await together(jobs)
    return [(case, f"echo: {text}", answer) for case, text, answer in zip(asked, texts, found, strict=True)]


def broke_honestly(answer: Answer, right: str) -> bool:
    """The answer began, and what came of it is true; its end says that it is none."""
    begun = right.startswith(answer.text) and answer.finish is None
    return begun and answer.error is not None and answer.error["code"] == "stream_interrupted" and answer.ended


# -- somebody else is there


def wrong_with_second(case: Case, right: str, answer: Answer) -> Iterator[str]:
    if answer.seconds > IN_TIME:
        yield f"took {answer.seconds:.1f} s"
    if FINAL.intersection(case.kinds):
        if answer.status != 403 or answer.reasons != ["refused"]:
            yield f"{answer.status}, {answer.raw[:200]}"
        return
    if answer.status != 200 or not answer.ended:
        yield f"{answer.status}, {answer.raw[:300]}"
        return
    if case.stream and answer.error and broke_honestly(answer, right):
        return
    if answer.text != right or answer.error or answer.finish not in ("stop", "tool_calls"):
        yield f"said {answer.text[:80]!r} for {right[:80]!r}, finish {answer.finish}, {answer.error}"
    if answer.attempts < 2 or answer.headers["x-wallas-provider"] != f"second{case.number}":
        yield f"{answer.attempts} attempts, answered by {answer.headers['x-wallas-provider']}"


@pytest.mark.parametrize("wire", WIRES if ALL else ["any"])
async def test_another_one_answers(tmp_path: Path, simulator_process: SimulatorProcess, wire: str) -> None:
    asked = [case for case in WITH_SECOND if wire in ("any", case.wire)]
    with serving(tmp_path, simulator_process, asked) as running:
        found = await told(running, asked)
    wrong = [f"{case}: {what}" for case, right, a in found for what in wrong_with_second(case, right, a)]
    assert not wrong, "\n".join(wrong)


# -- nobody else is there


def wrong_alone(case: Case, right: str, answer: Answer) -> Iterator[str]:
    if answer.seconds > IN_TIME:
        yield f"took {answer.seconds:.1f} s"
    if answer.status == 200:
        yield from wrong_alone_200(case, right, answer)
        return
    kinds = {*answer.reasons}
    if not answer.error or not kinds or not kinds <= {*case.kinds}:
        yield f"judged {kinds}: {answer.raw[:300]}"
        return
    expected = {ALONE.get(kind, (answer.status, answer.code)) for kind in kinds}
    if (answer.status, answer.code) not in expected:
        yield f"{answer.status} {answer.code} for {kinds}"
    if answer.status in (502, 504) and answer.headers.get("x-should-retry") != "false":
        yield "no x-should-retry"


def wrong_alone_200(case: Case, right: str, answer: Answer) -> Iterator[str]:
    if case.skipped and not case.stream:
        return  # a plain body with a hole in it may still be JSON: nobody can tell
    if case.skipped:
        missing = len(right.split()) - len(answer.text.split())
        if missing != 1 or answer.finish != "stop" or not answer.ended or len(answer.comments) != 1:
            yield f"said {answer.text!r} for {right!r}, {answer.finish}, {answer.comments}"
    elif EMPTY in case.kinds:
        if answer.text or answer.finish != "stop" or not answer.ended:
            yield f"an empty answer is {answer.raw[:200]}"
    elif not (case.stream and broke_honestly(answer, right)):
        yield f"200 {answer.text!r} {answer.finish} {answer.error} {answer.raw[-200:]}"


@pytest.mark.parametrize("wire", WIRES if ALL else ["any"])
async def test_alone_it_is_told_honestly(tmp_path: Path, simulator_process: SimulatorProcess, wire: str) -> None:
    asked = [case for case in WITHOUT if wire in ("any", case.wire)]
    with serving(tmp_path, simulator_process, asked) as running:
        found = await told(running, asked)
    wrong = [f"{case}: {what}" for case, right, a in found for what in wrong_alone(case, right, a)]
    assert not wrong, "\n".join(wrong)


# -- nothing is wrong


def wrong_fine(case: Case, right: str, answer: Answer) -> Iterator[str]:
    whole = answer.text == right or ("huge" in case.script and answer.text.startswith(right))
    finish = "length" if case.script == "length" else "stop"
    if answer.status != 200 or not whole or answer.finish != finish or not answer.ended or answer.error:
        yield f"{answer.status} {answer.text[:100]!r} {answer.finish} {answer.error}"
    elif answer.attempts != 1:
        yield f"{answer.attempts} attempts"


@pytest.mark.parametrize("wire", WIRES if ALL else ["any"])
async def test_oddities_are_no_faults(tmp_path: Path, simulator_process: SimulatorProcess, wire: str) -> None:
    asked = [case for case in FINE if wire in ("any", case.wire)]
    with serving(tmp_path, simulator_process, asked) as running:
        found = await told(running, asked)
    wrong = [f"{case}: {what}" for case, right, a in found for what in wrong_fine(case, right, a)]
    assert not wrong, "\n".join(wrong)


# -- nobody can be reached


async def test_who_cannot_be_reached_is_passed_over_with_all_its_models(
    tmp_path: Path, simulator_process: SimulatorProcess
) -> None:
    """A closed port, one that never accepts, TLS spoken to a plain port, an expired certificate."""
    async with Simulator(certificate="expired") as strange:
        addresses = {
            "closed": f"http://127.0.0.1:{strange.ports.refused()}/v1",
            "silent": f"http://127.0.0.1:{strange.ports.silent()}/v1",
            "plain": f"{simulator_process.url}/plain/v1".replace("http:", "https:"),
            "expired": f"{strange.tls_url}/expired/v1",
        }
        providers = [Pretended(name, models=("a", "b"), settings={"base_url": a}) for name, a in addresses.items()]
        providers.append(Pretended("well", models=("sim",)))
        aliases = "".join(f'{n} = ["{n}:a", "{n}:b", "well:sim"]\nonly-{n} = ["{n}:b"]\n' for n in addresses)
        with gateway(tmp_path, config(simulator_process.url, providers, f"{DEADLINES}[aliases]\n{aliases}")) as g:
            async with g.client() as client:
                answered = await together(ask(client, name, "hello") for name in addresses)
                alone = await together(ask(client, f"only-{name}", "hello") for name in addresses)
    # The second model is not asked: it is the provider that cannot be reached.
    assert [(a.status, a.text, a.attempts) for a in answered] == [(200, "echo: hello", 2)] * len(addresses)
    assert max(a.seconds for a in answered) < IN_TIME
    expected = [(502, "all_candidates_failed", ["unreachable"])] * len(addresses)
    assert [(a.status, a.code, a.reasons) for a in alone] == expected
