"""No accident of the disk becomes a crash: the file is shared, private, and moved aside when it is broken."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wallascli.store import sqlite
from wallascli.store.sqlite import Database, Unavailable, transaction

ROOT = Path(__file__).parents[2]
SCHEMA = (("CREATE TABLE notes (text TEXT)",),)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def database(tmp_path: Path, said: list[str]) -> Iterator[Database]:
    opened = Database(tmp_path / "state" / "notes.sqlite3", SCHEMA, said.append)
    yield opened
    opened.close()


def write(text: str) -> Callable[[sqlite3.Connection], None]:
    def work(connection: sqlite3.Connection) -> None:
        with transaction(connection):
            connection.execute("INSERT INTO notes VALUES (?)", (text,))

    return work


def read(connection: sqlite3.Connection) -> list[str]:
    return [text for (text,) in connection.execute("SELECT text FROM notes ORDER BY rowid")]


def run_python(script: str, *arguments: str, prefix: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ['PYTHONPATH']}"}
    command = [*prefix, sys.executable, "-c", textwrap.dedent(script), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_what_is_written_is_there_for_the_next_process(database: Database, tmp_path: Path) -> None:
    database.run(write("kept"))
    database.close()
    again = Database(tmp_path / "state" / "notes.sqlite3", SCHEMA, pytest.fail)
    assert again.run(read) == ["kept"]
    again.close()


def test_nobody_else_may_read_any_part_of_it(database: Database, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        database.run(write("private"))
    finally:
        os.umask(before)
    folder = tmp_path / "state"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.iterdir()]}
    assert modes.pop("state") == 0o700
    assert len(modes) == 3, "the file, its -wal and its -shm"
    assert set(modes.values()) == {0o600}


def test_a_file_that_others_could_read_is_closed_to_them(database: Database, tmp_path: Path) -> None:
    database.run(write("one"))
    database.close()
    file = tmp_path / "state" / "notes.sqlite3"
    file.chmod(0o644)
    database.run(write("two"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_each_migration_is_applied_once_and_in_order(tmp_path: Path) -> None:
    file = tmp_path / "notes.sqlite3"
    for schema in (SCHEMA, (*SCHEMA, ("ALTER TABLE notes ADD COLUMN mood TEXT",))):
        database = Database(file, schema, pytest.fail)
        database.run(write("x")) if len(schema) == 1 else database.run(
            lambda connection: connection.execute("INSERT INTO notes VALUES ('y', 'fine')")
        )
        assert database.run(lambda one: one.execute("PRAGMA user_version").fetchone()) == (len(schema),)
        database.close()


def test_a_file_of_a_newer_version_is_left_alone(database: Database, tmp_path: Path, said: list[str]) -> None:
    database.run(write("kept"))
    database.run(lambda connection: connection.execute("PRAGMA user_version = 9"))
    database.close()
    with pytest.raises(Unavailable):
        database.run(write("lost"))
    assert "newer version" in said[0]
    kept = sqlite3.connect(tmp_path / "state" / "notes.sqlite3")
    assert read(kept) == ["kept"]
    kept.close()


def test_a_file_that_is_no_database_is_moved_aside_and_said(
    database: Database, tmp_path: Path, said: list[str]
) -> None:
    file = tmp_path / "state" / "notes.sqlite3"
    file.parent.mkdir()
    file.write_bytes(b"garbage " * 1000)
    database.run(write("new"))
    assert database.run(read) == ["new"]
    [aside] = [path for path in file.parent.iterdir() if ".broken-" in path.name]
    assert aside.read_bytes().startswith(b"garbage")
    assert len(said) == 1
    assert aside.name in said[0]


def spoil(file: Path) -> None:
    """Overwrite everything after the first page, as a failing disk would."""
    size = file.stat().st_size
    with file.open("r+b") as raw:
        raw.seek(4096)
        raw.write(os.urandom(size - 4096))


@pytest.mark.parametrize("while_open", [True, False])
def test_a_file_with_broken_pages_is_moved_aside(
    database: Database, tmp_path: Path, said: list[str], while_open: bool
) -> None:
    file = tmp_path / "state" / "notes.sqlite3"
    for number in range(200):
        database.run(write(f"{number} " * 50))
    database.close()
    if while_open:
        database.run(lambda connection: connection.execute("PRAGMA cache_size = 0"))
    spoil(file)
    database.run(write("new"))
    database.run(read)
    assert database.run(read)[-1] == "new"
    assert len(said) == 1


def test_two_processes_that_meet_a_broken_file_move_it_once(tmp_path: Path) -> None:
    file = tmp_path / "notes.sqlite3"
    script = """
        import sys
        from pathlib import Path
        from wallascli.store.sqlite import Database, Unavailable, transaction
        database = Database(Path(sys.argv[1]), (("CREATE TABLE notes (text TEXT)",),), print)
        def work(connection):
            with transaction(connection):
                connection.execute("INSERT INTO notes VALUES ('x')")
        written = 0
        while written < 20:
            try:
                database.run(work)
                written += 1
            except Unavailable:  # the other one is at it
                continue
    """
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ['PYTHONPATH']}"}
    for attempt in range(3):
        file.write_bytes(b"garbage " * 1000)
        both = [
            subprocess.Popen(
                [sys.executable, "-c", textwrap.dedent(script), str(file)],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for _ in range(2)
        ]
        said = [process.communicate(timeout=60)[0] for process in both]
        assert [process.returncode for process in both] == [0, 0], said
        assert "".join(said).count("was damaged") == 1
        assert len([path for path in tmp_path.iterdir() if ".broken-" in path.name]) == attempt + 1
        whole = sqlite3.connect(file)
        assert read(whole) == ["x"] * 40
        whole.close()


def test_whoever_comes_second_leaves_the_new_file_alone(
    database: Database, tmp_path: Path, said: list[str]
) -> None:
    database.run(write("by the first"))
    database._move_aside()  # what the second does, having seen the broken file a moment ago
    assert database.run(read) == ["by the first"]
    assert said == []


def test_a_file_deleted_under_us_is_begun_anew(database: Database, tmp_path: Path) -> None:
    database.run(write("old"))
    for path in (tmp_path / "state").iterdir():
        path.unlink()
    database.run(write("new"))
    assert database.run(read) == ["new"]


def test_an_impossible_folder_is_said_once_and_used_again_when_it_can(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "REST", 0.0)
    (tmp_path / "state").write_text("a file where the folder should be")
    database = Database(tmp_path / "state" / "notes.sqlite3", SCHEMA, said.append)
    for _ in range(3):
        with pytest.raises(Unavailable):
            database.run(write("lost"))
    assert len(said) == 1
    (tmp_path / "state").unlink()
    database.run(write("kept"))
    assert database.run(read) == ["kept"]
    database.close()


def test_while_the_disk_refuses_it_is_left_in_peace(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    database = Database(tmp_path / "state" / "notes.sqlite3", SCHEMA, said.append)
    with pytest.raises(Unavailable):
        database.run(write("lost"))
    (tmp_path / "state").unlink()
    with pytest.raises(Unavailable):
        database.run(write("lost"))


READ_ONLY = """
    import sys
    from pathlib import Path
    from wallascli.store import sqlite
    from wallascli.store.sqlite import Database, Unavailable
    sqlite.REST = 0.0
    database = Database(Path(sys.argv[1]), (("CREATE TABLE notes (text TEXT)",),), print)
    for _ in range(3):
        try:
            database.run(lambda connection: connection.execute("INSERT INTO notes VALUES ('x')"))
        except Unavailable:
            continue
        sys.exit("it could be written")
