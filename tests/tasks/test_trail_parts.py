"""What an auditor looks for in the pages of a trail, and in the file around them."""

import io
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest
import sqlalchemy as sa

from portal import db
from portal.actions import processes, tasks, trails
from portal.cli.verify import verify
from portal.clock import Clock
from portal.delivery import pdf_reading
from portal.delivery.seal import Seal
from portal.delivery.storage import Store
from portal.engine import troubles
from portal.engine.running import Running
from portal.errors import Faulty
from portal.ledger import catalogue as c
from portal.ledger import judging, record
from portal.ledger.findings import SOUND
from portal.ledger.tables import Disclosure
from portal.models import FileRow, Trail
from portal.readings import export, timeline
from tasks import typeset
from tests import makers, people, seals
from tests.delivery.receivers import Receiver, answering, receiver
from tests.ledger.stories import ENGINE

DANA = people.staff("dana")
STEPS = """\
  - id: details
    name: Tell us of your firm
    assign: vendor
    form: {fields: [{id: company, type: text, label: Company}]}
  - {id: papers, assign: vendor, upload: {documents: [{id: contract, name: Contract}]}}
  - id: review
    assign: buyer
    approval: {question: Are they sound?, show: [details, papers], on_changes: {return_to: details}}
  - {id: seal, name: Sign the terms, assign: vendor, verify: link, sign: {statement: "We agree."}}
"""


@pytest.fixture(autouse=True)
def cast(database: db.Database, clock: Clock) -> None:
    people.settle()


@pytest.fixture
def seal(tmp_path: Path) -> Seal:
    return Seal.of(tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "files")


def built(
    process: str, seal: Seal, carry: Store | None = None, *, unsealed: bool = False, **make: str
) -> bytes:
    asked = trails.ask(process, with_files=carry is not None, actor=DANA)
    [row] = makers.rows(Trail, id=asked)
    trails.anchor(process, seal, row.seq)
    with db.reading() as conn:
        pages = seals.trail(
            conn, process, row.seq, brand="Sea Works", tz="Europe/Berlin", carry=carry,
            public_key=str(seal.public_key), **make,  # type: ignore[arg-type]
        )  # fmt: skip
    return pages if unsealed else seals.sealed(pages, seal)


def judged(content: bytes, seal: Seal, tmp_path: Path) -> int:
    file = tmp_path / "trail.pdf"
    file.write_bytes(content)
    status: int = verify.main([str(file), "--key", str(seal.public_key)], standalone_mode=False)
    return status


def sections(content: bytes, tmp_path: Path) -> dict[int, str]:
    """The text of each numbered section, without its spaces; 0 is the cover."""
    file = tmp_path / "trail.pdf"
    file.write_bytes(content)
    plain = "".join(pdf_reading.text(file).split())
    marks = [f"{n}{''.join(name.split())}" for n, name in enumerate(SECTIONS, 1)]
    places = [plain.index(mark) for mark in marks]
    assert places == sorted(places)
    ends = [*places, len(plain)]
    return {n: plain[start:end] for n, (start, end) in enumerate(zip([0, *places], ends))}  # noqa: B905


SECTIONS = (
    "Summary", "Who took part, and how each was verified",
    "What was put before them, answered and decided", "Documents", "Signatures",
    "Who was given what, and when they took it up",
    "Deadlines, reminders and what was said of tasks",
    "Mail and links: what was sent, what came back, what was opened",
    "Exceptions and interventions, with their reasons", "Every event", "How to check this",
    "Not proved by this file",
)  # fmt: skip


def came(store: Store, content: bytes, name: str = "contract.pdf") -> makers.uploads.Arrived:
    kept = store.put(io.BytesIO(content), max_bytes=1 << 20)
    return makers.uploads.Arrived(
        document="contract", name=name, size=kept.size, sha256=kept.sha256,
        media_type="application/pdf", storage_id=kept.id,
    )  # fmt: skip


def add(process: str, *events: c.Event) -> None:
    with db.transaction() as tx:
        chain = record.open_chain(tx, process)
        for event in events:
            chain.add(event, actor=ENGINE)  # type: ignore[arg-type]


