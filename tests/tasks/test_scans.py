"""The malware scanner: what it passes, what it refuses, and when it is away."""

import io
import os
import shutil
import socket
import socketserver
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from portal import clock as house_clock
from portal import db, installation
from portal.actions import uploads
from portal.actions.scans import TOLD_AFTER
from portal.delivery import clamd
from portal.delivery.storage import Store
from portal.errors import Faulty, Unavailable
from portal.models import FileRow, Trouble
from portal.readings import asked
from portal.settings import Settings
from tasks import job, relay
from tests import makers

# https://www.eicar.org/download-anti-malware-testfile/: 68 letters that every scanner refuses.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
STEPS = """\
  - id: papers
    name: Your papers
    assign: vendor
    upload: {documents: [{id: licence, name: Licence}, {id: photo, name: Photo, required: false}]}
  - {id: look, assign: buyer, task: {}}
"""


class Scanner(socketserver.BaseRequestHandler):
    """Speaks clamd's INSTREAM and VERSION, refuses EICAR, and takes 100 kB at most."""

    def handle(self) -> None:
        command = self._until_zero()
        said = b"ClamAV 1.4.6/Test"
        if command == b"zINSTREAM":
            said = self._verdict()
        self.request.sendall(said + b"\0")

    def _verdict(self) -> bytes:
        content = b""
        while length := struct.unpack("!I", self._read(4))[0]:
            content += self._read(length)
            if len(content) > 100_000:
                return b"INSTREAM size limit exceeded. ERROR"
        return b"stream: Eicar-Signature FOUND" if EICAR in content else b"stream: OK"

    def _until_zero(self) -> bytes:
        command = b""
        while not command.endswith(b"\0"):
            command += self.request.recv(1)
        return command[:-1]

    def _read(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            found += self.request.recv(size - len(found))
        return found


@pytest.fixture(scope="module")
def small_scanner() -> Iterator[str]:
    """A scanner of our own that speaks the protocol over TCP."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Scanner) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="module")
def true_scanner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The real clamd on a socket, with one signature of its own; skipped where there is none."""
    binary = shutil.which("clamd", path=f"{os.environ['PATH']}:/usr/sbin")
    if binary is None:
        pytest.skip("there is no clamd on this machine")
    home = tmp_path_factory.mktemp("clamd")
    (home / "eicar.ndb").write_text(f"Eicar-Signature:0:*:{EICAR.hex()}\n")
    (home / "clamd.conf").write_text(
        f"LocalSocket {home}/clamd.sock\nDatabaseDirectory {home}\nForeground yes\n"
        "StreamMaxLength 1M\nLogFile /dev/null\nConcurrentDatabaseReload no\n"
    )
    running = subprocess.Popen(
        [binary, f"--config-file={home}/clamd.conf"], stdout=subprocess.DEVNULL
    )
    url = f"unix://{home}/clamd.sock"
    for _ in range(300):
        try:
            clamd.probe(url)
            break
        except Unavailable:
            time.sleep(0.1)
    yield url
    running.terminate()
    running.wait(10)


@pytest.fixture(params=["small_scanner", "true_scanner"])
def scanner(request: pytest.FixtureRequest) -> str:
    """Both kinds of scanner."""
    return str(request.getfixturevalue(request.param))


class Bytes:
    """A stream of so many bytes."""

    def __init__(self, content: bytes) -> None:
        self.left = content

    def read(self, size: int, /) -> bytes:
        piece, self.left = self.left[:size], self.left[size:]
        return piece


def test_u08_a_scanner_tells_what_it_found(scanner: str) -> None:
    assert clamd.probe(scanner).startswith("ClamAV ")
    assert clamd.scan(scanner, Bytes(b"harmless" * 9000)) == clamd.Verdict("passed")
    found = clamd.scan(scanner, Bytes(EICAR))
    assert found.result == "refused"
    assert "Eicar-Signature" in found.said
    large = clamd.scan(scanner, Bytes(b"\x01" * 5_000_000))
    assert large == clamd.Verdict("not scanned", "it is larger than the scanner takes")


class Liar(socketserver.BaseRequestHandler):
    """Reads nothing of a file, and says at once what it was told to say."""

    said = b""

    def handle(self) -> None:
        self.request.recv(10)
        self.request.sendall(self.said)
        time.sleep(0.1)  # whoever is told is told before the connection ends


@pytest.mark.parametrize("said", [b"stream: OK\0", b"stream: OK", b"\xff\0", b"x" * 9000, b""])
def test_u08_what_is_no_whole_answer_to_a_whole_file_is_no_verdict(said: bytes) -> None:
    liar = type("One", (Liar,), {"said": said})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), liar) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(Unavailable):
            clamd.scan(f"tcp://127.0.0.1:{server.server_address[1]}", Bytes(b"\x01" * 9_000_000))
        server.shutdown()


