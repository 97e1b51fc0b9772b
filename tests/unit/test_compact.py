"""Compacting: less space, and everything that was there, whoever reads it and however it ends."""

from __future__ import annotations

import gzip
import io
import os
import random
import re
import shutil
import subprocess
import sys
import textwrap
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from warcio.archiveiterator import ArchiveIterator

from extract.archive import Archive
from extract.compact import compact, wasteful
from extract.http import Response
from sotaduck.errors import ArchiveError, WarehouseError
from sotaduck.records import Capture, Normalised, Space
from tests import views_io
from tests.unit.test_publish import count, fill
from warehouse import load, publish
from warehouse.compact import compact as compact_warehouse

ROOT = Path(__file__).resolve().parents[2]
T0 = datetime(2026, 1, 1, tzinfo=UTC)
HTML = (("Content-Type", "text/html"), ("ETag", '"1"'))
RUNS = ("20260101T000000Z-aaaa", "20260102T000000Z-bbbb")


def page(at: int, body: bytes, *, url: str = "", status: int = 200, final_url: str = "") -> Response:
    url = url or f"https://example.org/{at % 3}"
    headers = HTML if status == 200 else ()
    return Response(url, final_url or url, status, "Words", headers, body, T0 + timedelta(seconds=at))


def noise(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)


