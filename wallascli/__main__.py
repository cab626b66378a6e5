"""Where the process begins: the version at once, Ctrl-C quiet from the start, then the command line."""

import os
import sys

from wallascli import __version__

INTERRUPTED = 130  # what a shell reports for a program that Ctrl-C ended: 128 + SIGINT


def main() -> int:
    """Run the command line that `sys.argv` holds; returns the exit code of the process."""
    if sys.argv[1:2] in (["--version"], ["-V"]):
        return _print_version()
    try:
        return _run()
    except KeyboardInterrupt:
        return INTERRUPTED


def _print_version() -> int:
    try:
        # Not print: what a full disk refuses stays in its buffer, and is tried again, loudly, at exit.
        os.write(1, f"wallasapi {__version__}\n".encode())
    except OSError as exc:
        sys.stderr.write(f"error: cannot write the version: {exc.strerror}\n")
        return 1
    return 0


def _run() -> int:
    import gc
    import signal

    # What an import makes stays: collecting amid it cost a question 15 ms, and walking all of it once more at
    # the end 35 (CPython 3.11, 2026-11-20).
    gc.set_threshold(100_000)

    # Anything else here was inherited from nohup or a shell's `&`, which asked that Ctrl-C be ignored.
    listening = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if listening:
        # A KeyboardInterrupt inside an import can be swallowed or printed by what runs there; leaving cannot.
        signal.signal(signal.SIGINT, _leave)

    try:
        from wallascli.cli.app import app
    except ModuleNotFoundError as exc:
        return _incomplete(exc)

    if listening:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # asyncio.run takes over only this one
    try:
        app(prog_name="wallasapi")
    except SystemExit as exc:
        return _exit_code(exc)
    finally:
        if listening:
            signal.signal(signal.SIGINT, _leave)
        gc.freeze()
    return 0


def _incomplete(exc: ModuleNotFoundError) -> int:
    if (exc.name or "").startswith("wallascli"):
        raise exc
    sys.stderr.write(f"error: the installation is incomplete: it lacks the package {exc.name}\n\n")
    sys.stderr.write(
        "hint: delete the folder .venv beside the launcher and start again, or reinstall the package\n"
    )
    return 1


def _exit_code(exc: SystemExit) -> int:
    if exc.code is None or isinstance(exc.code, int):
        return exc.code or 0
    sys.stderr.write(f"{exc.code}\n")
    return 1


def _leave(_signal: int, _frame: object) -> None:
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main())