def lived(store: Store, clock: Clock) -> str:
    """A process with all that can be told of one: a return, a bounce, an exception, a hand-over."""
    process = makers.start(STEPS, inputs={"amount": "12500"})
    first = makers.task(process, "details")
    add(process, c.LinkSent(mail="m1", to="vera@vendor.example", task=first.id, step="details"))
    clock.advance(hours=3)
    makers.fill(process, company="Sea Trading Ltd")
    makers.send(process, "papers", came(store, b"%PDF-1.7 first"))
    makers.decide(process, "request_changes", items=["details.company"], comment="Look again.")
    second = makers.task(process, "details")
    add(
        process,
        c.MailBounced(about="link", mail="m2", to="vera@vendor.example", said="550 no such user",
                      task=second.id, step="details"),
        c.ReminderSent(rung=1, label="1 day before", mail="m3", to="vera@vendor.example",
                       task=second.id, step="details"),
        c.DeadlineMissed(due_at="2026-11-25T09:00:00.000000Z", task=second.id, step="details"),
    )  # fmt: skip
    otto = {"email": people.OTTO["email"], "name": people.OTTO["name"]}
    tasks.reassign(second.id, otto, "Vera is away.", actor=DANA)
    makers.fill(process, company="Sea Ltd")
    makers.decide(process, comment="Sound now.")
    with db.transaction() as tx:
        running = Running.load(tx, process)
        troubles.open_trouble(running, "file", "The stored file was changed.", step=None)
    add(process, c.SignatureMade(
        round=1, method="typed", signature="Vera V.", agreement="I sign this.", task=None,
        statement="We agree.", sha256="ab" * 32, step="seal",
    ))  # fmt: skip
    return process


def test_e09_the_certificate_is_complete(
    seal: Seal, store: Store, clock: Clock, tmp_path: Path
) -> None:
    process = lived(store, clock)
    told = sections(built(process, seal, store), tmp_path)
    [file] = makers.rows(FileRow, process_id=process)
    digest = "".join(file.sha256)
    wanted = {
        0: ["AUDIT TRAIL", "Sea Works", process, "Still running", "Europe/Berlin", "state=running"],
        1: ["Answers and decisions", "Mail", "1 refused, see section 8", "of which 1 still open"],
        2: ["vera@vendor.example", "reached the mailbox: came in by the link", "198.51.100.7",
            "signed in to the portal with a password", "Devices", "1 refused"],
        3: ["Sea Trading Ltd", "Sea Ltd", "Are they sound?", "Put before them",
            "“Tell us of your firm” [event", "asked for changes", "Look again.", "Sound now."],
        4: ["contract.pdf", "14 bytes", digest, "not scanned for malware", "(Berlin), from Vera"],
        5: ["Vera V.", "I sign this.", "We agree.", "ab" * 32, "not recorded"],
        6: ["Offered to", "Given to", "Vera is away.", "Taken up", "instead of"],
        7: ["A reminder of", "1 day before", "was not done by"],
        8: ["The mail asking for", "550 no such user", "whether a mail was read is not known"],
        9: ["The stored file was changed.", "Vera is away."],
        10: ["process.started", "mail.bounced", "exception.opened", "task.reassigned", "UTC"],
        11: [str(seal.public_key), "portal verify", "checkpoint"],
        12: ["That nothing happened which was never written down.", "Who really read a mailbox"],
    }  # fmt: skip
    missing = [
        (number, fact)
        for number, facts in wanted.items()
        for fact in facts
        if "".join(fact.split()) not in told[number]
    ]
    assert missing == []
    times = re.findall(r"\d\d:\d\d:\d\d(?!\.)(.{8})", "".join(told[n] for n in range(10)))
    assert {zone for zone in times if not zone.startswith("(Berlin)")} == set()


def just_started(process: str) -> None:
    return


def migrated(process: str) -> None:
    version = makers.process(process).definition_id
    assert version
    add(process, c.ProcessMigrated(definition="demo", from_version=1, version=1,
                                   digest="aa" * 32, reason="A better text"))  # fmt: skip


def in_exception(process: str) -> None:
    with db.transaction() as tx:
        running = Running.load(tx, process)
        troubles.open_trouble(running, "file", "Lost.", step=None)


