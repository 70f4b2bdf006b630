"""What was erased is nowhere any more, and the chain of what happened still verifies."""

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import sqlalchemy as sa

from app import create_app
from portal import db, fault
from portal.access import holds as standing
from portal.actions import (
    batches,
    changes,
    definitions,
    erasures,
    holds,
    launches,
    processes,
    retention,
    selections,
    stretches,
    trails,
)
from portal.clock import Clock
from portal.delivery import erased as listed
from portal.delivery.storage import Store
from portal.engine.personal import ERASED
from portal.errors import Conflict, Faulty, NotYours
from portal.ledger import audit, verify
from portal.ledger.findings import SOUND, Report
from portal.models import (
    AddedStep,
    Batch,
    BatchRow,
    Erasure,
    ErasurePart,
    FileRow,
    Hold,
    HouseRule,
    InsightParty,
    Link,
    Mail,
    Participant,
    Preference,
    Process,
    Room,
    Task,
    Trail,
)
from portal.readings import export, status, subject
from portal.settings import Settings
from tasks import erasures as jobs
from tasks import relay
from tests import makers, people
from tests.tasks import canaries
from tests.tasks.canaries import MARK, OTHER, WHO
from tests.web.callers import at_the_desk, by_token
from tests.web.participant.test_rooms import open_room

ADA, DANA = people.staff("ada"), people.staff("dana")
ASKED = {"basis": "request", "reference": "DSR 7"}


def erase(process: str) -> str:
    id_ = erasures.of_process(process, **ASKED, confirmed="erase", actor=ADA)
    relay.carry_out_here()
    return id_


def erase_person(email: str = WHO["email"]) -> str:
    id_ = erasures.of_person(email, **ASKED, confirmed=email, actor=ADA)
    relay.carry_out_here()
    return id_


def verdict(process: str) -> Report:
    with db.reading() as conn:
        lines = [line.encode() for line in export.lines(conn, process)]
    return verify.verify(lines)


def counts(erasure: str) -> dict[str, int]:
    with db.reading() as conn:
        query = sa.select(ErasurePart.counts).where(ErasurePart.erasure_id == erasure)
        return dict(conn.execute(query).scalars().one())


def state_of(erasure: str) -> list[tuple[str, str | None]]:
    with db.reading() as conn:
        query = sa.select(ErasurePart.state, ErasurePart.why).where(
            ErasurePart.erasure_id == erasure
        )
        return [tuple(row) for row in conn.execute(query.order_by(ErasurePart.process_id))]


@pytest.fixture
def process(house: Settings) -> str:
    return canaries.live(Store(house.storage_dir))


def test_p02_a_process_that_is_erased_holds_nothing_of_anybody(
    house: Settings, process: str, tmp_path: Path
) -> None:
    found = " ".join(canaries.in_database())
    for table in ("disclosures", "search", "mails", "troubles", "files", "drafts", "signals",
                  "participants", "tasks", "step_runs", "processes", "added_steps",
                  "definitions"):  # fmt: skip
        assert table in found, f"the scan finds what stands in {table} while it is there"
    assert list(canaries.on_disk(tmp_path))
    erasure = erase(process)
    assert canaries.in_database() == []
    assert list(canaries.on_disk(tmp_path)) == []
    assert verdict(process).verdict == SOUND
    assert verdict(process).erased > 50
    assert {"history", "files", "names and addresses", "answers"} <= set(counts(erasure))
    with db.reading() as conn:
        assert status.drift(conn, process) is None, "the skeleton still tells the same state"


def test_p02_of_a_person_goes_what_is_theirs_and_what_names_them(
    house: Settings, process: str, tmp_path: Path
) -> None:
    canaries.beside(process)
    relay.carry_out_here()
    # What colleagues wrote and that does not name her is theirs, and stays.
    theirs = {f"{MARK}-{word}" for word in ("company", "reference")}
    erase_person()
    left = [one for one in canaries.in_database() if not any(word in one for word in theirs)]
    names = [one for one in left if "zqxvera" in one or "zqxname" in one]
    assert names == []
    own = ("iban", "story", "row", "draft", "question", "blocked", "doubt", "declined", "file",
           "note", "ticked")  # fmt: skip
    assert [one for one in left if any(f"{MARK}-{word}" in one for word in own)] == []
    on_disk = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()).lower()
    for word in (b"zqxvera", b"zqxname", b"zqx-iban", b"zqx-content", b"zqx-picture"):
        assert word not in on_disk, word
    assert verdict(process).verdict == SOUND
    [otto] = [
        one
        for one in makers.rows(Participant, process_id=process, role="other")
        if one.email == OTHER["email"]
    ]
    assert otto.name == OTHER["name"], "others keep what is theirs"
    assert not makers_rows(Preference)


