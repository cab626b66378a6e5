"""The answer is a function of the conversation: it can be taken up at any point."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallascli.simulator.answer import Declined, compose, said
from wallascli.simulator.question import Question, Turn
from wallascli.simulator.script import parse
from wallascli.simulator.words import pieces

SCRIPTS = ["", "c40", "rich30", 'say:One  line.\n\nAnother é 👩‍👩‍👧 line, "quoted" \\ and more words after it']
USER = Turn("user", "tell me a story about naïve 👍🏽 things\nplease")


def ask(*turns: Turn) -> Question:
    return Question(turns, False)


def whole(script: str) -> str:
    return said(ask(USER), parse(script))


@given(st.sampled_from(SCRIPTS), st.data())
def test_partial_answer_and_continuation_are_the_whole_answer(script: str, data: st.DataObject) -> None:
    full = whole(script)
    at = data.draw(st.integers(1, len(full)))
    assert full[:at] + said(ask(USER, Turn("assistant", full[:at])), parse(script)) == full


@given(st.sampled_from(SCRIPTS), st.data())
def test_who_asks_to_go_on_gets_the_anchor_and_then_the_rest(script: str, data: st.DataObject) -> None:
    full = whole(script)
    at = data.draw(st.integers(1, len(full)))
    anchor = full[max(0, at - 60) : at]
    quoted = data.draw(
        st.sampled_from([f"<<{anchor}>>", json.dumps(anchor), json.dumps(anchor, ensure_ascii=False)])
    )
    wish = Turn("user", f"Go on from where you stopped. Begin by repeating exactly: {quoted}")
    assert said(ask(USER, Turn("assistant", full[:at]), wish), parse(script)) == anchor + full[at:]


def test_an_anchor_may_be_described_by_its_length() -> None:
    full = whole("c40")
    wish = Turn("user", "Continue where you stopped; first repeat the last 20 characters of your answer.")
    assert said(ask(USER, Turn("assistant", full[:100]), wish), parse("c40")) == full[80:]


def test_the_answer_does_not_depend_on_how_it_is_cut() -> None:
    text = whole("rich60")
    assert "".join(pieces(text)) == "".join(pieces(text, 3)) == text


@pytest.mark.parametrize(
    ("habit", "expected"),
    [
        ("repeat", "word1 word2 word3 word4 word5"),
        ("restart", "word1 word2 word3 word4 word5"),
        ("sorry", "Sorry for the interruption! word1 word2 word3 word4 word5"),
        ("noanchor", " word4 word5"),
    ],
)
def test_bad_habits_when_asked_to_go_on(habit: str, expected: str) -> None:
    part = "word1 word2 word3"
    wish = Turn("user", f"Please continue, and begin with: {part}")
    assert said(ask(USER, Turn("assistant", part), wish), parse(f"c5-{habit}")) == expected


def test_a_wrong_anchor_differs_in_one_character() -> None:
    part = "word1 word2 word3"
    wish = Turn("user", f"Please continue, and begin with: {part}")
    wrong = said(ask(USER, Turn("assistant", part), wish), parse("c5-wronganchor"))
    assert len(wrong) == len(whole("c5"))
    assert sum(a != b for a, b in zip(wrong, whole("c5"), strict=True)) == 1


def test_strict_refuses_a_partial_answer_that_is_not_its_own() -> None:
    good, bad = Turn("assistant", "word1 wo"), Turn("assistant", "word1 we")
    assert said(ask(USER, good), parse("c5-strict")) == "rd2 word3 word4 word5"
    with pytest.raises(Declined) as refused:
        said(ask(USER, bad), parse("c5-strict"))
    assert refused.value.status == 409
    assert "after 7 characters" in refused.value.message


def test_noprefill_refuses_a_last_turn_of_the_assistant_but_not_a_wish() -> None:
    part = Turn("assistant", "word1 word2 word3")
    with pytest.raises(Declined) as refused:
        said(ask(USER, part), parse("c5-noprefill"))
    assert refused.value.status == 400
    wish = Turn("user", "go on after: word1 word2 word3")
    assert said(ask(USER, part, wish), parse("c5-noprefill")) == whole("c5")


def test_an_ordinary_conversation_is_no_wish_to_go_on() -> None:
    turns = USER, Turn("assistant", whole("")), Turn("user", "now continue with something else")
    assert said(ask(*turns), parse("")) == "echo: now continue with something else"


def test_a_limit_cuts_the_answer_and_says_so() -> None:
    answer = compose(Question((USER,), False, limit=3), parse("c5"))
    assert (answer.texts, answer.finish) == ((("word1", " word2", " word3"),), "length")
    assert compose(Question((USER,), False, limit=5), parse("c5")).finish == "stop"


def test_a_stop_word_ends_the_answer_before_it() -> None:
    answer = compose(Question((USER,), False, stops=("word4", "word3")), parse("c5"))
    assert ("".join(answer.texts[0]), answer.stop_hit, answer.finish) == ("word1 word2 ", "word3", "stop")


def test_several_choices_differ() -> None:
    answer = compose(Question((USER,), False, n=3), parse("c2"))
    assert ["".join(texts) for texts in answer.texts] == [
        "word1 word2",
        "choice 1: word1 word2",
        "choice 2: word1 word2",
    ]


def test_who_wants_to_count_gets_numbered_words() -> None:
    assert said(ask(Turn("user", "Please count to 4.")), parse("")) == "word1 word2 word3 word4"


def test_structured_output_fits_the_schema_and_can_be_taken_up() -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 3}},
    }
    full = said(Question((USER,), False, json=True, schema=schema), parse(""))
    assert json.loads(full) == {"name": USER.text, "age": 3}
    rest = said(Question((USER, Turn("assistant", full[:9])), False, json=True, schema=schema), parse(""))
    assert full[:9] + rest == full