def cancelled(process: str) -> None:
    processes.cancel(process, "No longer needed", actor=DANA)


def erased(process: str) -> None:
    """Whatever could be erased is."""
    makers.fill(process, company="Sea")
    fields: dict[int, list[str]] = {}
    with db.reading() as conn:
        query = sa.select(Disclosure.seq, Disclosure.field).where(Disclosure.log == process)
        for seq, name in conn.execute(query):
            fields.setdefault(seq, []).append(name)
    with db.transaction() as tx:
        for seq, names in sorted(fields.items()):
            record.erase(tx, process, seq, names)
        chain = record.open_chain(tx, process)
        for seq, names in sorted(fields.items()):
            chain.add(c.DisclosureErased(seq=seq, fields=sorted(names), basis="request"),
                      actor=ENGINE)  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.parametrize("become", [just_started, migrated, in_exception, cancelled, erased])
def test_a_trail_is_built_and_sound_in_any_state(seal: Seal, tmp_path: Path, become) -> None:  # type: ignore[no-untyped-def]
    process = makers.start(STEPS)
    become(process)
    content = built(process, seal)
    assert judged(content, seal, tmp_path) == 0
    told = sections(content, tmp_path)
    if become is erased:
        assert "Sea" not in told[3]
        _each_loss_is_told_where_it_was(told)
    if become is just_started:
        assert "Nofilewasreceived" in told[4]
        assert "Nobodysigned" in told[5]


def _each_loss_is_told_where_it_was(told: dict[int, str]) -> None:
    """When, why and by which event, and nowhere that it was never known."""
    gone = r"erasedon[^()]*\(Berlin\)\(attheperson’srequest\)\[event\d+\]"
    places = {
        0: ["titlewaserased", "somebodywhosenamewaserased·"],
        1: ["Amount"],
        2: ["E-mailaddress", "Networkaddresses", "Devices"],
        3: ["Company"],
        10: ["deviceerased·"],
    }
    missing = [
        (number, place)
        for number, some in places.items()
        for place in some
        if not re.search(place + gone, told[number])
    ]
    assert missing == []
    assert [told[n].count("notrecorded") for n in (1, 3)] == [0, 0]
    known = [re.findall(".{50}nameisnotrecorded.{30}", one) for one in told.values()]
    assert known == [[]] * len(told)
    assert "noneaddress" not in told[10]


def test_who_may_see_a_process_and_what_keeps_it_are_told_as_interventions(
    seal: Seal, tmp_path: Path
) -> None:
    process = makers.start(STEPS)
    dana = makers.process(process).owner_id
    person = {"name": "Walter Who", "email": "walter@here.example"}
    add(
        process,
        c.HoldPlaced(hold="h1", reason="The court asked for it."),
        c.HoldLifted(hold="h1", reason="The case is closed."),
        c.SightGranted(to=str(dana), person=person),
        c.SightWithdrawn(to=str(dana), person=person),
    )
    told = sections(built(process, seal), tmp_path)[9]
    last = makers.events(process)[-1]["seq"]
    for fact in ("legal hold on the process", "The court asked for it.", "The case is closed.",
                 "Walter Who", f"[event {last - 3}]", f"[event {last}]"):  # fmt: skip
        assert "".join(fact.split()) in told
    assert told.count("WalterWho") == 2


HOSTILE = [
    "<img src=http://{at}/a.png>",
    "<link rel=attachment href=file:///etc/passwd>",
    "<style>@import url(http://{at}/b.css); p{{background:url(http://{at}/c.png)}}</style>",
    "</p></table><script src=//{at}/d.js></script>",
]


def test_w07_a_trail_fetches_nothing_and_shows_what_was_typed(
    seal: Seal, tmp_path: Path, store: Store
) -> None:
    with receiver(answering()) as listening:
        _hostile_text_is_only_text(listening, seal, tmp_path, store)