@pytest.mark.parametrize("typed", ["Örjan Ångström", "ÖRJAN ÅNGSTRÖM", "Ann Straße"])
def test_a_name_with_letters_beyond_english_goes_from_what_staff_kept_too(
    house: Settings, typed: str
) -> None:
    who = {"email": "o@sea.example", "name": typed.title()}
    process = makers.start(makers.FORM, vendor=who)
    batch = selections.plan("cancel", [process], actor=DANA)
    with db.transaction() as tx:
        row = sa.update(BatchRow).where(BatchRow.batch_id == batch)
        # As of a sheet of which nothing was started: it is of no process.
        tx.execute(row.values(given={"cells": [typed]}, label=typed, process_id=None))
        asked = sa.update(Batch).where(Batch.id == batch)
        tx.execute(asked.values(details={"reason": f"{typed} asked"}))
    processes.cancel(process, "Enough.", actor=DANA)
    erase_person(who["email"])
    [sheet] = makers.rows(Batch, id=batch)
    [told] = [one for one in makers_rows(BatchRow) if one.batch_id == batch]
    assert (told.given, told.label, sheet.details) == ({}, ERASED, {})


def test_p02_what_was_drafted_for_a_process_goes_with_it_done_or_not(house: Settings) -> None:
    process = makers.start(makers.FORM, vendor={"email": "c@sea.example", "name": "Zqxcher"})
    for kind in ("remind", "cancel"):
        selections.plan(kind, [process], actor=DANA)
    assert [one.given["who"] for one in makers_rows(BatchRow)] == ["Zqxcher", "Zqxcher"]
    processes.cancel(process, "Enough.", actor=DANA)
    erase(process)
    rows = makers_rows(BatchRow)
    assert [(one.label, set(one.given.values())) for one in rows] == [(ERASED, {None})] * 2


def test_the_table_of_a_sheet_can_be_had_once_a_process_of_it_is_erased(house: Settings) -> None:
    makers.publish(makers.FORM)
    sheet = [(1, ["vendor.email", "vendor.name"]), (2, ["c@sea.example", "Zqxcher"])]
    batch = launches.plan("demo", "suppliers.csv", sheet, actor=DANA)
    batches.begin(batch, actor=DANA)
    relay.carry_out_here()
    [process] = [one.process_id for one in makers_rows(BatchRow)]
    processes.cancel(process, "Enough.", actor=DANA)
    erase(process)
    told = at_the_desk(create_app(house), "ada").call("GET", f"/batches/{batch}/result.csv", {})
    assert told.status_code == 200
    assert told.text.splitlines()[1].startswith(f"2,done,{ERASED},{process}")


def makers_rows(model: type) -> list[Any]:
    with db.reading() as conn:
        return list(conn.execute(sa.select(model.__table__)))  # type: ignore[attr-defined]


def test_what_is_shown_before_is_what_goes(house: Settings, process: str) -> None:
    with db.reading() as conn:
        plan, why = erasures.foretell(conn, process)
    assert why is None
    assert counts(erase(process)) == dict(plan.counts)


def test_a_second_time_nothing_is_left_to_erase(house: Settings, process: str) -> None:
    erase(process)
    before = makers.types(process)
    erase(process)
    assert makers.types(process) == before, "no tombstone for nothing"


def test_it_may_be_carried_out_by_two_workers_at_once_and_happens_once(
    house: Settings, process: str
) -> None:
    id_ = erasures.of_process(process, **ASKED, confirmed="erase", actor=ADA)
    assert erasures.carry_out(id_, process) == "done"
    n = len(makers.types(process))
    assert erasures.carry_out(id_, process) == "done"
    assert len(makers.types(process)) == n


def test_the_tombstone_says_who_when_why_and_what_kinds(house: Settings, process: str) -> None:
    erasure = erase(process)
    [event, *_] = makers.events(process, "disclosure.erased")
    assert event["data"]["basis"] == "request"
    assert event["data"]["erasure"] == erasure
    assert "files" in event["data"]["kinds"]
    assert event["actor"]["ref"] == "ada"
    [row] = makers.rows(Erasure, id=erasure)
    assert (row.reference, row.asked_by, row.kind) == ("DSR 7", "ada", "process")
    assert row.ended_at is not None


