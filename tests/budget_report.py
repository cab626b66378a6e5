"""Prints what is watched and not enforced: share of comments (aim 4-6 %), tests to code (aim 1.0-1.8).

python -m tests.budget_report
"""

import io
import tokenize
from pathlib import Path

from tests.source import PACKAGE, Module, modules

ROOT = Path(__file__).parent.parent
NOT_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def count(module: Module) -> tuple[int, int]:
    """Lines that hold code (docstrings among them), and lines that hold a comment."""
    code: set[int] = set()
    comments: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type == tokenize.COMMENT:
            comments.add(token.start[0])
        elif token.type not in NOT_CODE:
            code.update(range(token.start[0], token.end[0] + 1))
    return len(code), len(comments)


def totals(folder: str) -> tuple[int, int]:
    counts = [count(module) for module in modules(ROOT, folder)]
    return sum(code for code, _ in counts), sum(comments for _, comments in counts)


def main() -> None:
    code, comments = totals(PACKAGE)
    tests, _ = totals("tests")
    print(f"{PACKAGE}: {code} lines of code, comments on {comments / code:.1%} of them (aim: 4-6 %)")
    print(f"tests: {tests} lines, {tests / code:.2f} of the code (aim: 1.0-1.8)")


if __name__ == "__main__":
    main()
