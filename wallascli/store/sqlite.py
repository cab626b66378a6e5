"""A SQLite file that several processes share and that no accident may turn into a crash.

broken file         moved aside, said, a new one begun
read-only folder    ``Unavailable``, said once, tried again now and then
disk full           the same: whoever calls keeps the rows and brings them again
newer schema        the same: an older program never writes into it
``kill -9``         WAL: the file stays whole, transactions that had ended stay in it
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

BUSY = 2.0  # seconds to wait for another process; ours hold the file for milliseconds
REST = 30.0  # seconds between two tries while the disk refuses

_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_WAITING = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_PARTS = ("", "-wal", "-shm", "-journal")

T = TypeVar("T")


class Unavailable(Exception):
    """The file cannot be used just now. The person has been told; the caller keeps its rows in memory."""


class _Broken(Exception):
    """The content of the file is not a database, or not a whole one."""


class Database:
    """One connection, opened when first needed. Blocking, and bound to the thread that uses it first.

    ``migrations``: one list of statements per schema version, in order; ``PRAGMA user_version`` counts those
    that have been applied. ``say`` receives sentences for a person.
    """

    def __init__(self, path: Path, migrations: Sequence[Sequence[str]], say: Callable[[str], None]) -> None:
        self._path = path
        self._migrations = migrations
        self._say = say
        self._connection: sqlite3.Connection | None = None
        self._inode: tuple[int, int] | None = None
        self._rests_until = 0.0
        self._said = False
        self.openings = 0
        """Grows with every opened connection: what was read through an earlier one may be another file's."""

    def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do ``work``, which begins and ends its own transaction.

        A broken file is moved aside and the work done once more on a new one. Raises ``Unavailable``.
        """
        if time.monotonic() < self._rests_until:
            raise Unavailable(self._path.name)
        try:
            done = self._attempt_twice(work)
        except (_Broken, sqlite3.Error, OSError) as error:
            self.close()
            raise self._unavailable(error) from error
        self._said = False
        return done

    def close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()

    def _attempt_twice(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return self._attempt(work)
        except _Broken:
            self._move_aside()
            return self._attempt(work)

    def _attempt(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return work(self._opened())
        except sqlite3.Error as error:
            self.close()
            if _code(error) in _BROKEN:
                raise _Broken(str(error)) from error
            raise

    def _unavailable(self, error: Exception) -> Unavailable:
        if _code(error) in _WAITING or isinstance(error, BlockingIOError):
            return Unavailable(self._path.name)  # somebody else is at it: the next turn comes soon
        self._rests_until = time.monotonic() + REST
        if not self._said:
            self._said = True
            reason = error.strerror if isinstance(error, OSError) else str(error)
            self._say(
                f"{self._path} cannot be used ({reason}): what is learned now is kept in memory only. "
                "Once that is repaired it is used again, without a restart."
            )
        return Unavailable(self._path.name)

    def _opened(self) -> sqlite3.Connection:
        # The name is looked up each time (2 µs): another process may have moved a broken file aside, or a
        # person may have deleted it, and a connection to a file without a name would write into the void.
        if self._connection is not None and self._inode == _inode(self._path):
            return self._connection
        self.close()
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(self._path.parent):
            _make_private(self._path)
            self._connection = sqlite3.connect(self._path, timeout=BUSY, isolation_level=None)
            self._prepare(self._connection)
            self._inode = _inode(self._path)
        self.openings += 1
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        if (found := connection.execute("PRAGMA quick_check(1)").fetchone()) != ("ok",):
            raise _corrupt(found)
        with transaction(connection):
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > len(self._migrations):
                raise sqlite3.NotSupportedError("a newer version of this program made it")
            for statements in self._migrations[version:]:
                for statement in statements:
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(self._migrations)}")

    def _move_aside(self) -> None:
        with _alone(self._path.parent):
            if _is_whole(self._path):  # another process was faster: this is already the new file
                return
            aside = self._path.with_name(f"{self._path.name}.broken-{time.time_ns() // 1_000_000}")
            for part in _PARTS:
                source = self._path.with_name(self._path.name + part)
                if source.exists():
                    source.rename(aside.with_name(aside.name + part))
        self._say(f"{self._path} was damaged and begins anew; the old one is kept as {aside.name}.")


@contextmanager
def transaction(connection: sqlite3.Connection, *, write: bool = True) -> Iterator[None]:
    """All or nothing. A writer locks at its beginning, so that what it read is still true when it writes."""
    connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
    try:
        yield
    except BaseException:
        # A full disk has already rolled back by itself, and a second ROLLBACK would hide why.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time: the change to WAL and the move of a broken file do not wait for each other.

    The folder itself is locked. SQLite's own locks on the file would be lost by opening it beside them.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        deadline = time.monotonic() + BUSY
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        yield
    finally:
        os.close(handle)


def _make_private(path: Path) -> None:
    """Create the file for its owner alone; SQLite gives its -wal and -shm files the same mode."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return (found.st_dev, found.st_ino)


def _is_whole(path: Path) -> bool:
    if not path.exists():
        return True
    connection = sqlite3.connect(path, timeout=BUSY)
    try:
        return bool(connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.DatabaseError as error:
        return _code(error) not in _BROKEN
    finally:
        connection.close()


def _code(error: Exception) -> int:
    """SQLite's primary result code; 0 for errors that did not come from its library."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _corrupt(found: object) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(f"quick_check found {found}")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error
