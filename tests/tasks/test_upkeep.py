"""Signs of life, alarms, checkpoints, pruning, and a look over the stored ledgers."""

import io
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from portal import clock as house_clock
from portal import db
from portal.actions import people as verbs
from portal.actions import processes, reviews, uploads
from portal.certificates import Certificate
from portal.clock import Clock
from portal.delivery.storage import Store
from portal.ledger.tables import Checkpoint, Outgoing
from portal.models import FileRow, Heartbeat, InsightCount, StaffSession
from portal.settings import Sealing, Settings
from tasks import job, upkeep
from tests import makers, people, seals
from tests.conftest import MONDAY
from tests.servers import Smtp
from tests.tasks.conftest import post


def beats() -> dict[str, object]:
    """The signs of life by role."""
    with db.reading() as conn:
        return dict(conn.execute(db.sa.select(Heartbeat.name, Heartbeat.told_at)).all())


def test_a_dead_worker_is_told_to_the_admins_once(
    house: Settings, smtp: Smtp, clock: Clock
) -> None:
    upkeep.beat("worker")
    for _ in range(30):
        clock.advance(seconds=10)
        upkeep.beat("scheduler")
    [letter] = smtp.to("ada@example.com")
    assert letter.message["Subject"] == "Sea Works: no worker is running"
    assert "portal doctor" in letter.text
    upkeep.beat("worker")
    assert beats() == {"worker": None, "scheduler": None}


def test_a_dead_scheduler_is_told_by_the_worker(house: Settings, smtp: Smtp, clock: Clock) -> None:
    upkeep.beat("scheduler")
    for _ in range(4):
        upkeep.beat("worker")
        clock.advance(minutes=1)
    assert len(smtp.to("ada@example.com")) == 1


def test_nobody_is_accused_after_a_sleep(house: Settings, smtp: Smtp, clock: Clock) -> None:
    for _ in range(3):
        upkeep.beat("scheduler")
        upkeep.beat("worker")
        clock.advance(days=1)
    assert not smtp.letters


def test_every_ledger_with_news_is_under_a_checkpoint(asked: str, house: Settings) -> None:
    upkeep.checkpoint()
    upkeep.checkpoint()
    assert len(rows(Checkpoint)) == 1
    makers.fill(asked, company="Sea")
    upkeep.checkpoint()
    assert len(rows(Checkpoint)) == 2


def rows(model: type) -> list[object]:
    with db.reading() as conn:
        return list(conn.execute(db.sa.select(model.__table__)).all())  # type: ignore[attr-defined]


def test_the_review_comes_with_figures_and_not_after_it_was_confirmed(
    house: Settings, smtp: Smtp, clock: Clock
) -> None:
    head = makers.HEAD + "review_every: 4 weeks\n"
    done = makers.start(makers.FORM, head=head)
    makers.fill(done, company="Sea")
    broken = makers.start_again()
    processes.cancel(broken, "Not needed.", actor=people.staff("dana"))
    post()
    clock.advance(days=28)
    upkeep.ask_reviews()
    upkeep.ask_reviews()
    post()
    [letter] = [x for x in smtp.to("dana@example.com") if "still hold" in x.message["Subject"]]
    assert letter.message["Subject"] == "Does this still hold: Demo"
    for line in (
        "2 started and 0 exceptions opened",
        "Outcome: 1 completed (50 %) and 1 cancelled (50 %)",
        "How long: half within a moment",
        "Version 1 stands since",
    ):
        assert line in letter.text
    assert "https://portal.example/definitions/demo" in letter.text
    clock.advance(days=28)
    upkeep.ask_reviews()
    reviews.confirm("demo", actor=people.staff("dana"))
    before = len(smtp.to("dana@example.com"))
    post()
    assert len(smtp.to("dana@example.com")) == before


def test_whose_sign_in_was_changed_hears_of_it(house: Settings, smtp: Smtp) -> None:
    changed = {"name": "Dana Owner", "role": "member", "password": "a long new password"}
    ada = people.staff("ada")
    verbs.add_user("dana@example.com", **changed, actor=ada)
    post()
    [letter] = smtp.to("dana@example.com")
    assert letter.message["Subject"] == "Your sign-in at Sea Works was changed"
    assert "Ada Admin changed Dana Owner, as member and with a new password." in letter.text
    assert "from the address 192.0.2.1" in letter.text
    assert "https://portal.example/me" in letter.text
    post()
    assert len(smtp.to("dana@example.com")) == 1


