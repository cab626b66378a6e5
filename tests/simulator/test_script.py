"""Scripts are words, and each word does what the page of words says."""

from __future__ import annotations

import re

import pytest

from wallascli.simulator import script
from wallascli.simulator.script import Behaviour, UnknownWord, model_script, parse

EVERY_WORD = sorted(
    {"reset", "halfcall", *script.COUNTS, *script.TIMES, *script.HINTS, *script.REASONS, *script.OPENING}
    | script.UPON_BODY
    | script.MIDWAY
    | script.FINISHES
    | script.FLAGS
)


@pytest.mark.parametrize("word", EVERY_WORD)
def test_every_word_is_on_the_page_of_words(word: str) -> None:
    assert re.search(rf"\b{word}(N|K)?\b", script.__doc__ or "")


@pytest.mark.parametrize("word", EVERY_WORD)
def test_every_word_is_understood_and_changes_something(word: str) -> None:
    assert parse(word) != Behaviour(script=word)


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("sim", ""),
        ("sim-500", "500"),
        ("vendor/sim-c200-d5", "c200-d5"),
        ("sim-500:free", "500"),
        ("sim:latest", ""),
        ("simulated", None),
        ("llama-3.3-70b-sim", None),
    ],
)
def test_the_name_of_a_model_may_be_a_script(model: str, says: str | None) -> None:
    assert model_script(model) == says


def test_words_combine() -> None:
    behaviour = parse("think-tools2-die7")
    assert (behaviour.think, behaviour.tools, behaviour.fault, behaviour.at) == (5, 2, "die", 7)


def test_times_have_a_unit_of_their_own_unless_one_is_written() -> None:
    assert parse("d5").pace == pytest.approx(0.005)
    assert parse("d2s").pace == pytest.approx(2)
    assert parse("slow20").slow == pytest.approx(20)
    assert parse("slow300ms").slow == pytest.approx(0.3)
    assert parse("429-tryagain4.5").hint_seconds == pytest.approx(4.5)


def test_reset_is_a_broken_connection_alone_and_a_header_beside_a_status() -> None:
    assert parse("reset").fault == "reset"
    assert (parse("429-reset").fault, parse("429-reset").hint) == ("", "reset")


def test_stall_with_a_number_is_silence_in_mid_stream() -> None:
    assert (parse("stall").fault, parse("stall").at) == ("stall", None)
    assert (parse("stall3").fault, parse("stall3").at) == ("stall", 3)


def test_say_takes_the_rest_as_it_stands() -> None:
    behaviour = parse("d1-die2 say:Hello - 500, world")
    assert (behaviour.say, behaviour.at, behaviour.status) == ("Hello - 500, world", 2, 0)


@pytest.mark.parametrize("wrong", ["nope", "die5x", "c5-nope", "12", "finnish", "ok5"])
def test_an_unknown_word_is_named(wrong: str) -> None:
    with pytest.raises(UnknownWord, match=wrong.split("-")[-1]):
        parse(wrong)
