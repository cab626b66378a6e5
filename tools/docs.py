"""Writes what the provider rows already know: the table in ``README.md``, ``docs/providers.md``, ``.env.example``.

python -m tools.docs            writes all three
python -m tools.docs --check    changes nothing; says what is out of date and fails
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tools.provider_page import page
from wallascli.providers import PROVIDERS
from wallascli.providers.base import Provider, Signup

ROOT = Path(__file__).parent.parent
START, END = "<!-- providers:start -->", "<!-- providers:end -->"

_HEAD = """\
# Keys for WallasAPI. Copy this file to `.env` and fill in one line: that is enough.
# Several keys of one provider are separated by commas. Lines left empty do nothing.
"""


def main(arguments: list[str]) -> int:
    readme = ROOT / "README.md"
    wanted = {
        readme: with_table(readme.read_text("utf-8")),
        ROOT / "docs/providers.md": page(row for row, _ in _ordered()),
        ROOT / ".env.example": env_example(),
    }
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    if "--check" in arguments:
        for path in stale:
            print(f"{path.name} is out of date: run `make docs`", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text(wanted[path], "utf-8")
        print(f"wrote {path.name}", file=sys.stderr)
    return 0


def with_table(readme: str) -> str:
    """The text with the table between its markers renewed. Raises ``ValueError`` if they are not there."""
    before, start, rest = readme.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"README.md has lost its markers {START} and {END}")
    return f"{before}{START}\n{table()}{END}{after}"


def table() -> str:
    """One line for each provider: the free ones first, the quickest to get first."""
    rows = ["| Provider | Cost | What is free | Minutes | Variable |", "|---|---|---|---|---|"]
    for row, signup in _ordered():
        cells = (
            f"[{row.title}]({signup.url})",
            _cost(row, signup),
            "; ".join(_what(row, signup)),
            "" if row.retired else str(signup.minutes),
            " or ".join(f"`{name}`" for name in row.key_env) or "none needed",
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _cost(row: Provider, signup: Signup) -> str:
    return "ended" if row.retired else "free" if signup.free else "paid"


def _what(row: Provider, signup: Signup) -> Iterator[str]:
    if row.retired:
        yield row.retired
        return
    yield from (text for text in (signup.free, signup.note) if text)
    if signup.card_needed:
        yield "a card is needed"


def env_example() -> str:
    """Every key that can be set, with a line on what it gives and where it is had."""
    rows = [(row, signup) for row, signup in _ordered() if not row.retired]
    free = [entry for entry in rows if entry[1].free]
    paid = [entry for entry in rows if not entry[1].free]
    return (
        "\n".join((_HEAD, "# Free, the quickest first", "", *_lines(free), "# Paid", "", *_lines(paid))).rstrip()
        + "\n"
    )


def _lines(rows: Iterable[tuple[Provider, Signup]]) -> Iterator[str]:
    for row, signup in rows:
        what = "; ".join(_what(row, signup))
        yield f"# {row.title}: {what}. {_minutes(signup)}: {signup.url}"
        yield from (f"{name}=" for name in row.key_env[:1])
        yield ""


def _minutes(signup: Signup) -> str:
    return "1 minute" if signup.minutes == 1 else f"{signup.minutes} minutes"


def _ordered() -> list[tuple[Provider, Signup]]:
    rows = [(row, row.signup) for row in PROVIDERS.values() if row.signup]
    return sorted(rows, key=lambda r: (bool(r[0].retired), not r[1].free, r[1].minutes, r[0].title.lower()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
