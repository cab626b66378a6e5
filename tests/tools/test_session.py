"""The picture of the demonstration: really what a terminal shows, up to date, and nothing of the machine in it."""

import html
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tools import session
from wallascli.cli.messages import say

PICTURE = session.PICTURE.read_text(encoding="utf-8")


def lines_of(picture: str) -> str:
    """What a person reads in it: the parts of a line stand at the same height."""
    rows: dict[str, str] = {}
    for found in re.finditer(r'<text [^>]*?y="([^"]+)"[^>]*>([^<]*)</text>', picture):
        rows[found[1]] = rows.get(found[1], "") + html.unescape(found[2]).strip("\n")
    return "\n".join(rows.values()).replace("\xa0", " ")


SHOWN = lines_of(PICTURE)


def test_it_is_a_picture() -> None:
    assert ElementTree.fromstring(PICTURE).tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize("act", ["choice", "limit", "error", "stall"])
def test_it_shows_what_the_command_says_today(act: str) -> None:
    heading = re.escape(say(f"demo.{act}", number=0)).replace("0", r"\d")
    assert re.search(rf"^{heading} *$", SHOWN, re.MULTILINE), "drawn anew by `python -m tools.session`"


def test_it_begins_with_the_command_and_ends_well() -> None:
    assert "$ ./wallasapi demo" in SHOWN
    assert SHOWN.count("  right: ") == 4
    assert "wrong: " not in SHOWN


def test_nothing_of_the_machine_and_nothing_from_the_net_is_in_it() -> None:
    assert not re.search(r"/(?:root|home|tmp|work|Users)/", SHOWN)
    assert not re.search(r"@import|@font-face|url\(h|href|<script|<image", PICTURE)


def test_the_text_of_a_terminal_becomes_a_picture_with_its_colours() -> None:
    picture = session.drawn("$ command\nplain \x1b[31mred & <odd>\x1b[0m\n\n" + "x" * (session.COLUMNS + 3))
    assert lines_of(picture).splitlines()[1:] == [
        "$ command",
        "plain red & <odd>",
        "",
        "x" * session.COLUMNS,
        "xxx",
    ]
    assert len(set(re.findall(r'class="demo-(r\d+)"', picture))) > 1


def test_it_is_run_on_a_terminal_without_what_the_user_has_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "mine")
    program = (
        "import os, sys; print(sys.stdout.isatty(), os.get_terminal_size().columns, os.environ['HOME'], "
        "'GROQ_API_KEY' in os.environ); sys.exit(3)"
    )
    shown, code = session.run_on_a_terminal((sys.executable, "-c", program), str(tmp_path))
    assert (shown, code) == (f"True {session.COLUMNS} {tmp_path} False\n", 3)
