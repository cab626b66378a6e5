"""What every test gets: a machine without keys, without a network, and the programs it asks for."""

import os
import signal
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from _pytest.terminal import TerminalReporter
from hypothesis import HealthCheck, settings

from tests import programs
from tests.loopback_only import sitecustomize as loopback

IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}

settings.register_profile(
    "suite",
    deadline=None,  # a busy machine is not a bug; pytest-timeout stops what hangs
    database=None,  # tests write nowhere but into their temporary folder
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("suite")

# The developer's own keys and settings must not decide a test, nor be spent by one.
OURS = ("WALLAS", "WILLAKU", "OLLAMA_", "PROXY_API_KEY", "OBSIDIAN_", "CAMOFOX_", "GOOGLE_", "XDG_")
for _name in list(os.environ):
    if _name.startswith(OURS) or _name.endswith(("_API_KEY", "_TOKEN")) or _name.lower().endswith("_proxy"):
        del os.environ[_name]


def pytest_configure() -> None:
    """Watch the network before any test module is imported; and let Ctrl-C reach the programs that tests start.

    A run begun in the background of a script (CI, `nohup`, `&`) inherits that SIGINT is ignored, and so would they.
    """
    sys.addaudithook(loopback.watch)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("WALLASAPI_HOME", str(home / "wallasapi"))
        patch.setenv("PYTHONPATH", str(Path(loopback.__file__).parent))  # for the Pythons that tests start
        patch.setenv(loopback.LEAKS, str(home / "leaks"))
        yield


@pytest.fixture(autouse=True)
def _nothing_leaves_this_machine(_home: None) -> Iterator[None]:
    leaks = Path(os.environ[loopback.LEAKS])
    yield
    if leaks.exists():
        attempts = leaks.read_text(encoding="utf-8")
        leaks.unlink()
        pytest.fail(f"something left loopback:\n{attempts}")


@pytest.fixture(scope="session")
def program() -> Callable[[str], Path]:
    """`program("nginx")`: its path. Without it the test is skipped; with CI=true the package is installed."""

    def need(name: str) -> Path:
        found = programs.find(name)
        if found is None and IN_CI:
            programs.install(name)
            found = programs.find(name)
        if found is None:
            pytest.skip(f"{programs.SKIP_MARK}{programs.package(name)}")
        return found

    return need


Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _no_skip_in_ci((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _no_skip_in_ci((yield))


def _no_skip_in_ci(report: Report) -> Report:
    """In CI a skipped test is a failed one: nobody reads the list of skips there."""
    if IN_CI and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI=true forbids: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Say once how to get the programs that the skipped tests wanted."""
    reasons = [
        str(report.longrepr[2])
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    ]
    missing = {reason.split(programs.SKIP_MARK)[1] for reason in reasons if programs.SKIP_MARK in reason}
    if missing:
        terminalreporter.write_line(f"to run the skipped tests too: {programs.apt_line(missing)}")
