"""What is known about providers' health, in one small SQLite file that all processes of a user share.

A process brings what changed and takes what others changed, in one short transaction.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from enum import Enum
from pathlib import Path

from wallascli.store.rows import NOTHING, AverageRow, CircuitRow, Memory
from wallascli.store.sqlite import Database, transaction
from wallascli.vocab.failures import FailureClass

FILE = "health.sqlite3"
CIRCUITS_KEPT = 86_400.0  # seconds after its end; by then every process has read it
AVERAGES_KEPT = 30 * 86_400.0  # 1,440 half-lives: nothing of it counts any more
MOST = 5_000  # rows of each table: callers name models at will, and each name may leave a row

_MIGRATIONS = (
    (
        "CREATE TABLE revision (number INTEGER NOT NULL)",
        "INSERT INTO revision VALUES (0)",
        """CREATE TABLE circuits (
            provider TEXT, model TEXT, key TEXT, until REAL, told INTEGER, kind TEXT, failed_at REAL,
            cleared_at REAL, strikes REAL, step INTEGER, message TEXT, revision INTEGER,
            PRIMARY KEY (provider, model, key)) WITHOUT ROWID""",
        """CREATE TABLE averages (
            provider TEXT, model TEXT, at REAL, successes INTEGER, failures INTEGER, good REAL, bad REAL,
            waits REAL, waited REAL, answers REAL, logs REAL, log_squares REAL, characters REAL,
            speaking REAL, succeeded_at REAL, failed_at REAL, last_error TEXT, revision INTEGER,
            PRIMARY KEY (provider, model)) WITHOUT ROWID""",
    ),
)

_CIRCUIT = tuple(field.name for field in fields(CircuitRow))
_AVERAGE = tuple(field.name for field in fields(AverageRow))


class HealthStore:
    """The file ``health.sqlite3`` in ``folder``. Blocking: for one worker thread, never for the event loop."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._database = Database(folder / FILE, _MIGRATIONS, say)
        self._opening = 0
        self._version = -1
        self._seen = 0

    def exchange(self, changes: Memory) -> Memory:
        """Keep ``changes``; return every row that changed since the last exchange, those included.

        All of it or nothing: ``Unavailable`` means that nothing was kept.
        """
        return self._database.run(lambda connection: self._exchange(connection, changes))

    def close(self) -> None:
        self._database.close()

    def _exchange(self, connection: sqlite3.Connection, changes: Memory) -> Memory:
        if self._opening != self._database.openings:
            self._opening, self._version, self._seen = self._database.openings, -1, 0
            _forget_the_old(connection)
        # Moves when another connection has committed; asking costs microseconds and reads no table.
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        if not changes and version == self._version:
            return NOTHING
        with transaction(connection, write=bool(changes)):
            seen = connection.execute("SELECT number FROM revision").fetchone()[0]
            if changes:
                seen += 1
                connection.execute("UPDATE revision SET number = ?", (seen,))
                _keep(connection, changes, seen)
            found = Memory(
                _circuits(connection, "revision > ?", (self._seen,)),
                _averages(connection, "revision > ?", (self._seen,)),
            )
        self._version, self._seen = version, seen
        return found


def _keep(connection: sqlite3.Connection, changes: Memory, revision: int) -> None:
    for circuit in changes.circuits:
        subject = (circuit.provider, circuit.model, circuit.key)
        known = _circuits(connection, "provider = ? AND model = ? AND key = ?", subject)
        merged = known[0].merged(circuit) if known else circuit
        _write(connection, "circuits", _CIRCUIT, merged, revision)
    for addition in changes.averages:
        candidate = (addition.provider, addition.model)
        total = replace(addition)
        for earlier in _averages(connection, "provider = ? AND model = ?", candidate):
            total.add(earlier)
        _write(connection, "averages", _AVERAGE, total, revision)


def _write(connection: sqlite3.Connection, table: str, columns: Sequence[str], row: object, revision: int) -> None:
    marks = ", ".join("?" * (len(columns) + 1))
    values = [_plain(getattr(row, column)) for column in columns]
    connection.execute(
        f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}, revision) VALUES ({marks})",
        (*values, revision),
    )


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    # Half a surrogate pair, as a broken client may name a model, is no UTF-8 and would be refused.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _circuits(connection: sqlite3.Connection, where: str, values: Sequence[object]) -> list[CircuitRow]:
    query = f"SELECT {', '.join(_CIRCUIT)} FROM circuits WHERE {where}"
    found = [dict(zip(_CIRCUIT, row, strict=True)) for row in _select(connection, query, values)]
    return [CircuitRow(**{**row, "told": bool(row["told"]), "kind": _kind(row["kind"])}) for row in found]


def _kind(value: object) -> FailureClass:
    try:
        return FailureClass(value)
    except ValueError:
        return FailureClass.UNKNOWN


def _averages(connection: sqlite3.Connection, where: str, values: Sequence[object]) -> list[AverageRow]:
    query = f"SELECT {', '.join(_AVERAGE)} FROM averages WHERE {where}"
    return [AverageRow(*row) for row in _select(connection, query, values)]


def _select(connection: sqlite3.Connection, query: str, values: Sequence[object]) -> sqlite3.Cursor:
    return connection.execute(query, [_plain(value) for value in values])


def _forget_the_old(connection: sqlite3.Connection) -> None:
    now = time.time()
    with transaction(connection):
        connection.execute(
            "DELETE FROM circuits WHERE max(until, failed_at, cleared_at) < ?", (now - CIRCUITS_KEPT,)
        )
        connection.execute("DELETE FROM averages WHERE at < ?", (now - AVERAGES_KEPT,))
        for table, keys, freshest in (
            ("circuits", "provider, model, key", "max(until, failed_at)"),
            ("averages", "provider, model", "at"),
        ):
            connection.execute(
                f"DELETE FROM {table} WHERE ({keys}) IN "
                f"(SELECT {keys} FROM {table} ORDER BY {freshest} DESC LIMIT -1 OFFSET {MOST})"
            )
