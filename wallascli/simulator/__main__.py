"""`python -m wallascli.simulator --port N`: prints one line of JSON when it is ready, stops at SIGTERM."""

from __future__ import annotations

import argparse

from wallascli.simulator import run
from wallascli.simulator.script import __doc__ as GRAMMAR
from wallascli.simulator.tls import KINDS


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m wallascli.simulator",
        description=GRAMMAR,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument(
        "--script", action="append", default=[], metavar="PROVIDER=WORDS", help="`*=WORDS` for all; may be repeated"
    )
    parser.add_argument("--certificate", choices=KINDS, default="", help="a second port that speaks TLS")
    parser.add_argument("--follow-stdin", action="store_true", help="stop when stdin is closed")
    options = parser.parse_args()
    scripts = dict(item.split("=", 1) for item in options.script)
    run(
        options.port,
        scripts=scripts,
        host=options.host,
        certificate=options.certificate,
        follow_stdin=options.follow_stdin,
    )


if __name__ == "__main__":
    main()
