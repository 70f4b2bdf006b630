"""The audit trail is told in every language, whole, and proves the same in each."""

import dataclasses
from pathlib import Path

import pikepdf
import pytest

from portal import db, language
from portal.actions import trails
from portal.cli.verify import verify
from portal.clock import Clock
from portal.delivery import pdf_reading
from portal.delivery.seal import Seal
from portal.ledger import record
from portal.ledger.catalogue import CATALOGUE, Event
from portal.locale import refresh
from portal.models import Trail
from portal.readings.trail import Evidence
from tasks import typeset
from tests import makers, people, seals
from tests.ledger.stories import ENGINE
from tests.readings.test_sentences import made
from tests.structure import pseudo

STEPS = """\
  - id: details
    assign: vendor
    form:
      fields:
        - {id: company, type: text, label: Company}
        - {id: turnover, type: money, currencies: [EUR], label: Turnover, required: false}
  - {id: papers, assign: vendor, upload: {documents: [{id: contract, name: Contract}]}}
  - {id: review, assign: buyer, approval: {question: Good?, on_changes: {return_to: details}}}
"""
VENDOR = {"email": "lukasz@vendor.example", "name": "Łukasz Świętek"}
# These need a definition of their own, or end what the others go on with.
ELSEWHERE = {"process.started", "process.migrated", "step.added"}
# A few that set the longest pages; the sentences of all are told below without setting them.
SET = ("comment.added", "reminder.sent", "signature.made", "task.opened", "trail.built")
FACTS = {
    "signature.made": {
        "document": [{"file": "f1", "name": "contract.pdf", "size": 3100, "sha256": "ab" * 32}],
        "sha256": "cd" * 32,
        "method": "drawn",
        "looked": [{"file": "f1", "rendition": "ab" * 32, "pages": [1, 2, 3]}],
        "drawing": [[[10, 10], [900, 300]]],
    },
    "signature.declined": {"sha256": "cd" * 32},
    "file.received": {"sha256": "ef" * 32, "size": 3100},
    "trail.built": {"language": "pl"},
    "reminder.sent": {"label": "2 business days before"},
}


TOLD = dataclasses.replace(
    seals.TOLD, name="Sea Works", issuer="Sea CA", lacks="proofs", stamped_by="Sea Time"
)


def event_of(type_: str, task: str) -> Event:
    return dataclasses.replace(made(type_), task=task, **FACTS.get(type_, {}))


def lived(*types: str) -> str:
    """A process that people answered in and that came back once, with these events after it."""
    people.settle()
    process = makers.start(STEPS, inputs={"amount": "12500"}, vendor=VENDOR)
    makers.fill(process, company="Sea", turnover={"amount": "1234.50", "currency": "EUR"})
    makers.send(process, "papers", makers.arrived("contract", "a" * 2000))
    makers.decide(process, "request_changes", items=["details.company"], comment="Look again.")
    makers.fill(process, company="Sea Trading Ltd")
    makers.decide(process)
    with db.transaction() as tx:
        chain = record.open_chain(tx, process)
        for number, type_ in enumerate(types):
            if type_ != "task.opened":
                chain.add(event_of("task.opened", f"t{number}"), actor=ENGINE)  # type: ignore[arg-type]
            chain.add(event_of(type_, f"t{number}"), actor=people.staff("dana"))
    return process


def built(process: str, seal: Seal, spoken: str) -> bytes:
    asked = trails.ask(process, spoken=spoken, actor=people.staff("dana"))
    [row] = makers.rows(Trail, id=asked)
    assert row.language == spoken
    trails.anchor(process, seal, row.seq)
    with db.reading() as conn:
        pages = seals.trail(
            conn, process, row.seq, brand="Sea Works", tz="Europe/Berlin",
            public_key=str(seal.public_key), spoken=spoken,
        )  # fmt: skip
    return seals.sealed(pages, seal)


def judged(path: Path, seal: Seal) -> int:
    status: int = verify.main([str(path), "--key", str(seal.public_key)], standalone_mode=False)
    return status


def plain(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("code", [one for one in language.known() if one != language.SOURCE])
def test_a_trail_in_another_language_has_no_english_sentence_and_is_sound(
    sqlite: db.Database, clock: Clock, tmp_path: Path, code: str
) -> None:
    process = lived(*SET)
    seal, file = Seal.of(tmp_path), tmp_path / "trail.pdf"
    file.write_bytes(built(process, seal, code))
    assert judged(file, seal) == 0
    with pikepdf.open(file) as document:
        assert str(document.Root.Lang) == code
        with language.speaking(code):
            assert language.gettext("Audit trail") in str(document.docinfo["/Title"])
        held = document.attachments["ledger.jsonl"].get_file().read_bytes().decode()
    shown = plain(pdf_reading.text(file))
    if code == "ar":  # As it is seen, and letters: a font that sets dots apart loses them here.
        assert "عيقوت" in shown
    with db.reading() as conn:
        english = [one.sentence.text for one in Evidence(conn, process, 10_000, "UTC").lines()]
    english += [one.id for one in refresh.messages() if isinstance(one.id, str)]
    english = [one for one in english if one.count(" ") > 2 and one not in held]
    assert [one for one in english if plain(one) in shown] == []
    # Whoever saves it anew, or writes another word on it, is found out in every language.
    with pikepdf.open(file, allow_overwriting_input=True) as document:
        page = document.pages[0]
        page.Contents = document.make_stream(page.Contents.read_bytes().replace(b" Tj", b" Tj ", 1))
        document.save()
    assert judged(file, seal) == 1


def test_the_pages_of_a_trail_say_nothing_past_its_messages(
    sqlite: db.Database, clock: Clock, tmp_path: Path
) -> None:
    process = lived(*sorted(CATALOGUE.keys() - ELSEWHERE))
    with pseudo.spoken(), language.speaking(pseudo.SPOKEN), db.reading() as conn:
        evidence = Evidence(conn, process, 10_000, "UTC")
        view = evidence.overview()
        around = typeset.Around("Sea Works", "portal/key+1a+B", TOLD)
        blocks = list(typeset._blocks(evidence, view, around))
        types = [one.entry.type for one in evidence.lines()]
    given = pseudo.words(
        VENDOR, "Dana Owner dana@example.com finance Finance Sea Works Trading Ltd Demo demo",
        "SHA-256 Company Turnover Contract contract.pdf Amount Buyer Vendor Details Papers Review",
        "Good. Because. Look again. application/pdf Firefox Vera Ann ann@sea.example Otto EUR",
        "state=running state=cancelled state=rejected state=completed somethin g something", *types,
        "PAdES kB UTC portal verify THIS-FILE.pdf --key well-known ledger said Bee Okafor Quist",
    )  # fmt: skip
    left = set().union(*map(pseudo.left_over, blocks)) - given
    assert {one for one in left if not _is_hex(one)} == set()


def _is_hex(word: str) -> bool:
    return all(sign in "abcdef" for sign in word)