def machine(archive: Archive, first: int) -> None:
    """What one machine captures: pages that change or not, one moved, one gone, a 304, a file twice."""
    for at in range(first, first + 6):
        archive.add("s", page(at, noise(at // 2, 900)))
    archive.add("s", page(first + 6, b"", url=f"https://example.org/{first % 3}", status=304))
    archive.add("s", page(first + 7, b"gone", url="https://example.org/gone", status=404))
    archive.add(
        "s",
        page(first + 8, noise(1, 900), url="https://example.org/old", final_url="https://example.org/new"),
    )
    archive.add("s", page(first + 8, b"", url="https://example.org/empty"))
    for at in (first + 9, first + 10):
        moment = T0 + timedelta(seconds=at)
        archive.add_document("d", "file:a.json", io.BytesIO(noise(7, 5000)), "application/json", moment)


def two_machines(folder: Path) -> None:
    """An archive into which somebody has put the files of another machine, which had some of it too."""
    with Archive(folder, run_id=RUNS[0], roll_at=4000) as archive:
        machine(archive, 0)
    with Archive(folder.with_name("other"), run_id=RUNS[1]) as archive:
        machine(archive, 4)
    for number, file in enumerate(sorted(folder.with_name("other").glob("*.warc.gz"))):
        shutil.copy(file, folder / f"b-{number}.warc.gz")
    shutil.rmtree(folder.with_name("other"))


Told = dict[str, tuple[Capture, bytes]]


def told(folder: Path, index: bool = True) -> Told:
    """Every capture, but for its place, with its body."""
    if not index:
        (folder / "index.jsonl").unlink()
    archive = Archive(folder)
    captures = archive.captures()
    found = {
        capture.capture_id: (replace(capture, warc_file="", warc_offset=0, size=0), archive.body(capture))
        for capture in captures
    }
    assert len(found) == len(captures)
    return found


def order(folder: Path) -> list[str]:
    return [capture.capture_id for capture in Archive(folder).captures()]


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "archive.lock"}


def members(folder: Path) -> list[bytes]:
    """The inflated records of all files in order, without those that name the file."""
    found = []
    for path in sorted(folder.glob("*.warc.gz")):
        text = gzip.decompress(path.read_bytes())
        pieces = text.split(b"WARC/1.1\r\n")
        found += [piece for piece in pieces[1:] if b"WARC-Type: warcinfo" not in piece]
    return found


def compacted(folder: Path, roll_at: int = 500 * 2**20) -> Space:
    steps: list[tuple[str, int, int]] = []
    with Archive(folder, roll_at=roll_at) as archive:
        space = compact(archive, lambda *step: steps.append(step))
        assert archive.captures() == Archive(folder).captures()
    if space.changed and space.files_after:
        done = [done for name, done, _ in steps if name == "archive"]
        assert done == list(range(1, done[-1] + 1)) and steps[len(done) - 1] == (
            "archive",
            done[-1],
            done[-1],
        )
    return space


# ---------------------------------------------------------------- the archive


def test_files_of_two_machines_become_one_and_nothing_is_lost(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    two_machines(folder)
    before, sequence = told(folder), order(folder)
    assert len(before) == 22 and {capture.run_id for capture, _ in before.values()} == set(RUNS)
    assert len(list(folder.glob("*.warc.gz"))) > 2
    size = sum(path.stat().st_size for path in folder.glob("*.gz"))
    space = compacted(folder)
    assert (space.files_before > 2, space.files_after) == (True, 1)
    assert space.bytes_before == size
    assert space.bytes_after == sum(path.stat().st_size for path in folder.glob("*.gz")) < size
    assert told(folder) == before and order(folder) == sequence
    assert told(folder, index=False) == before


def test_it_is_what_one_machine_would_have_written(tmp_path: Path) -> None:
    """Revisits too are those that an archive of its own makes of the same responses in the same order."""
    folder = tmp_path / "archive"
    for name, first in (("a", 0), ("b", 100)):
        with Archive(tmp_path / name, run_id=RUNS[0]) as archive:
            machine(archive, first)
    with Archive(tmp_path / "one", run_id=RUNS[0]) as archive:
        machine(archive, 0)
        machine(archive, 100)
    folder.mkdir()
    for name in "ab":
        shutil.copy(tmp_path / name / "00001.warc.gz", folder / f"{name}.warc.gz")
    compacted(folder)
    assert [path.name for path in sorted(folder.glob("*.warc.gz"))] == ["00001.warc.gz"]
    assert members(folder) == members(tmp_path / "one")


def test_a_second_time_there_is_nothing_to_gain(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    two_machines(folder)
    assert compacted(folder).changed
    before = content(folder)
    stamps = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.gz")}
    space = compacted(folder)
    assert not space.changed and space.bytes_after == space.bytes_before > 0
    assert content(folder) == before
    assert {path.name: path.stat().st_mtime_ns for path in folder.glob("*.gz")} == stamps


def test_an_archive_as_it_grows_has_nothing_to_gain(tmp_path: Path) -> None:
    with Archive(tmp_path, roll_at=4000) as archive:
        machine(archive, 0)
        machine(archive, 100)
        assert len(archive.files()) > 2
        assert wasteful(archive) == []
        before = content(tmp_path)
        assert not compact(archive, lambda *_: None).changed
    assert content(tmp_path) == before


def test_an_archive_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert compacted(tmp_path / "none") == Space(0, 0, 0, 0)
    assert not (tmp_path / "none").exists()


def test_full_files_before_the_first_waste_are_left_alone(tmp_path: Path) -> None:
    with Archive(tmp_path, roll_at=4000) as archive:
        machine(archive, 0)
    full = sorted(tmp_path.glob("*.warc.gz"))
    with Archive(tmp_path.with_name("other")) as archive:
        machine(archive, 50)
    shutil.copy(tmp_path.with_name("other") / "00001.warc.gz", tmp_path / "b.warc.gz")
    before, stamps = told(tmp_path), {path: path.stat().st_ino for path in full[:-1]}
    assert len(stamps) >= 1
    compacted(tmp_path, roll_at=4000)
    after = sorted(tmp_path.glob("*.warc.gz"))
    assert {path: path.stat().st_ino for path in after[: len(stamps)]} == stamps
    assert full[-1] not in after and tmp_path / "b.warc.gz" not in after
    assert all(path.stat().st_size >= 4000 for path in after[:-1])
    assert told(tmp_path) == before and told(tmp_path, index=False) == before
    assert not compacted(tmp_path, roll_at=4000).changed


def test_an_archive_goes_on_after_it_was_compacted(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    two_machines(folder)
    with Archive(folder) as writer:
        before = told(folder)
        compacted(folder)
        new = writer.add("s", page(500, b"new"))
        known = writer.add("s", page(501, noise(1, 900)))
        assert known.size == 0 and writer.body(known) == noise(1, 900)
    after = told(folder)
    assert after.keys() - before.keys() == {new.capture_id, known.capture_id}
    assert {name: after[name] for name in before} == before
    assert len(list(folder.glob("*.warc.gz"))) == 1


def test_a_reader_that_had_it_open_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    two_machines(folder)
    before = told(folder)
    reader = Archive(folder)
    captures = reader.captures()
    stream = reader.open(captures[0])
    compacted(folder)
    assert stream.read() == before[captures[0].capture_id][1]
    stream.close()
    for capture in captures:
        assert reader.body(capture) == before[capture.capture_id][1]


def test_a_record_that_another_tool_packed_badly_is_packed_well(tmp_path: Path) -> None:
    with Archive(tmp_path, run_id=RUNS[0]) as archive:
        archive.add("s", page(1, b"page " * 2000))
        archive.add("s", page(2, b"other " * 2000))
    file = tmp_path / "00001.warc.gz"
    good, before = file.read_bytes(), told(tmp_path)
    with file.open("rb") as stream:
        iterator = ArchiveIterator(stream)
        starts = [iterator.get_record_offset() for _ in iterator]
    pieces = [good[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]
    file.write_bytes(b"".join(gzip.compress(gzip.decompress(piece), 0, mtime=0) for piece in pieces))
    (tmp_path / "index.jsonl").unlink()
    assert told(tmp_path) == before
    space = compacted(tmp_path)
    assert space.bytes_before > 20_000 > space.bytes_after
    assert told(tmp_path) == before and members(tmp_path) == [
        gzip.decompress(piece).removeprefix(b"WARC/1.1\r\n") for piece in pieces[1:]
    ]
    assert not compacted(tmp_path).changed


FOREIGN = (
    b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Target-URI: http://x/\r\n"
    b"WARC-Date: 2020-01-01T00:00:00Z\r\nContent-Length: 3\r\n\r\nabc\r\n\r\n"
)


def test_records_of_others_are_kept_byte_for_byte(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    two_machines(folder)
    alone, beside = (
        gzip.compress(FOREIGN, 1, mtime=0),
        gzip.compress(FOREIGN.replace(b"abc", b"def"), 1, mtime=0),
    )
    (folder / "crawl.warc.gz").write_bytes(alone * 2)
    with (folder / "b-0.warc.gz").open("ab") as file:
        file.write(beside + beside)
    before = told(folder)
    compacted(folder)
    assert (folder / "crawl.warc.gz").read_bytes() == alone * 2
    ours, theirs = sorted(folder.glob("*.gz"))
    assert (ours.name.removesuffix(".warc.gz").isdecimal(), theirs.name) == (True, "crawl.warc.gz")
    assert ours.read_bytes().count(beside) == 2
    assert told(folder) == before
    assert not compacted(folder).changed


def test_a_record_that_the_index_does_not_know_is_not_lost(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    two_machines(folder)
    before = told(folder)
    with Archive(folder) as archive:
        archive.add("s", page(900, b"last"))  # makes the index whole
    before = told(folder)
    lines = (folder / "index.jsonl").read_bytes().splitlines(keepends=True)
    missing = lines.pop(1)
    (folder / "index.jsonl").write_bytes(b"".join(lines))
    assert len(told(folder)) == len(before) - 1 and b"200" in missing
    compacted(folder)
    assert told(folder) == before


def test_a_record_cut_off_at_the_end_is_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    two_machines(folder)
    before = told(folder)
    with (folder / "b-0.warc.gz").open("ab") as file:
        file.write(gzip.compress(FOREIGN)[:60])
    compacted(folder)
    assert told(folder) == before and told(folder, index=False) == before


def test_a_member_that_holds_several_records_is_refused_and_all_is_as_it_was(tmp_path: Path) -> None:
    """The archive counts the first alone; written anew, the others would be lost."""
    folder = tmp_path / "archive"
    two_machines(folder)
    with Archive(tmp_path / "more") as archive:
        archive.add("s", page(700, b"one"))
        archive.add("s", page(701, b"two"))
    whole = gzip.decompress((tmp_path / "more" / "00001.warc.gz").read_bytes())
    start = whole.index(b"WARC/1.1", 10)
    (folder / "c.warc.gz").write_bytes(gzip.compress(whole[start:]))
    with Archive(folder) as archive:
        archive.add("s", page(900, b"last"))
    before = content(folder)
    with pytest.raises(ArchiveError, match=r"c\.warc\.gz: the gzip member at byte 0 holds several records"):
        compacted(folder)
    assert content(folder) == before


def test_a_damaged_record_stops_it_and_all_is_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    two_machines(folder)
    with Archive(folder) as archive:
        archive.add("s", page(900, b"last"))
        capture = next(row.capture for row in archive.rows if row.capture.size == 900)
    path = folder / capture.warc_file
    damaged = bytearray(path.read_bytes())
    damaged[capture.warc_offset + 700] ^= 0xFF
    path.write_bytes(damaged)
    before = content(folder)
    with pytest.raises(ArchiveError, match=r"\.warc\.gz"):
        compacted(folder)
    assert content(folder) == before


def test_what_was_written_wrongly_is_never_put_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is read again before an old file goes."""
    folder = tmp_path / "archive"
    two_machines(folder)
    with Archive(folder) as archive:
        archive.add("s", page(900, b"last"))
    before = content(folder)
    with monkeypatch.context() as patch, pytest.raises(ArchiveError):
        patch.setattr("extract.warc_record.copy", lambda out, path, member: out.write(b"\0" * member.length))
        compacted(folder)
    with monkeypatch.context() as patch, pytest.raises(ArchiveError, match="is not what is read"):
        patch.setattr("extract.warc_record.copy", lambda out, path, member: None)
        compacted(folder)
    assert content(folder) == before
    compacted(folder)


@pytest.mark.parametrize("seed", range(12))
def test_any_folder_keeps_all_that_it_holds(tmp_path: Path, seed: int) -> None:
    """Machines that capture at random, some from each other, their files put together under random names."""
    chance = random.Random(seed)
    folder = tmp_path / "archive"
    folder.mkdir()
    for number in range(chance.randint(1, 4)):
        other = tmp_path / str(number)
        with Archive(
            other, run_id=chance.choice((None, *RUNS)), roll_at=chance.choice((1500, 10**6))
        ) as archive:
            for _ in range(chance.randint(1, 15)):
                at = chance.randint(0, 20)
                url = f"https://example.org/{chance.randint(0, 2)}"
                if chance.random() < 0.2 and archive.latest("s", url):
                    archive.add("s", page(at, b"", url=url, status=304))
                elif chance.random() < 0.2:
                    body = io.BytesIO(noise(chance.randint(0, 3), 400))
                    archive.add_document("d", "file:x", body, "", T0 + timedelta(seconds=at))
                else:
                    archive.add("s", page(at, noise(chance.randint(0, 3), 400), url=url))
        for file in other.glob("*.warc.gz"):
            shutil.copy(file, folder / f"{chance.choice(('0', 'a', 'z'))}{number}-{file.name}")
    before, sequence = told(folder), order(folder)
    roll_at = chance.choice((1500, 10**6))
    space = compacted(folder, roll_at)
    assert space.bytes_after <= space.bytes_before + 400 * space.files_after, "each file has a head"
    after = told(folder)
    assert after == before and order(folder) == sequence
    bodies = [
        row.capture.digest for row in Archive(folder).rows if row.record != "revisit" and row.capture.size
    ]
    assert len(bodies) == len(set(bodies))
    assert not compacted(folder, roll_at).changed
    whole = {path.name: path.read_bytes() for path in folder.glob("*.gz")}
    (folder / "index.jsonl").unlink()
    assert {name: body for name, (_, body) in told(folder).items()} == {
        name: body for name, (_, body) in after.items()
    }
    assert {path.name: path.read_bytes() for path in folder.glob("*.gz")} == whole


KILLED = textwrap.dedent(
    """
    import os, shutil, signal, sys
    from pathlib import Path
    from extract import archive, compact
    from extract import warc_record as warc

    home, left = Path(sys.argv[1]), 0

    def deadly(function):
        def call(*arguments, **named):
            global left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **named)
        return call

    for owner, names in (
        (Path, ("replace", "unlink", "mkdir")), (os, ("fsync",)), (shutil, ("rmtree",)),
        (warc, ("copy", "repack", "write", "write_info", "open_body")),
    ):
        for name in names:
            setattr(owner, name, deadly(getattr(owner, name)))

    for moment in range(1, 500):
        folder = home / f"killed-{moment}"
        left = 0
        shutil.copytree(home / "archive", folder)
        child = os.fork()
        if child == 0:
            left = moment
            with archive.Archive(folder, roll_at=5000) as opened:
                compact.compact(opened, lambda *step: None)
            os._exit(0)
        if os.waitpid(child, 0)[1] == 0:
            print(moment - 1)
            break
    """
)


@pytest.mark.timeout(300)
def test_killed_at_any_moment_it_loses_nothing_and_the_next_run_does_the_rest(tmp_path: Path) -> None:
    """At every call that touches the disk, one after the other."""
    folder = tmp_path / "archive"
    two_machines(folder)
    before = told(folder)
    old = {path.name for path in folder.glob("*.warc.gz")}
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    moments = int(done.stdout)
    assert moments > 30
    seen: set[tuple[bool, bool]] = set()
    for moment in range(1, moments + 1):
        killed = tmp_path / f"killed-{moment}"
        names = {path.name for path in killed.glob("*.warc.gz")}
        seen.add((names >= old, bool(names - old)))
        assert told(killed) == before, moment
        without = shutil.copytree(killed, tmp_path / "without")
        assert {name: body for name, (_, body) in told(without, index=False).items()} == {
            name: body for name, (_, body) in before.items()
        }
        shutil.rmtree(without)
        with Archive(killed, roll_at=5000) as archive:
            archive.add("s", page(999, b"the next writer"))
        compacted(killed, roll_at=5000)
        after = told(killed)
        assert len(after) == len(before) + 1 and {name: after[name] for name in before} == before
        assert not (killed / "compact.new").exists()
        assert not compacted(killed, roll_at=5000).changed
    assert seen == {(True, False), (True, True), (False, True)}, "before, in the middle and after"


# ---------------------------------------------------------------- the warehouse


@pytest.fixture(scope="module")
def grown_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with blocks that its builds have freed. Copy it."""
    path = tmp_path_factory.mktemp("grown") / "w.duckdb"
    for day, models in enumerate((300, 301, 5), 1):
        with publish.build(path, wait=0) as connection:
            fill(connection, models, f"2024-01-0{day}")
    return path


@pytest.fixture
def grown(grown_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(grown_once, tmp_path / "w.duckdb"))


def objects(path: Path) -> dict[str, list[str]]:
    """Everything that the file holds, as DuckDB describes it, and every row of its tables."""
    described = {
        "schemas": "schema_name, comment",
        "tables": "schema_name, table_name, comment, sql",
        "views": "schema_name, view_name, comment, sql",
        "columns": "schema_name, table_name, column_name, comment, data_type, is_nullable, column_default",
        "functions": "schema_name, function_name, comment, macro_definition, parameters::varchar",
        "constraints": "schema_name, table_name, constraint_text",
    }
    with duckdb.connect(str(path), read_only=True) as connection:
        found = {
            kind: sorted(
                map(repr, connection.execute(
                    f"select {columns} from duckdb_{kind}() where database_name = current_database()"
                ).fetchall())
            )
            for kind, columns in described.items()
        }  # fmt: skip
        tables = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        for schema, table in tables:
            rows = connection.execute(f'from "{schema}"."{table}"').fetchall()
            found[f"{schema}.{table}"] = list(map(repr, rows))
    # DuckDB writes the names of an EXCLUDE in an order of the moment.
    found["functions"] = [re.sub(r"EXCLUDE \(.*?\)", _sorted, text) for text in found["functions"]]
    return found


def _sorted(names: re.Match[str]) -> str:
    return " ".join(sorted(re.findall(r"\w+", names[0])))


def held(warc_file: str = "a.warc.gz") -> list[Capture]:
    """The archive, in which the captures of `grown_once` stand where they were loaded from, or elsewhere."""
    captures = [
        views_io.capture("alpha", "https://alpha.example/b", f"2024-01-0{day}", warc_file=warc_file)
        for day in (1, 2, 3)
    ]
    return captures


def test_a_warehouse_gives_back_what_its_builds_have_freed_and_keeps_all(grown: Path, tmp_path: Path) -> None:
    path = grown
    path.chmod(0o640)
    before, rows, size = objects(path), count(path), path.stat().st_size
    assert before["views"] and any("Share of" in row or "bytes" in row.lower() for row in before["columns"])
    assert any("policy" in row for row in before["functions"])
    space = compact_warehouse(path, held())
    assert space == Space(1, 1, size, path.stat().st_size)
    assert path.stat().st_size < size - 2**18
    assert objects(path) == before and count(path) == rows
    assert path.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in tmp_path.iterdir() if "build" in file.name] == []
    stamp = path.stat().st_mtime_ns
    assert not compact_warehouse(path, held()).changed
    assert path.stat().st_mtime_ns == stamp
    with publish.build(path, wait=0) as connection:
        fill(connection, 9, "2024-02-01")
    assert count(path) == 9


def test_captures_are_said_to_stand_where_the_archive_has_them(grown: Path, tmp_path: Path) -> None:
    path = grown
    places = "select distinct warc_file, warc_offset, size, run_id from core.captures"
    moved = [replace(capture, warc_offset=7, size=3, run_id=RUNS[0]) for capture in held("00009.warc.gz")]
    for _ in range(2):
        compact_warehouse(path, moved)
        with duckdb.connect(str(path), read_only=True) as connection:
            assert connection.execute(places).fetchall() == [("00009.warc.gz", 7, 3, RUNS[0])]
    stamp = path.stat().st_mtime_ns
    assert not compact_warehouse(path, moved).changed and path.stat().st_mtime_ns == stamp


def test_captures_that_the_archive_lacks_stay_as_they_are(tmp_path: Path) -> None:
    with publish.build(tmp_path / "w.duckdb") as connection:
        views_io.put(connection, Normalised((), (), (), (), (), ()), held())
        assert load.settle(connection, held("00009.warc.gz")[:1]) == 1
        assert load.settle(connection, held("00009.warc.gz")[:1]) == 0
        files = connection.execute("select warc_file from core.captures order by fetched_at").fetchall()
    assert files == [("00009.warc.gz",), ("a.warc.gz",), ("a.warc.gz",)]


def test_a_reader_keeps_the_file_that_it_opened(grown: Path, tmp_path: Path) -> None:
    path = grown
    script = (
        "import duckdb, sys\n"
        "connection = duckdb.connect(sys.argv[1], read_only=True)\n"
        "for _ in range(2):\n"
        "    print(connection.execute('select count(*) from core.results').fetchone()[0], flush=True)\n"
        "    sys.stdin.readline()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdin is not None and reader.stdout is not None
        assert reader.stdout.readline() == "606\n"
        assert compact_warehouse(path, held()).changed
        reader.stdin.write("\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == "606\n"
        reader.stdin.write("\n")


def test_a_warehouse_that_cannot_be_written_is_as_it_was(
    grown: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = grown
    before = path.read_bytes()

    def full(*paths: object) -> None:
        raise OSError(28, "No space left on device")

    with (
        monkeypatch.context() as patch,
        pytest.raises(WarehouseError, match="No space"),
        publish.locked(path),
    ):
        patch.setattr(os, "replace", full)
        compact_warehouse(path, held())
    assert path.read_bytes() == before
    assert {file.name for file in tmp_path.iterdir()} == {"w.duckdb", ".w.duckdb.lock"}