def _hostile_text_is_only_text(
    listening: Receiver, seal: Seal, tmp_path: Path, store: Store
) -> None:
    at = listening.url.removeprefix("http://").rstrip("/")
    typed = [one.format(at=at) for one in HOSTILE]
    vendor = {"email": people.VERA["email"], "name": f"Vera {typed[0]}"[:120]}
    process = makers.start(STEPS, vendor=vendor)
    makers.fill(process, company=typed[1])
    makers.send(process, "papers", came(store, b"%PDF", "<img src=x>.pdf"))
    makers.decide(process, "request_changes", items=["details.company"], comment=typed[2])
    processes.comment(process, typed[3], actor=DANA)
    content = built(process, seal)
    file = tmp_path / "trail.pdf"
    file.write_bytes(content)
    shown = "".join(pdf_reading.text(file).split())
    assert [one for one in typed if "".join(one.split()) not in shown] == []
    assert [name for name, _ in pdf_reading.enclosures(file)] == ["ledger.jsonl"]
    assert (listening.connections, listening.requests) == (0, [])
    assert judged(content, seal, tmp_path) == 0


def test_the_uploaded_files_are_in_it_on_wish(
    seal: Seal, store: Store, clock: Clock, tmp_path: Path
) -> None:
    process = lived(store, clock)
    content = built(process, seal, store)
    assert judged(content, seal, tmp_path) == 0
    with pikepdf.open(io.BytesIO(content)) as pdf:
        [ledger, carried] = pdf.Root.AF
        assert (str(ledger.AFRelationship), str(carried.AFRelationship)) == ("/Data", "/Supplement")
        assert str(carried.EF.F.Subtype) == "/application/pdf"
        name = str(carried.UF)
        assert re.fullmatch(r"event-\d+-contract.pdf", name)
        assert pdf.attachments[name].get_file().read_bytes() == b"%PDF-1.7 first"
    assert f"InthisPDF{name}" in sections(content, tmp_path)[4]


def test_an_uploaded_ledger_is_not_taken_for_the_trails_own(
    seal: Seal, store: Store, tmp_path: Path
) -> None:
    process, other = makers.start(STEPS), makers.start(STEPS)
    makers.fill(process, company="Sea Ltd")
    with db.reading() as conn:
        foreign = "".join(f"{line}\n" for line in export.lines(conn, other)).encode()
    makers.send(process, "papers", came(store, foreign, "theirs.pdf"))
    content = built(process, seal, store)
    assert judged(content, seal, tmp_path) == 0
    file = tmp_path / "trail.pdf"
    assert len(set(judging.carried(content))) == 2
    assert judging.judge(file, key=seal.public_key.raw).verdict == SOUND
    assert [one.log for one in judging.kept_in(file).receipts] == [process]


def test_a_file_that_was_changed_or_is_gone_stays_out_and_that_is_said(
    seal: Seal, store: Store, clock: Clock, tmp_path: Path
) -> None:
    process = lived(store, clock)
    [file] = makers.rows(FileRow, process_id=process)
    path = store.path(file.storage_id)
    path.chmod(0o600)
    path.write_bytes(b"%PDF-1.7 other")
    content = built(process, seal, store)
    assert "notinit:whatisstoredisnotwhatwasreceived" in sections(content, tmp_path)[4]
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert list(pdf.attachments) == ["ledger.jsonl"]


