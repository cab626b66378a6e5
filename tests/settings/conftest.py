"""A machine of one's own for each test: a config.toml, a working folder, a launcher, variables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from wallascli.settings import Settings, load


@dataclass
class Desk:
    """Where settings are written; `read` reads them as a start in `folder` would."""

    file: Path
    folder: Path
    launcher: Path
    variables: dict[str, str] = field(default_factory=dict)

    def write(self, text: str) -> None:
        self.file.write_text(text, encoding="utf-8")

    def read(self, flags: Mapping[str, object] | None = None) -> Settings:
        environ = {"WALLASAPI_LAUNCHER": str(self.launcher), **self.variables}
        return load(config=self.file, flags=flags, environ=environ, folder=self.folder)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    for name in ("here", "house"):
        (tmp_path / name).mkdir()
    (tmp_path / "config.toml").touch()
    (tmp_path / "house/wallasapi").touch()
    return Desk(tmp_path / "config.toml", tmp_path / "here", tmp_path / "house/wallasapi")
