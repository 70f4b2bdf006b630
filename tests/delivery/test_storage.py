import hashlib
import io
import os
import resource
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from werkzeug.formparser import MultiPartParser

from portal import clock
from portal.delivery.storage import CHUNK, Sink, Store, in_words
from portal.errors import StorageFull, TooLarge, Unknown


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "files")


def files(store: Store) -> list[Path]:
    return [path for path in store.root.rglob("*") if path.is_file()]


class Drip(io.RawIOBase):
    """Random bytes in uneven pieces; remembers how much was asked for."""

    def __init__(self, size: int) -> None:
        self.left, self.given = size, 0

    def read(self, size: int = -1, /) -> bytes:
        piece = min(self.left, size, 70_001)
        self.left -= piece
        self.given += piece
        return b"x" * piece


def test_what_is_put_reads_back_with_its_digest(store: Store) -> None:
    content = os.urandom(3 * CHUNK + 17)
    stored = store.put(io.BytesIO(content), max_bytes=len(content))
    with store.open(stored.id) as file:
        assert file.read() == content
    assert (stored.size, stored.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert len(stored.id) == 32
    assert store.verify(stored.id, stored.sha256)
    assert [path.name for path in files(store)] == [stored.id]


def test_one_byte_too_many_stops_early_and_leaves_nothing(store: Store) -> None:
    drip = Drip(50 * CHUNK)
    with pytest.raises(TooLarge, match=r"Use a file up to 2 MB\."):
        store.put(drip, max_bytes=2_000_000)
    assert drip.given < 3 * CHUNK
    assert files(store) == []


def test_a_flipped_byte_and_a_missing_file_are_seen(store: Store) -> None:
    stored = store.put(io.BytesIO(b"the true bytes"), max_bytes=100)
    store.path(stored.id).write_bytes(b"the tru3 bytes")
    assert not store.verify(stored.id, stored.sha256)
    store.delete(stored.id)
    store.delete(stored.id)
    assert not store.verify(stored.id, stored.sha256)
    with pytest.raises(Unknown):
        store.open(stored.id)


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", "A" * 32, "0" * 31, "0" * 32 + "\n", "incoming"]
)
def test_only_names_the_store_gave_reach_the_disk(store: Store, name: str) -> None:
    with pytest.raises(Unknown):
        store.open(name)


def test_a_sink_takes_a_multipart_upload_in_one_pass(store: Store) -> None:
    content = os.urandom(2 * CHUNK + 5)
    body = (
        b'--b\r\nContent-Disposition: form-data; name="id"; filename="../../x"\r\n\r\n'
        + content
        + b"\r\n--b--\r\n"
    )
    parser = MultiPartParser(lambda **_: store.sink(10 * CHUNK), buffer_size=CHUNK)  # type: ignore[arg-type]
    _, parts = parser.parse(io.BytesIO(body), b"b", len(body))
    sink = parts["id"].stream
    assert isinstance(sink, Sink)
    assert sink.read(4) == content[:4]
    assert sink.sha256 == hashlib.sha256(content).hexdigest()
    stored = sink.keep()
    sink.close()
    assert store.verify(stored.id, sink.sha256)
    assert len(files(store)) == 1


def test_a_sink_not_kept_leaves_nothing(store: Store) -> None:
    with store.sink(100) as sink:
        sink.write(b"half an upl")
        assert len(files(store)) == 1
    assert files(store) == []


def test_reading_between_writes_does_not_tear_the_bytes(store: Store) -> None:
    with store.sink(100) as sink:
        sink.write(b"one ")
        sink.seek(0)
        assert sink.read(2) == b"on"
        sink.write(bytearray(b"two"))
        stored = sink.keep()
    assert store.open(stored.id).read() == b"one two"


def test_the_stray_are_those_without_a_row_and_a_day_old(store: Store) -> None:
    known = store.put(io.BytesIO(b"known"), max_bytes=10)
    stray = store.put(io.BytesIO(b"stray"), max_bytes=10)
    half = store.sink(10)
    half.write(b"half")
    with clock.stopped_at(clock.now()) as hands:
        assert list(store.strays({known.id})) == []
        hands.advance(hours=25)
        found = {path.name for path in store.strays({known.id})}
    assert found == {stray.id, f"{half.id}.part"}
    half.close()


def test_a_full_disk_is_a_sentence_and_space_brings_it_back(store: Store) -> None:
    """R21, with the process's own limit on file size in the place of a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(StorageFull, match="no room left"):
            store.put(io.BytesIO(b"x" * 200_000), max_bytes=CHUNK)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert files(store) == []
    assert store.put(io.BytesIO(b"x" * 200_000), max_bytes=CHUNK).size == 200_000


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_tiny_file_system_that_is_full_leaves_nothing_half_written(tmp_path: Path) -> None:
    mount = tmp_path / "tiny"
    mount.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", mount], capture_output=True
    )
    if made.returncode:
        pytest.skip("no right to mount here")
    try:
        store = Store(mount / "files")
        with pytest.raises(StorageFull):
            store.put(io.BytesIO(b"x" * 400_000), max_bytes=CHUNK)
        assert files(store) == []
        assert store.put(io.BytesIO(b"x" * 100_000), max_bytes=CHUNK).size == 100_000
    finally:
        subprocess.run(["umount", mount], check=True)


def test_killed_with_the_bytes_on_disk_the_file_is_whole_or_stray(tmp_path: Path) -> None:
    """F10: a kill between the bytes and their row leaves a whole file that the sweep finds."""
    program = (
        "import io, sys; from pathlib import Path; from portal.delivery.storage import Store;"
        "Store(Path(sys.argv[1])).put(io.BytesIO(b'x' * 5000), max_bytes=9999)"
    )
    environment = {**os.environ, "PORTAL_FAULT": "F10:1:kill"}
    run = subprocess.run([sys.executable, "-c", program, str(tmp_path)], env=environment)
    assert run.returncode == -9
    store = Store(tmp_path)
    assert [path.stat().st_size for path in files(store)] == [5000]
    with clock.stopped_at(clock.now() + timedelta(days=2)):
        assert len(list(store.strays(()))) == 1


def test_a_probe_leaves_nothing(store: Store) -> None:
    store.probe()
    assert files(store) == []


def test_streaming_keeps_memory_flat_and_costs_little_more_than_the_hash(store: Store) -> None:
    size = 96 * CHUNK
    started = time.process_time()
    hashlib.sha256(b"x" * size).hexdigest()
    bare = time.process_time() - started
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    store.put(Drip(size), max_bytes=size)
    spent = time.process_time() - started
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024
    assert spent < 12 * bare + 0.5


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (640_000, "640 kB"), (2_000_000, "2 MB"),
     (3_140_000, "3.1 MB"), (25_000_000, "25 MB"), (2_000_000_000, "2 GB")],
)  # fmt: skip
def test_sizes_are_said_as_people_say_them(size: int, words: str) -> None:
    assert in_words(size) == words
