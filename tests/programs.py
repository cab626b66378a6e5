"""The programs that some tests start: where they are, which Debian package holds them, how CI gets them."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

PACKAGES = {  # program -> Debian package, where the names differ
    "flock": "util-linux",
    "setpriv": "util-linux",
    "script": "bsdutils",
    "postgres": "postgresql",
    "pdftoppm": "poppler-utils",
    "xvfb-run": "xvfb",
}
ELSEWHERE = ("/usr/sbin", "/sbin", "/usr/lib/postgresql/*/bin")  # Debian keeps servers out of a user's PATH
SKIP_MARK = "program missing: "


def package(name: str) -> str:
    """The Debian package that brings the program `name`."""
    return PACKAGES.get(name, name)


def find(name: str) -> Path | None:
    """The program `name`, also where servers are kept; None if it is not installed."""
    on_path = shutil.which(name)
    if on_path:
        return Path(on_path)
    for pattern in ELSEWHERE:
        for found in sorted(Path("/").glob(f"{pattern[1:]}/{name}"), reverse=True):
            return found
    return None


def install(name: str) -> None:
    """Install the package of `name` as root or with sudo; one worker at a time. Failing shows as a skip."""
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-qq"]
    if os.geteuid() != 0:
        apt = ["sudo", "-n", *apt]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with (Path(tempfile.gettempdir()) / "wallasapi-tests-apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if find(name) is not None:
            return
        for arguments in (["update"], ["install", "--yes", "--no-install-recommends", package(name)]):
            subprocess.run([*apt, *arguments], env=environment, stdout=subprocess.DEVNULL, check=False)


def apt_line(packages: set[str]) -> str:
    """The line that a person can paste to get what is missing."""
    return f"sudo apt-get install -y {' '.join(sorted(packages))}"