def test_the_steps_that_were_added_lose_their_words_and_can_still_be_read(
    house: Settings, process: str
) -> None:
    erase(process)
    assert {one.source for one in makers.rows(AddedStep, process_id=process)} == {"Erased"}
    from portal.models import trees

    with db.reading() as conn:
        tree = trees.tree(conn, makers.process(process).definition_id)
    assert str(tree.step("extra").name) == "Erased"
    assert str(tree.step("papers").name) != "Erased"


def test_what_still_runs_is_refused_with_a_sentence(house: Settings) -> None:
    running = makers.start(makers.FORM)
    with pytest.raises(Conflict, match="finish or cancel it first"):
        erasures.of_process(running, **ASKED, confirmed="erase", actor=ADA)


def test_of_a_person_what_still_runs_is_taken_up_when_it_has_ended(
    house: Settings, clock: Clock
) -> None:
    closed, running = makers.start(makers.FORM), makers.start(makers.FORM)
    processes.cancel(closed, "Not needed.", actor=DANA)
    erasure = erase_person(people.VERA["email"])
    assert sorted(state_of(erasure)) == [("done", None), ("left", "running")]
    processes.cancel(running, "Neither.", actor=DANA)
    clock.advance(days=1)
    jobs.keep_time()
    relay.carry_out_here()
    assert state_of(erasure) == [("done", None)] * 2
    assert makers.rows(Erasure, id=erasure)[0].ended_at is not None


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ({"basis": "because"}, "basis"),
        ({"reference": "Vera’s letter"}, "reference"),
        ({"confirmed": "yes"}, "confirm"),
    ],
)
def test_each_thing_that_is_missing_is_told_at_its_place(
    house: Settings, given: dict[str, str], at: str
) -> None:
    one = makers.start(makers.FORM)
    asked = {**ASKED, "confirmed": "erase", **given}
    with pytest.raises(Faulty) as refused:
        erasures.of_process(one, **asked, actor=ADA)
    assert [found.at for found in refused.value.faults] == [at]


def test_it_is_for_admins_alone(house: Settings) -> None:
    one = makers.start(makers.FORM)
    for actor in (DANA, people.staff("aud")):
        with pytest.raises(NotYours):
            erasures.of_process(one, **ASKED, confirmed="erase", actor=actor)


def test_people_with_an_account_are_not_erased_here(house: Settings) -> None:
    email = "dana@example.com"
    with pytest.raises(Conflict, match="account"):
        erasures.of_person(email, **ASKED, confirmed=email, actor=ADA)


# Legal holds


def hold_process(process: str) -> str:
    return holds.on_process(process, "Claim 12", actor=DANA)


def hold_definition(process: str) -> str:
    return holds.on_definition("demo", "Claim 12", actor=DANA)


def hold_person(process: str) -> str:
    return holds.on_person(people.VERA["email"], "Claim 12", actor=ADA)


@pytest.mark.parametrize("place", [hold_process, hold_definition, hold_person])
def test_p02_a_hold_forbids_it_with_its_reason_until_it_is_lifted(
    house: Settings, place: Callable[[str], str]
) -> None:
    process = makers.start(makers.FORM)
    processes.cancel(process, "Not needed.", actor=DANA)
    hold = place(process)
    with pytest.raises(Conflict, match=r"legal hold.*Claim 12\."):
        erasures.of_process(process, **ASKED, confirmed="erase", actor=ADA)
    with pytest.raises(Conflict, match="already"):
        place(process)
    holds.lift(hold, "Settled", actor=ADA)
    erase(process)
    assert makers.process(process).title == "Erased"
    [row] = makers.rows(Hold, id=hold)
    assert (row.reason, row.email) == (None, None)