def test_an_owner_reads_that_exceptions_doubled(house: Settings, smtp: Smtp) -> None:
    makers.publish(makers.FORM)
    told = [(8, "started", 40), (8, "exceptions", 4), (1, "started", 20), (1, "exceptions", 6)]
    weeks = [
        {"week": MONDAY.date() - timedelta(weeks=n), "definition": "demo", "what": what, "n": many}
        for n, what, many in told
    ]
    with db.transaction() as tx:
        tx.execute(sa.insert(InsightCount), weeks)
    upkeep.tell_of_doubled()
    upkeep.tell_of_doubled()
    post()
    [letter] = smtp.to("dana@example.com")
    assert letter.message["Subject"] == "Twice as many exceptions: Demo"
    assert '6 exceptions opened in processes of "Demo" (20 started).' in letter.text
    assert "https://portal.example/insights?definition=demo&weeks=26" in letter.text


def test_done_effects_are_dropped_after_a_month(asked: str, clock: Clock, smtp: Smtp) -> None:
    post()
    upkeep.prune()
    assert rows(Outgoing)
    clock.advance(days=31)
    upkeep.prune()
    assert not rows(Outgoing)


def test_staff_sessions_are_dropped_after_a_month_ended_or_not(
    house: Settings, clock: Clock
) -> None:
    with db.transaction() as tx:
        for number, ended_at in enumerate([house_clock.now(), None]):
            row = {"id": f"s{number}", "user_id": "dana", "secret_sha256": str(number),
                   "started_at": tx.now, "seen_at": tx.now, "ended_at": ended_at,
                   "ip": None, "agent": None}  # fmt: skip
            tx.execute(db.sa.insert(StaffSession), row)
    clock.advance(days=29)
    upkeep.prune()
    assert len(rows(StaffSession)) == 2
    clock.advance(days=2)
    upkeep.prune()
    assert not rows(StaffSession)


def test_bytes_without_a_row_go_after_a_day(house: Settings, clock: Clock) -> None:
    store = Store(house.storage_dir)
    stored = store.put(io.BytesIO(b"left behind"), max_bytes=100)
    files = [path for path in house.storage_dir.rglob("*") if path.is_file()]
    for path in files:
        os.utime(path, (house_clock.now().timestamp(),) * 2)
    assert upkeep.sweep_files() == 0
    clock.advance(days=2)
    assert upkeep.sweep_files() == 1
    assert not store.verify(stored.id, stored.sha256)


def test_files_that_nobody_sent_are_removed_and_those_of_answers_stay(house: Settings) -> None:
    store = Store(house.storage_dir)
    steps = PAPERS + "  - id: review\n    assign: buyer\n    approval: {question: Well}\n"
    sent, left = makers.start(steps), makers.start_again()
    for content in "ab":  # the second takes the place of the first
        stage(sent, store, content)
    one = makers.task(sent, "papers")
    uploads.submit(one.id, actor=makers.actor_of(one))
    stage(left, store, "c")
    upkeep.prune()
    assert [row.state for row in makers.rows(FileRow)] == ["received", "staged"]
    processes.cancel(left, "Not needed.", actor=people.staff("dana"))
    upkeep.prune()
    [row] = makers.rows(FileRow)
    assert row.state == "received"
    assert [path.name for path in house.storage_dir.glob("??/*")] == [row.storage_id]


def test_admins_are_told_once_of_each_step_to_the_end_of_the_seals_certificate(
    house: Settings, smtp: Smtp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, now = tmp_path / "own.pem", house_clock.now()
    monkeypatch.setattr(job, "_settings", replace(house, sealing=Sealing(files=(file, file))))
    for days, said in ((61, None), (59, "in 59 days"), (58, None), (6, "in 6 days"), (-1, "ended")):
        file.write_bytes(seals.pem(seals.own("Sea Ltd", ends=now + timedelta(days=days))))
        fingerprint = "the same"  # of one certificate, as days go by
        monkeypatch.setattr(Certificate, "fingerprint", fingerprint)
        before = len(makers.rows(Outgoing, kind="mail.alarm"))
        upkeep.watch_seal()
        upkeep.watch_seal()
        told = makers.rows(Outgoing, kind="mail.alarm")[before:]
        assert [said is not None and said in one.ref["sentence"] for one in told] == (
            [True] if said else []
        )
    post()
    assert {letter.subject for letter in smtp.letters} >= {"Sea Works: the certificate of the seal"}


PAPERS = "  - id: papers\n    assign: vendor\n    upload: {documents: [{id: tax, name: Tax}]}\n"


def stage(process: str, store: Store, content: str) -> None:
    """A file that really is in the store, staged for the process."""
    kept = store.put(io.BytesIO(content.encode()), max_bytes=10)
    one = makers.task(process, "papers")
    file = replace(makers.arrived("tax", content), storage_id=kept.id, sha256=kept.sha256)
    uploads.stage(one.id, [file], actor=makers.actor_of(one))
