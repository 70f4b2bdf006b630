"""The demo on both databases: what a newcomer finds, and that its past is a real one."""

import collections
import json
import re
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from portal import clock, db, installation
from portal.actions import links, sign_in
from portal.cli.demo import SIGN_IN, loading
from portal.cli.demo.cast import STAFF
from portal.delivery.catcher import Mailbox
from portal.delivery.inbox import Opened
from portal.delivery.storage import Store
from portal.ledger.findings import SOUND
from portal.ledger.tables import Entry, Outgoing
from portal.ledger.verify import verify
from portal.models import FileRow, Process, Task, Trail, Trouble
from portal.readings import export
from portal.settings import Settings
from tasks import job, relay
from tests.makers import rows


@pytest.fixture
def settings(database: db.Database, tmp_path: Path) -> Settings:
    """A house with nothing in it. The mail server that is set must never be spoken to."""
    return Settings.load(
        {
            "PORTAL_DATA_DIR": str(tmp_path / "data"),
            "PORTAL_DATABASE_URL": database.url.render_as_string(hide_password=False),
            "PORTAL_SMTP_URL": "smtp://127.0.0.1:9",
            "PORTAL_SECRET_KEYS": "k" * 40,
        }
    )


@pytest.fixture
def load(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Load the demo as the command does."""
    monkeypatch.setattr(job, "_settings", None)
    monkeypatch.setattr(installation, "current", installation.current)

    def carry_out(caught: Settings) -> None:
        monkeypatch.setattr(job, "_settings", caught)
        relay.carry_out_here()

    def load() -> None:
        job.open_house(settings)
        loading.load(settings, carry_out)

    return load


@pytest.mark.usefixtures("clock")
def test_the_demo_is_eight_weeks_of_real_work(
    load: Callable[[], None], settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    load()
    told = capsys.readouterr().out
    assert SIGN_IN[1] in told
    _every_state_is_there()
    _every_ledger_verifies()
    _the_past_is_told_in_order()
    _every_file_is_what_was_sent(Store(settings.storage_dir))
    _anybody_can_sign_in()
    mailbox = Mailbox(settings.data_dir / "catcher")
    _the_newest_mail_makes_a_supplier(mailbox)

    before = len(rows(Entry))
    load()
    assert len(rows(Entry)) == before
    assert capsys.readouterr().out == ""
    db.current().close()


def _every_state_is_there() -> None:
    states = collections.Counter(row.state for row in rows(Process))
    assert states == {"running": 27, "completed": 8, "rejected": 4, "cancelled": 2}
    waits = {(row.kind, row.step) for row in rows(Task, state="open")}
    assert {step for _, step in waits} == {
        "agree", "check", "create", "details", "dpa", "draft", "file", "papers", "prepare",
        "release", "review", "situation", "terms",
    }  # fmt: skip
    assert max(row.round for row in rows(Task, state="open")) == 2
    assert {row.kind for row in rows(Trouble, state="open")} == {"bounced"}
    assert len(rows(Trail)) == 4
    assert all(row.storage_id for row in rows(Trail))
    types = {row.type for row in rows(Entry)}
    assert types >= {
        "reminder.sent", "deadline.missed", "task.escalated", "mail.bounced", "task.reassigned",
        "link.renewed", "comment.added", "step.returned", "approval.rejected", "trail.built",
    }  # fmt: skip


def _every_ledger_verifies() -> None:
    with db.reading() as conn:
        for process in rows(Process):
            report = verify(line.encode() for line in export.lines(conn, process.id))
            assert report.verdict == SOUND, (process.title, report.findings)


def _the_past_is_told_in_order() -> None:
    with db.reading() as conn:
        query = sa.select(Entry.log, Entry.at, Entry.body).order_by(Entry.log, Entry.seq)
        entries = conn.execute(query).all()
    assert all(a.at <= b.at for a, b in pairwise(entries) if a.log == b.log)
    assert max(entry.at for entry in entries) <= clock.now()
    actors = [json.loads(entry.body)["actor"] for entry in entries]
    guests = [one for one in actors if one["kind"] == "participant"]
    assert guests
    assert all(one["auth"] == "link" and one["link"] for one in guests)


def _every_file_is_what_was_sent(store: Store) -> None:
    files = rows(FileRow)
    assert {row.media_type for row in files} == {"application/pdf", "image/jpeg"}
    for row in files:
        assert store.verify(row.storage_id, row.sha256)
    owed = rows(Outgoing, kind="file.show", state="pending")
    assert {row.ref["file"] for row in owed} == {row.id for row in files}
    assert all(clock.now() - row.due_at < timedelta(minutes=1) for row in owed)
    assert {row.attempts for row in owed} == {0}, "nobody has tried to paint any"
    names = [row.name for row in files]
    assert all(re.fullmatch(r"[\w &.()-]+\.(pdf|jpg)", name) for name in names)


def _anybody_can_sign_in() -> None:
    for one in STAFF:
        assert sign_in.sign_in(one.email, SIGN_IN[1], ip="192.0.2.9", agent=None)


def _the_newest_mail_makes_a_supplier(mailbox: Mailbox) -> None:
    newest = mailbox.newest(limit=1)[0]
    assert newest.subject.startswith("Tell us about your company: Onboard Newcomer & Daughters")
    [link] = Opened(mailbox.content(newest.id) or b"").links
    token = link.rpartition("/t/")[2]
    entered = links.enter(token, browser=None, ip="192.0.2.9", agent=None)
    [task] = rows(Task, process_id=entered.process_id)
    assert (task.step, task.state) == ("details", "open")
