"""The demonstration shows what really happens, checks it, and would not be fooled."""

import time
from dataclasses import replace

import pytest

from tests.cli.home import Home
from tests.cli.pseudo import terminal
from wallascli.cli.demo_check import Act, Seen, Story, Tried, check, expected

LIMIT = Act("limit", "429-retry30", "rate_limited", stream=True)
GOOD = Story(
    act=LIMIT,
    question="amber kiwi 7",
    answer="echo: amber kiwi 7",
    pieces=3,
    seconds=0.2,
    candidates=(),
    tried=(
        Tried("groq", "a", 9, "rate_limited", 429, 1.0, 0.1),
        Tried("mistral", "b", 9, "ok", 200, 2.0, 0.1),
    ),
    seen=(
        Seen("groq", "a", 9, 429, "complete", 1.0, 0.1),
        Seen("mistral", "b", 9, 200, "complete", 2.0, 0.1),
    ),
)


def test_what_is_right_raises_no_complaint() -> None:
    assert list(check(GOOD)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        replace(GOOD, answer="echo: amber kiwi"),
        replace(GOOD, answer="echo: amber kiwi 7amber"),
        replace(GOOD, tried=GOOD.tried[:1], seen=GOOD.seen[:1]),
        replace(GOOD, tried=(), seen=()),
        replace(GOOD, tried=GOOD.tried[1:], seen=GOOD.seen[1:]),
        replace(GOOD, tried=(replace(GOOD.tried[0], kind="broken"), GOOD.tried[1])),
        replace(GOOD, tried=(GOOD.tried[0], replace(GOOD.tried[1], provider="groq"))),
        replace(GOOD, pieces=1),
        replace(GOOD, seen=GOOD.seen[1:]),
        replace(GOOD, seen=(*GOOD.seen, GOOD.seen[1])),
        replace(GOOD, seen=GOOD.seen[::-1]),
        replace(GOOD, seen=(replace(GOOD.seen[0], port=10), GOOD.seen[1])),
        replace(GOOD, seen=(replace(GOOD.seen[0], status=500), GOOD.seen[1])),
        replace(GOOD, act=Act("choice", "", "", stream=True)),
    ],
)
def test_what_is_wrong_does(wrong: Story) -> None:
    assert list(check(wrong))
    assert wrong.view()["complaints"]


def test_it_ends_well_within_twenty_seconds_without_keys_or_network(home: Home) -> None:
    home.config.write_text("this is no TOML: the user's settings are none of its business")
    began = time.monotonic()
    outcome = home.run("demo", GROQ_API_KEY="must not be used")
    assert (outcome.code, outcome.err) == (0, "")
    assert time.monotonic() - began < 20
    assert "\x1b" not in outcome.out
    assert outcome.out.count("  right: ") == 4
    assert "wrong" not in outcome.out
    assert "gives a free key in 2 minutes: https://" in outcome.out


def test_json_lists_each_attempt_beside_the_simulators_own_log(home: Home) -> None:
    acts = home.run("demo", "--json").data["acts"]
    assert len({act["question"] for act in acts}) == 4, "the words are drawn anew for each act"
    assert [act["act"] for act in acts] == ["choice", "limit", "error", "stall"]
    for act in acts:
        assert act["complaints"] == []
        assert act["answer"] == act["expected"] == expected(act["question"])
        assert len(act["attempts"]) == len(act["simulator"]) > 0
        for attempt, entry in zip(act["attempts"], act["simulator"], strict=True):
            assert (attempt["provider"], attempt["port"]) == (entry["provider"], entry["port"])
            assert abs(attempt["time"] - entry["time"]) < 1
            assert attempt["status"] in (entry["status"], None)
    assert [attempt["kind"] for attempt in acts[2]["attempts"]][-2:] == ["broken", "ok"]
    assert acts[3]["attempts"][0]["seconds"] >= 1


def test_it_leaves_nothing_behind(home: Home) -> None:
    home.run("demo", TMPDIR=str(home.folder / "here"))
    assert not list((home.folder / "here").iterdir())
    assert not list((home.folder / "wallasapi").iterdir())


def test_on_a_terminal_it_is_watched_in_colour(home: Home) -> None:
    with terminal(home, "demo") as shown:
        assert shown.end() == 0
    assert "\x1b[32m  right: " in shown.text
