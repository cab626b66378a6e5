"""The line where a key stands, in every way that TOML lets a person write it."""

import tomllib
from collections.abc import Iterator

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from wallascli.settings.text import line_of

TEXT = '''# the first line is 1
top = 1
[server]
keys = [
  "a",  # [not.a.table]
  "b",
]
text = """
[routing]
port = 1
"""
port = 2
a.b."c.d" = 3
inline = {x = 1, y = {z = 2}}

  [providers."my vllm"]   # a name of one's own
models = []
[[many]]
x = 1
'''


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("top",), 2),
        (("server",), 3),
        (("server", "keys"), 4),
        (("server", "keys", 1), 4),
        (("server", "text"), 8),
        (("server", "port"), 12),
        (("server", "a", "b", "c.d"), 13),
        (("server", "inline", "y", "z"), 14),
        (("providers", "my vllm"), 16),
        (("providers", "my vllm", "models"), 17),
        (("providers", "my vllm", "not there"), 16),
        (("many",), 18),
        (("routing", "port"), None),
        ((), None),
    ],
)
def test_the_line_of_a_key(place: tuple[str | int, ...], line: int | None) -> None:
    assert line_of(TEXT, place) == line


words = st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1, max_size=8)
values = st.one_of(st.integers(-9, 9), words, st.lists(words, max_size=3))
tables = st.dictionaries(words, st.dictionaries(words, values, max_size=4), max_size=4)


@given(tables)
def test_every_key_that_a_writer_of_toml_writes_is_found_where_it_stands(
    tree: dict[str, dict[str, int | str | list[str]]],
) -> None:
    text = tomlkit.dumps(tree)
    for name, table in tree.items():
        for key, value in table.items():
            line = line_of(text, (name, key))
            assert line is not None
            upto_key = "\n".join(text.split("\n")[line - 1 :])
            assert tomllib.loads(next(whole(upto_key)))[key] == value


def whole(text: str) -> Iterator[str]:
    """The shortest beginning of `text` that is a statement."""
    lines = text.split("\n")
    for count in range(1, len(lines) + 1):
        try:
            tomllib.loads("\n".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue
        yield "\n".join(lines[:count])