"""


@pytest.mark.parametrize("exists", [True, False])
def test_a_read_only_folder_is_said_once(tmp_path: Path, program: Callable[[str], Path], exists: bool) -> None:
    prefix: tuple[str, ...] = ()
    if os.geteuid() == 0:  # root may write anywhere, until it gives that right away
        prefix = (str(program("setpriv")), "--bounding-set=-all", "--inh-caps=-all")
    folder = tmp_path / "state"
    folder.mkdir()
    file = folder / "notes.sqlite3"
    if exists:
        database = Database(file, SCHEMA, pytest.fail)
        database.run(write("kept"))
        database.close()
        file.chmod(0o400)
    folder.chmod(0o500)
    try:
        outcome = run_python(READ_ONLY, str(file), prefix=prefix)
    finally:
        folder.chmod(0o700)
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.count("cannot be used") == 1


def test_a_full_disk_loses_nothing_that_was_written_and_is_used_again(tmp_path: Path) -> None:
    script = """
        import resource, sys
        from pathlib import Path
        from wallascli.store import sqlite
        from wallascli.store.sqlite import Database, Unavailable, transaction
        sqlite.REST = 0.0
        database = Database(Path(sys.argv[1]), (("CREATE TABLE notes (text TEXT)",),), print)
        def work(connection):
            with transaction(connection):
                connection.execute("INSERT INTO notes VALUES (?)", ("x" * 3000,))
        def count(connection):
            return connection.execute("SELECT count(*) FROM notes").fetchone()[0]
        database.run(work)
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))
        written, refused = 1, 0
        for _ in range(60):
            try:
                database.run(work)
                written += 1
            except Unavailable:
                refused += 1
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert refused, "the disk was never full"
        assert database.run(count) == written, (database.run(count), written)
        database.run(work)
    """
    outcome = run_python(script, str(tmp_path / "notes.sqlite3"))
    assert outcome.returncode == 0, outcome.stderr
    assert "cannot be used" in outcome.stdout
    assert "damaged" not in outcome.stdout


def test_what_was_committed_survives_kill_9(tmp_path: Path) -> None:
    script = """
        import sys
        from pathlib import Path
        from wallascli.store.sqlite import Database, transaction
        database = Database(Path(sys.argv[1]), (("CREATE TABLE notes (text TEXT)",),), print)
        for number in range(10**9):
            def work(connection):
                with transaction(connection):
                    connection.execute("INSERT INTO notes VALUES (?)", (str(number),))
                    connection.execute("INSERT INTO notes VALUES (?)", (str(number),))
            database.run(work)
            print(number, flush=True)
    """
    file = tmp_path / "notes.sqlite3"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ['PYTHONPATH']}"}
    for lines in (1, 50, 333):
        command = [sys.executable, "-c", textwrap.dedent(script), str(file)]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            said = [int(process.stdout.readline()) for _ in range(lines)]
            process.send_signal(signal.SIGKILL)
            said += [int(line) for line in process.stdout.read().splitlines()]
        database = Database(file, SCHEMA, pytest.fail)
        kept = [int(text) for text in database.run(read)]
        assert kept in ([n for n in range(m) for _ in "ab"] for m in (len(said), len(said) + 1))
        database.run(lambda connection: connection.execute("DELETE FROM notes"))
        database.close()


def test_another_process_that_holds_the_file_is_waited_for(database: Database, tmp_path: Path) -> None:
    database.run(write("one"))
    script = """
        import sqlite3, sys, time
        other = sqlite3.connect(sys.argv[1], isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        print("held", flush=True)
        time.sleep(0.5)
        other.execute("COMMIT")
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "state" / "notes.sqlite3")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        database.run(write("two"))
    assert database.run(read) == ["one", "two"]
