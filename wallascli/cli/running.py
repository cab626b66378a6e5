"""Running a coroutine from the command line, and leaving at once on Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

INTERRUPTED = 130


def run(work: Coroutine[Any, Any, T]) -> T:
    """The one ``asyncio.run`` of a command."""
    with asyncio.Runner() as runner:
        try:
            return runner.run(work)
        except KeyboardInterrupt:
            # The work has cleaned up after itself. The runner would also wait for threads, and a look-up of a
            # name that nobody answers keeps its thread for half a minute.
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(OSError):
                    stream.flush()
            os._exit(INTERRUPTED)