def test_more_than_a_pdf_carries_is_refused_in_a_sentence(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = lived(store, clock)
    monkeypatch.setattr(trails, "MOST_CARRIED", 10)
    with pytest.raises(Faulty, match="build the trail without them"):
        trails.ask(process, with_files=True, actor=DANA)
    assert trails.ask(process, actor=DANA)


def test_each_make_is_a_trail_of_its_own_and_paper_is_one_of_two() -> None:
    process = makers.start(STEPS)
    plain = trails.ask(process, actor=DANA)
    assert trails.ask(process, paper="Letter", actor=DANA) != plain
    assert trails.ask(process, with_files=True, actor=DANA) != plain
    assert trails.ask(process, actor=DANA) == plain
    with pytest.raises(Faulty, match="A4, Letter"):
        trails.ask(process, paper="A3", actor=DANA)


def test_it_is_pdf_a_3_tagged_with_headings_to_go_by(seal: Seal, tmp_path: Path) -> None:
    process = makers.start(STEPS)
    with pikepdf.open(io.BytesIO(built(process, seal, paper="Letter"))) as pdf:
        assert pdf.pdf_version == "1.7"
        assert not pdf.is_encrypted
        with pdf.open_metadata() as xmp:
            assert (xmp["pdfaid:part"], xmp["pdfaid:conformance"]) == ("3", "A")
        assert pdf.Root.MarkInfo.Marked
        assert pdf.Root.StructTreeRoot.K is not None
        assert str(pdf.Root.OutputIntents[0].S) == "/GTS_PDFA1"
        assert [float(n) for n in pdf.pages[0].mediabox[2:]] == [612, 792]
        with pdf.open_outline() as outline:
            titles = [re.sub(r"^\d+\s+", "", one.title) for one in outline.root]
        assert tuple(titles) == SECTIONS
        for page in pdf.pages:
            for font in page.resources.get("/Font", {}).values():
                descriptor = font.DescendantFonts[0].FontDescriptor
                assert "/FontFile2" in descriptor or "/FontFile3" in descriptor
                assert "/ToUnicode" in font


def test_a_long_trail_is_set_in_parts_and_says_so(
    seal: Seal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typeset.pdf, "GROUP_CHARACTERS", 6_000)
    monkeypatch.setattr(typeset.pdf, "WHOLE_CHARACTERS", 10_000)
    process = makers.start(STEPS)
    for number in range(25):
        processes.comment(process, f"Called them, {number}.", actor=DANA)
    content = built(process, seal)
    assert judged(content, seal, tmp_path) == 0
    told = sections(content, tmp_path)
    assert "builtinparts" in told[0]
    with pikepdf.open(io.BytesIO(content)) as pdf:
        with pdf.open_metadata() as xmp:
            assert xmp["pdfaid:conformance"] == "U"
        with pdf.open_outline() as outline:
            assert tuple(re.sub(r"^\d+\s+", "", one.title) for one in outline.root) == SECTIONS
        count = len(pdf.pages)
    numbers = re.findall(rf"Page(\d+)of({count})", "".join(told.values()))
    assert numbers == [(str(n), str(count)) for n in range(1, count + 1)]


def test_e06_a_database_may_give_what_is_disclosed_in_any_order() -> None:
    process = makers.start(STEPS)
    with db.reading() as conn:
        first, *_ = timeline.of_process(conn, process)
    turned = replace(first, disclosed=dict(reversed(first.disclosed.items())))
    assert list(turned.disclosed) != list(first.disclosed)
    assert export.line(turned) == export.line(first)


SET_ANEW = """
import sys
from pathlib import Path
from portal import db
from tasks import typeset
from tests import seals
url, key, process, upto, target = sys.argv[1:]
db.bind(db.Database(url))
with db.reading() as conn:
    made = seals.trail(conn, process, int(upto), brand="Sea Works", tz="Europe/Berlin",
                         public_key=key)
Path(target).write_bytes(made)
"""


def _the_ledger_in_it_is_the_export(content: bytes, process: str) -> None:
    [row] = makers.rows(Trail, process_id=process)
    with db.reading() as conn:
        lines = "".join(f"{line}\n" for line in export.lines(conn, process, upto=row.seq))
    with pikepdf.open(io.BytesIO(content)) as document:
        assert document.attachments["ledger.jsonl"].get_file().read_bytes() == lines.encode()


def test_e06_two_workers_on_two_days_set_the_same_bytes_before_sealing(
    seal: Seal, store: Store, clock: Clock, tmp_path: Path
) -> None:
    process = lived(store, clock)
    here = built(process, seal, unsealed=True)
    _the_ledger_in_it_is_the_export(here, process)
    clock.advance(days=1)
    [row] = makers.rows(Trail, process_id=process)
    for number, zone in enumerate(("Asia/Kathmandu", "America/Sao_Paulo")):
        target = tmp_path / f"{number}.pdf"
        environment = os.environ | {
            "TZ": zone, "PYTHONHASHSEED": str(number + 1), "LC_ALL": "C", "LANG": "de_DE.UTF-8",
        }  # fmt: skip
        url = db.current().url.render_as_string(hide_password=False)
        words = [url, str(seal.public_key), process, str(row.seq), str(target)]
        subprocess.run([sys.executable, "-c", SET_ANEW, *words], check=True, env=environment)
        assert target.read_bytes() == here