@pytest.mark.parametrize(
    ("mine", "other"),
    [("Ann@Straße.example", "ann@strasse.example"), ("İan@Sea.example", "ian@sea.example"),
     ("anna.ﬁ@sea.example", "anna.fi@sea.example")],
)  # fmt: skip
def test_an_address_is_one_and_the_same_to_holds_erasures_and_copies_and_no_look_alike_is(
    house: Settings, mine: str, other: str
) -> None:
    made = [makers.start(makers.FORM, participants={"vendor": {"email": one, "name": "Ann B"}})
            for one in (mine, other)]  # fmt: skip
    for one in made:
        processes.cancel(one, "Not needed.", actor=DANA)
    typed = f" {mine.upper()} " if mine.upper().lower() == mine.lower() else f" {mine} "
    hold = holds.on_person(typed, "Claim 12", actor=ADA)
    with db.reading() as conn:
        assert set(standing.on_processes(conn, made)) == {made[0]}
        assert [one.process_id for one in subject.parts(conn, typed)] == made[:1]
    with pytest.raises(Conflict, match="legal hold"):
        erase_person(typed)
    holds.lift(hold, "Settled", actor=ADA)
    assert state_of(erase_person(typed)) == [("done", None)]
    emails = {row.process_id: row.email for row in makers.rows(Participant, role="vendor")}
    assert emails == {made[0]: None, made[1]: other}


@pytest.mark.parametrize("place", [hold_process, hold_definition, hold_person])
def test_two_who_place_it_at_once_place_one_hold_and_later_it_can_be_placed_anew(
    house: Settings, place: Callable[[str], str]
) -> None:
    process = makers.start(makers.FORM)
    with ThreadPoolExecutor(8) as crowd:
        told = list(crowd.map(lambda _: attempted(lambda: place(process)), range(8)))
    [hold] = [one for one in told if one is not None]
    holds.lift(hold, "Settled", actor=ADA)
    assert place(process) != hold


def attempted(place: Callable[[], str]) -> str | None:
    try:
        return place()
    except Conflict:
        return None


def test_a_hold_that_comes_between_asking_and_erasing_wins(house: Settings) -> None:
    process = makers.start(makers.FORM)
    processes.cancel(process, "Not needed.", actor=DANA)
    id_ = erasures.of_process(process, **ASKED, confirmed="erase", actor=ADA)
    hold_process(process)
    assert erasures.carry_out(id_, process) == "left"
    assert makers.process(process).title == "Demo"


def test_a_hold_on_a_process_is_in_its_ledger_and_every_hold_in_the_book(house: Settings) -> None:
    process = makers.start(makers.FORM)
    holds.lift(hold_process(process), "Settled", actor=DANA)
    assert [one for one in makers.types(process) if one.startswith("hold.")] == [
        "hold.placed", "hold.lifted",
    ]  # fmt: skip
    from portal.models import BookEntry

    kinds = [row.kind for row in makers.rows(BookEntry)]
    assert kinds[-2:] == ["hold-placed", "hold-lifted"]
    with pytest.raises(NotYours):
        holds.on_process(process, "Mine", actor=people.staff("olga"))


def test_only_whoever_put_a_hold_there_and_admins_lift_it(house: Settings) -> None:
    process = makers.start(makers.FORM)
    for hold in (
        holds.on_process(process, "Claim 12", actor=ADA),
        holds.on_definition("demo", "Claim 12", actor=ADA),
    ):
        with pytest.raises(NotYours):  # though she answers for both
            holds.lift(hold, "I say so", actor=DANA)
        holds.lift(hold, "Settled", actor=ADA)


# Retention


def test_nobody_but_an_admin_has_anything_erased_sooner_by_publishing(
    house: Settings, clock: Clock
) -> None:
    process = makers.start(makers.FORM, head=makers.HEAD)
    processes.cancel(process, "Not needed.", actor=DANA)
    clock.advance(days=9)
    mine = makers.HEAD.replace("\nroles:", "\nretention: 1 day\nroles:")
    text = f"{mine}steps:\n{makers.FORM}\n"
    for actor in (people.staff("olga"), DANA):
        with pytest.raises(Faulty, match="only an admin may have them erased after 1 day"):
            definitions.publish(text, actor=actor)
    assert retention.run() == 0
    longer = text.replace("1 day", "2 years")
    definitions.publish(longer, actor=ADA)
    definitions.publish(longer.replace("2 years", "3 years"), actor=DANA)
    with db.transaction() as tx:
        row = {"name": "retention_days", "value": [1], "changed_at": tx.now}
        tx.execute(sa.insert(HouseRule).values(row))
    with pytest.raises(Faulty):  # nor by leaving it to a house that keeps for less
        definitions.publish(longer.replace("retention: 2 years\n", ""), actor=DANA)


