"""A home for each test; and compiled modules for all of them, as an installed program has them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture(scope="session", autouse=True)
def _compiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Processes compile each module once, outside the source tree, and not once each."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        patch.delenv("PYTHONUNBUFFERED", raising=False)  # it would hide what is not flushed
        patch.setenv("PYTHONPYCACHEPREFIX", str(shared / "compiled"))
        yield
