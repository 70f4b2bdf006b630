import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from portal.delivery import catcher as catcher_room
from portal.delivery.catcher import Catcher, Mailbox
from portal.delivery.mail import Mailer
from portal.settings import Settings
from tests.delivery.test_mail import numbered


def test_what_arrives_is_kept_byte_for_byte_under_trace_headers(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path / "catcher")
    content = b"Subject: =?utf-8?q?V=C4=9Bra?=\r\nFrom: a@x\r\n\r\nhello\r\n.dot\r\n\xff"
    letter = mailbox.add("desk@sea.example", ["v@n.example", "w@n.example"], content)
    kept = mailbox.content(letter.id)
    assert kept is not None
    assert kept.endswith(content)
    assert kept.startswith(b"Return-Path: <desk@sea.example>\r\nDelivered-To: v@n.example\r\n")
    assert (letter.subject, letter.recipients) == ("Věra", ("v@n.example", "w@n.example"))


def test_the_inbox_comes_back_after_a_restart(tmp_path: Path) -> None:
    first = Mailbox(tmp_path)
    for number in range(3):
        first.add("a@x", ["b@y"], f"Subject: {number}\r\n\r\n".encode())
    second = Mailbox(tmp_path)
    assert [letter.subject for letter in second.newest()] == ["2", "1", "0"]
    assert second.add("a@x", ["b@y"], b"\r\n\r\n").id == 4


def test_the_oldest_go_when_there_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catcher_room, "KEPT", 5)
    mailbox = Mailbox(tmp_path)
    for number in range(8):
        mailbox.add("a@x", ["b@y"], f"Subject: {number}\r\n\r\n".encode())
    assert [letter.id for letter in mailbox.newest()] == [8, 7, 6, 5, 4]
    assert len(list(tmp_path.glob("*.eml"))) == 5
    assert mailbox.content(1) is None


def test_letters_are_found_by_address_and_subject(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    mailbox.add("a@x", ["vera@north.example"], b"Subject: Tax form\r\n\r\n")
    mailbox.add("a@x", ["otto@south.example"], b"Subject: Contract\r\n\r\n")
    assert [letter.id for letter in mailbox.newest("NORTH")] == [1]
    assert [letter.id for letter in mailbox.newest("contract")] == [2]
    assert [letter.id for letter in mailbox.newest(before=2)] == [1]


def test_garbage_in_headers_is_kept_and_listed(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    for content in (
        b"",
        b"\0\0\0",
        b"Subject\r\n\r\n",
        b"Subject: =?x?q?=ff?=\r\nFrom: <<\r\n\r\n",
    ):
        mailbox.add("", [], content)
    assert len(mailbox.newest()) == len(Mailbox(tmp_path).newest()) == 4


def test_the_address_file_is_there_while_it_runs(settings: Settings) -> None:
    with Catcher(settings.data_dir) as catcher:
        said = json.loads((settings.data_dir / "catcher.json").read_text())
        assert said == {"smtp": ["127.0.0.1", catcher.smtp[1]], "inbox": catcher.inbox_url}
    assert not (settings.data_dir / "catcher.json").exists()


def test_a_port_that_is_taken_gives_way_to_a_free_one(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Catcher(settings.data_dir, inbox_port=port) as catcher:
            assert not catcher.inbox_url.endswith(f":{port}")
            assert urllib.request.urlopen(catcher.inbox_url).status == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_its_process_ends_cleanly_and_again_takes_mail(settings: Settings, number: int) -> None:
    program = (
        "from portal.settings import Settings; from portal.delivery import catcher;"
        "catcher.run(Settings.load(), port=0)"
    )
    environment = {**os.environ, "PORTAL_DATA_DIR": str(settings.data_dir)}
    for _ in range(2):
        run = subprocess.Popen([sys.executable, "-c", program], env=environment)
        address = settings.data_dir / "catcher.json"
        deadline = time.monotonic() + 20
        while not address.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        with Mailer(settings) as mailer:
            mailer.send(numbered(1))
        run.send_signal(number)
        assert run.wait(10) == 0
        assert not address.exists()
    assert len(Mailbox(settings.data_dir / "catcher").newest()) == 2