def aged(rule: str, *, house_days: int | None = None) -> list[str]:
    """Three processes that were cancelled, and a fourth that runs."""
    head = makers.HEAD.replace("name: Demo\n", f"name: Demo\n{rule}", 1)
    made = [makers.start(makers.FORM, head=head), *(makers.start_again() for _ in range(3))]
    for process in made[:3]:
        processes.cancel(process, "Not needed.", actor=DANA)
    if house_days:
        with db.transaction() as tx:
            row = {"name": "retention_days", "value": [house_days], "changed_at": tx.now}
            tx.execute(sa.insert(HouseRule).values(row))
    return made


def dry(clock: Clock) -> dict[str, str | None]:
    from portal import clock as house_clock

    with db.reading() as conn:
        return {one.process_id: one.hold for one in retention.due(conn, house_clock.now())}


def erased_ones() -> set[str]:
    return {row.id for row in makers.rows(Process) if row.title == "Erased"}


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("retention: 2 years\n", None),
        ("retention: {keep: 24 months, basis: The tax code.}\n", None),
        ("", 730),
    ],
)
def test_p03_the_dry_run_lists_just_what_the_run_erases(
    house: Settings, clock: Clock, rule: str, days: int | None
) -> None:
    made = aged(rule, house_days=days)
    assert dry(clock) == {}
    hold_process(made[1])
    clock.advance(days=731)
    listed_ones = dry(clock)
    assert listed_ones == {made[0]: None, made[1]: "Claim 12.", made[2]: None}
    jobs.keep_time()
    relay.carry_out_here()
    assert erased_ones() == {made[0], made[2]}
    assert dry(clock) == {made[1]: "Claim 12."}, "what is on hold is still due"
    jobs.keep_time()
    relay.carry_out_here()
    assert len(makers.rows(Erasure)) == 1, "a second night finds nothing"
    assert verdict(made[0]).verdict == SOUND


def test_without_a_rule_nothing_goes_by_itself(house: Settings, clock: Clock) -> None:
    aged("")
    clock.advance(days=10_000)
    assert dry(clock) == {}
    with db.reading() as conn:
        from portal import clock as house_clock

        [rule] = retention.rules(conn, house_clock.now())
    assert (rule.by, rule.closed, rule.due, rule.running) == ("", 3, 0, 1)


# What lies beside the database