@pytest.fixture
def scanning(house: Settings, small_scanner: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The house, with a scanner set up."""
    settings = replace(house, clamd_url=small_scanner)
    monkeypatch.setattr(job, "_settings", settings)
    monkeypatch.setattr(installation, "current", replace(installation.current, scans=True))
    return settings


def arrived(settings: Settings, content: bytes, document: str = "licence") -> uploads.Arrived:
    """A file with these bytes, stored."""
    stored = Store(settings.storage_dir).put(io.BytesIO(content), max_bytes=10**7)
    found = makers.arrived(document)
    return replace(found, size=stored.size, sha256=stored.sha256, storage_id=stored.id)


def scan() -> int:
    """Do the scans that are due; how many they were."""
    return relay.carry_out_here([route for route in relay.ROUTES if "file.scan" in route.kinds])


def checked(process: str) -> list[tuple[Any, str]]:
    return [
        (event["data"]["document"], event["data"]["scan"])
        for event in makers.events(process, "file.checked")
    ]


def test_u08_what_was_sent_and_is_refused_is_asked_again_and_told(scanning: Settings) -> None:
    process = makers.start(STEPS)
    makers.send(
        process, "papers", arrived(scanning, EICAR), arrived(scanning, b"A photo.", "photo")
    )
    assert [row.scan for row in makers.rows(FileRow)] == ["being checked"] * 2
    assert [one["data"]["scan"] for one in makers.events(process, "file.received")] == [
        "being checked", "being checked",
    ]  # fmt: skip
    assert scan() == 2
    states = {row.document: (row.state, row.scan) for row in makers.rows(FileRow)}
    assert states == {"licence": ("refused", "refused"), "photo": ("received", "passed")}
    assert sorted(checked(process)) == [("licence", "refused"), ("photo", "passed")]
    [trouble] = makers.rows(Trouble, process_id=process)
    assert trouble.kind == "malware"
    assert trouble.message == (
        "The malware scanner refused “licence.pdf” (Eicar-Signature), which came for “Your papers”."
        " It is handed out to nobody, and its sender was asked for it again."
    )
    again = makers.task(process, "papers")
    assert (again.round, again.state) == (2, "open")
    with pytest.raises(Faulty) as refused:
        uploads.submit(again.id, actor=makers.actor_of(again))
    assert [fault.at for fault in refused.value.faults] == ["licence"]
    makers.send(process, "papers", arrived(scanning, b"A true licence."))
    assert scan() == 1
    assert makers.task(process, "look").state == "open"
    assert len(makers.rows(FileRow, state="received")) == 2
    assert scan() == 0


def test_u08_what_is_refused_before_it_is_sent_is_not_kept(scanning: Settings) -> None:
    process = makers.start(STEPS)
    task = makers.task(process, "papers")
    uploads.stage(task.id, [arrived(scanning, EICAR)], actor=makers.actor_of(task))
    scan()
    assert [(row.state, row.scan) for row in makers.rows(FileRow)] == [("dropped", "refused")]
    assert checked(process) == [("licence", "refused")]
    assert makers.rows(Trouble, process_id=process) == []
    with db.reading() as conn:
        [want, _] = asked.of_task(conn, task.id).wanted
    assert [one.name for one in want.refused] == ["licence.pdf"]
    assert want.staged == []


def test_u08_a_scanner_that_is_away_never_lets_a_file_pass(
    scanning: Settings, clock: house_clock.Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        away = f"tcp://127.0.0.1:{closed.getsockname()[1]}"
    monkeypatch.setattr(job, "_settings", replace(scanning, clamd_url=away))
    process = makers.start(STEPS)
    makers.send(process, "papers", arrived(scanning, b"Harmless."))
    for _ in range(TOLD_AFTER):
        assert scan() == 1
        clock.advance(minutes=11)
    [file] = makers.rows(FileRow)
    assert (file.state, file.scan) == ("received", "being checked")
    [trouble] = makers.rows(Trouble, process_id=process)
    assert "does not answer" in trouble.message
    assert "is not handed out before it was checked" in trouble.message
    monkeypatch.setattr(job, "_settings", scanning)
    assert scan() == 1
    assert [row.scan for row in makers.rows(FileRow)] == ["passed"]
    assert makers.rows(Trouble, process_id=process, state="open") == [], "nobody has to look"


def test_without_a_scanner_a_file_is_never_more_than_not_scanned(house: Settings) -> None:
    process = makers.start(STEPS)
    makers.send(process, "papers", arrived(house, EICAR))
    assert scan() == 0
    assert [row.scan for row in makers.rows(FileRow)] == ["not scanned"]


def test_u08_what_is_refused_after_the_end_is_told_and_asked_of_nobody(scanning: Settings) -> None:
    process = makers.start(STEPS.partition("  - {id: look")[0])
    makers.send(process, "papers", arrived(scanning, EICAR))
    assert makers.process(process).state == "completed"
    scan()
    [trouble] = makers.rows(Trouble, process_id=process)
    assert trouble.message.endswith("It is handed out to nobody. Nobody was asked for it again.")
    assert [row.state for row in makers.rows(FileRow)] == ["refused"]
    assert makers.process(process).state == "completed"
