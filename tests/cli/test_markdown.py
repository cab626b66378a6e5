"""Rendering while the text still comes: however it is cut, the same page, and no character lost."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.cli.pseudo import replayed
from wallascli.cli.markdown import Rendered, parted, rendered

PAGE = """# Title

First paragraph,
in two lines with `code` and <b>tags</b>.

- one

  still one
- two

3. third

   ```python
   x = 1

   y = 2
   ```

4. fourth

```text
a fence

with a blank line
```

2024

| a | b |
|---|---|
| 1 | 2 |

*** not a rule, -- nor this

---

The end.
"""
LINES = ["", "", "text", "- item", "1. item", "  more", "    deep", "```", "```py", "# head", "2024", "*", "> q"]


def page(pieces: list[str]) -> str:
    """What is written when the text comes in these pieces to somebody whose cursor cannot be moved."""
    written: list[str] = []
    screen = Rendered(written.append, live=False)
    for piece in pieces:
        screen.feed(piece)
    screen.end()
    return "".join(written)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_how_a_page_is_cut_does_not_show(size: int) -> None:
    pieces = [PAGE[start : start + size] for start in range(0, len(PAGE), size)]
    assert page(pieces) == page([PAGE])


@settings(max_examples=60)
@given(st.lists(st.sampled_from(LINES), max_size=12), st.data())
def test_how_any_text_is_cut_does_not_show(lines: list[str], data: st.DataObject) -> None:
    text = "\n".join(lines)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert page(pieces) == page([text])


@given(st.text(alphabet="ab`~-*1.#> \n", max_size=80))
@example("```\n\n```\n\nx")
def test_parting_loses_nothing(text: str) -> None:
    blocks, rest = parted(text)
    assert "".join(blocks) + rest == text


def test_what_stands_is_printed_before_the_rest_has_come() -> None:
    written: list[str] = []
    screen = Rendered(written.append, live=False)
    screen.feed("first\n\nsec")
    assert written == ["first\n"]


@pytest.mark.parametrize("text", ["- a\n\n  b", "1. a\n\n2. b", "- a\n\n- b", "```\na\n\nb", "a\n\n1", "a\n\n-"])
def test_what_may_still_belong_together_is_not_parted(text: str) -> None:
    assert parted(text) == ([], text)


def test_what_is_drawn_makes_room_for_a_line_of_somebody_else() -> None:
    written: list[str] = []
    screen = Rendered(written.append, live=True)
    screen.feed("under way")
    screen.make_room()
    written.append("a line of somebody else\n")
    screen.end()
    assert replayed("".join(written), lines=24) == ["a line of somebody else", "under way"]


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[\d;]*m", "", text)


def test_tags_are_text_and_lines_stay_lines() -> None:
    assert plain(rendered("a <div>b</div>\nc <br> d", 80)).splitlines() == ["a <div>b</div>", "c <br> d"]


def test_lines_carry_no_blanks_at_their_ends() -> None:
    assert all(line == line.rstrip() for line in plain(rendered(PAGE, 60)).splitlines())