def test_bytes_go_after_the_commit_however_often_the_worker_dies(
    house: Settings, process: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [file] = makers.rows(FileRow, process_id=process)
    id_ = erasures.of_process(process, **ASKED, confirmed="erase", actor=ADA)
    erasures.carry_out(id_, process)
    assert Store(house.storage_dir).path(file.storage_id).exists(), "not before the commit"
    monkeypatch.setattr(fault, "at", _dying_once())
    relay.carry_out_here()
    assert not Store(house.storage_dir).path(file.storage_id).exists()
    assert not (house.data_dir / listed.FILE).exists(), "the list is written last"


def _dying_once() -> Callable[[str], None]:
    def at(name: str) -> None:
        if name == "F10":
            raise RuntimeError("the worker died")

    return at


def test_an_old_backup_is_erased_anew_from_the_list(
    house: Settings, process: str, tmp_path: Path, clock: Clock
) -> None:
    erase(process)
    lines = list(listed.lines(house.data_dir / listed.FILE))
    assert [line["process"] for line in lines] == [process]
    assert MARK not in json.dumps(lines)
    with db.transaction() as tx:  # as after a restore: it stands there again, and no erasure
        tx.execute(sa.delete(ErasurePart))
        tx.execute(sa.delete(Erasure))
        again = sa.update(Process).where(Process.id == process)
        tx.execute(again.values(title=f"{MARK} is back"))
    clock.advance(days=1)
    assert erasures.replay(lines) == 1
    relay.carry_out_here()
    assert canaries.in_database() == []
    assert erasures.replay(lines) == 0, "a second time nothing is owed"


def test_an_auditor_who_was_erased_is_so_again_after_an_old_backup(
    house: Settings, clock: Clock
) -> None:
    who = "ines@audit.example"
    makers.publish(makers.FORM)
    room = open_room(clock, email=who)
    erase_person(who)
    lines = list(listed.lines(house.data_dir / listed.FILE))
    with db.transaction() as tx:  # as after a restore: they are known again
        again = sa.update(Room).where(Room.id == room)
        tx.execute(again.values(auditor="Ines Audit", email=who, revoked_at=None))
    erasures.replay(lines)
    [left] = makers.rows(Room)
    assert (left.auditor, left.email, left.revoked_at is None) == (ERASED, "", False)


def test_half_a_line_of_a_writer_that_died_keeps_no_later_one_off_the_list(tmp_path: Path) -> None:
    path, told = tmp_path / listed.FILE, [{"erasure": n, "process": n} for n in "abc"]
    listed.note(tmp_path, told[0])
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"erasure": "b", "pro')
    for line in (*told[1:], told[0]):
        listed.note(tmp_path, line)
    assert list(listed.lines(path)) == told
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_outside_address_is_counted_under_a_digest_that_nobody_can_guess(
    house: Settings, clock: Clock
) -> None:
    process = makers.start(makers.FORM)
    clock.advance(days=1)
    makers.fill(process, company="Sea")
    while stretches.follow():
        pass
    plain = hashlib.sha256(people.VERA["email"].encode()).hexdigest()[:32]
    with db.reading() as conn:
        parties = set(conn.execute(sa.select(InsightParty.party)).scalars())
    assert any(party.startswith("outside:") for party in parties)
    assert f"outside:{plain}" not in parties


def test_the_other_half_of_the_mails_stays_without_whom_and_what(
    house: Settings, process: str
) -> None:
    n = len(makers.rows(Mail, process_id=process))
    erase(process)
    left = makers.rows(Mail, process_id=process)
    assert len(left) == n
    assert {(one.to, one.subject) for one in left} == {("", "")}


def test_a_process_of_which_a_step_was_skipped_and_moved_is_erased_too(house: Settings) -> None:
    process = makers.start(makers.FORM)
    changes.skip(process, "details", f"{MARK} is ill.", actor=DANA)
    assert makers.process(process).state == "completed"
    erase(process)
    assert canaries.in_database() == []


def test_the_nightly_look_over_takes_an_erasure_for_what_it_is(
    house: Settings, process: str
) -> None:
    erase(process)
    with db.reading() as conn:
        assert audit.fault_in_values(conn, process) is None


@pytest.mark.parametrize("how", [erase, lambda _process: erase_person()])
def test_p02_no_page_no_call_and_no_pdf_shows_it_and_none_breaks(
    house: Settings, process: str, how: Callable[[str], str]
) -> None:
    link = sorted(makers.rows(Link, process_id=process), key=lambda row: row.made_at)[0]
    how(process)
    app = create_app(house)
    ada, tool = at_the_desk(app, "ada").client, by_token(app, "ada")
    base, api = f"/processes/{process}", f"/api/v1/processes/{process}"
    tasks = [row.id for row in makers.rows(Task, process_id=process)]
    pages = [
        base, f"{base}/erase", "/", "/processes", "/tasks", "/exceptions", "/privacy", "/book",
        "/insights", f"/timeline/{process}", "/timeline", "/search?q=zqx", f"{base}/ledger",
        *(f"/tasks/{task}" for task in tasks),
    ]  # fmt: skip
    calls = [api, f"{api}/events", f"{api}/ledger", f"/api/v1/tasks?process={process}"]
    gone = ("zqxvera", "zqxname", "zqx-iban", "zqx-story", "zqx-file", "zqx-question")
    for path in pages:
        answer = ada.get(path, follow_redirects=True)
        assert answer.status_code < 500, path
        text = answer.text.replace("q=zqx", "").lower()
        assert not [word for word in gone if word in text], path
    for path in calls:
        answer = app.test_client().get(path, headers={"Authorization": f"Bearer {tool.bearer}"})
        assert answer.status_code == 200, path
        assert not [word for word in gone if word in answer.text.lower()], path
    door = app.test_client().get(f"/t/{canaries.token(link)}")
    assert door.status_code < 500
    trails.ask(process, actor=ADA)
    relay.carry_out_here()
    [trail] = makers.rows(Trail, process_id=process)
    with Store(house.storage_dir).open(trail.storage_id) as file:
        pdf = pypdfium2.PdfDocument(file.read())
    text = "".join(page.get_textpage().get_text_range() for page in pdf).lower()
    assert not [word for word in gone if word in text]
    assert "erased" in text


def test_the_log_names_nobody_and_tells_nothing_of_what_they_wrote(
    house: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    erase(canaries.live(Store(house.storage_dir)))
    said = "".join(capfd.readouterr()).lower()
    assert MARK not in said
