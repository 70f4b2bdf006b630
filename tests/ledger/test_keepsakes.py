"""What other people kept holds a ledger to its past: receipts, mails, copies, checkpoints."""

import email.message
import json
from pathlib import Path
from typing import Any

import pytest

from portal import db
from portal.actor import Actor
from portal.delivery.seal import Seal
from portal.ledger import catalogue as c
from portal.ledger import chain, checkpoints, ed25519, judging, keepsakes, record, tree
from portal.ledger.findings import ALTERED, INCOMPLETE, OTHER_KEY, SOUND, Report
from tests.ledger import stories

LOG = "0197a1b2-0000-7000-8000-000000000001"
Lines = list[dict[str, Any]]


@pytest.fixture
def key(seal: Seal) -> bytes:
    return ed25519.public_key(str(seal.public_key))


@pytest.fixture
def lines(sqlite: db.Database, vera: Actor, seal: Seal) -> Lines:
    """An anchored ledger of fifteen events, in a tree of three."""
    for log in ("a", LOG, "b"):
        stories.tell(log, vera)
        stories.anchored(log, seal)
    return stories.exported(LOG)


def judge(lines: Lines, kept: keepsakes.Kept, key: bytes | None = None) -> Report:
    from portal.ledger.verify import verify

    return verify(stories.as_bytes(lines), key=key, kept=kept)


def told(report: Report) -> str:
    return " | ".join(found.text for found in report.findings)


# --- receipts, in every form in which people have them ------------------------------------------


def mail(lines: Lines, words: tuple[str, str, str] = ("process", "seq", "hash")) -> str:
    last = lines[14]
    facts = zip(words, (LOG, last["seq"], last["hash"]), strict=True)
    return (
        "Thank you.\n\n" + "".join(f"  {word}: {fact}\n" for word, fact in facts) + "\nKeep it.\n"
    )


def test_a_receipt_is_read_from_a_mail_as_it_was_sent(lines: Lines, tmp_path: Path) -> None:
    letter = email.message.EmailMessage()
    letter["From"], letter["Subject"] = "portal@x.example", "Your receipt"
    letter.set_content(mail(lines), cte="quoted-printable")
    letter.add_alternative("<p>no words</p>", subtype="html")
    (tmp_path / "receipt.eml").write_bytes(letter.as_bytes())
    kept = judging.kept_in(tmp_path / "receipt.eml")
    assert kept.receipts == (keepsakes.Receipt(14, lines[14]["hash"], LOG, "receipt.eml"),)
    assert judge(lines, kept).verdict == SOUND


@pytest.mark.parametrize(
    "form",
    [
        lambda text: "> " + text.replace("\n", "\n> "),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("process", "Vorgang").replace("hash", "Prüfsumme"),
        lambda text: text.replace("process:", "العملية").replace("seq:", "الحدث رقم"),
        lambda text: text.replace("  process: ", "Process\n").replace("seq: ", "Event\n"),
    ],
)
def test_a_receipt_is_read_however_it_was_pasted(lines: Lines, form: Any) -> None:
    [receipt] = keepsakes.of_text(form(mail(lines))).receipts
    assert (receipt.log, receipt.seq, receipt.hash) == (LOG, 14, lines[14]["hash"])


def test_a_receipt_of_another_process_is_told_apart(lines: Lines) -> None:
    other = keepsakes.of_text(mail(lines).replace(LOG, LOG[:-1] + "9"))
    report = judge(lines, other)
    assert report.verdict == INCOMPLETE
    assert "which this file does not hold" in told(report)


def test_no_text_without_a_receipt_is_taken_for_one(lines: Lines) -> None:
    for text in ("", "hello", f"{LOG} 14", mail(lines)[:-80], "1:2", "\n\n— x"):
        with pytest.raises(chain.Malformed):
            keepsakes.of_text(text)


def test_e03_a_receipt_holds_where_the_chain_was_rewritten_or_cut(lines: Lines) -> None:
    kept = keepsakes.of_text(mail(lines), "Vera’s mail")
    assert judge(lines[:14], kept).verdict == INCOMPLETE
    forged = [*lines[:14], lines[14] | {"hash": "0" * 64}]
    assert judge(forged, kept).verdict == ALTERED
    assert "which Vera’s mail names, is cut off" in told(judge(lines[:14], kept))


# --- older copies -------------------------------------------------------------------------------


def write(path: Path, lines: Lines) -> Path:
    path.write_bytes(b"".join(stories.as_bytes(lines)))
    return path


def test_an_older_export_is_held_against_a_newer_one(
    lines: Lines, key: bytes, vera: Actor, seal: Seal, tmp_path: Path
) -> None:
    older = judging.kept_in(write(tmp_path / "older.jsonl", lines))
    with db.transaction() as tx:
        record.open_chain(tx, LOG).add(c.CommentAdded(text="later"), actor=vera)
    stories.anchored(LOG, seal)
    assert judge(stories.exported(LOG), older, key).verdict == SOUND
    report = judge(stories.exported(LOG, 9), older, key)
    assert report.verdict == INCOMPLETE
    assert "event 14, which older.jsonl names, is cut off" in told(report)


def test_a_copy_that_is_altered_itself_holds_nobody_to_anything(
    lines: Lines, tmp_path: Path
) -> None:
    lines[3]["hash"] = "0" * 64
    with pytest.raises(chain.Malformed, match=r"older.jsonl is altered itself: event 3"):
        judging.kept_in(write(tmp_path / "older.jsonl", lines))


# --- checkpoints --------------------------------------------------------------------------------


def note_of(lines: Lines) -> str:
    return str(lines[-1]["checkpoint"]["note"])


def newest() -> str:
    with db.reading() as conn:
        return str(checkpoints.note(conn))


def proof(old: int, new: int) -> keepsakes.Kept:
    with db.reading() as conn:
        return keepsakes.of_text(json.dumps(checkpoints.consistency(conn, old, new)))


def test_an_older_checkpoint_with_its_proof(
    lines: Lines, key: bytes, vera: Actor, seal: Seal
) -> None:
    """The site went on, and what it signs now continues what it signed then."""
    assert tree.read_note(note_of(lines)).size == 2
    older = keepsakes.of_text(note_of(lines), "note.txt")
    for number in range(5):
        stories.tell(f"later{number}", vera)
        stories.anchored(f"later{number}", seal)
    later = stories.exported("later4")
    report = judge(later, older, key)
    assert report.verdict == INCOMPLETE
    assert "/.well-known/portal-ledger/consistency/2/8" in told(report)
    assert judge(later, older + proof(2, 8), key).verdict == SOUND
    assert 10 in judge(later, older + proof(2, 8), key).done
    assert judge(later, older + proof(2, 7), key).verdict == INCOMPLETE
    bent = keepsakes.Kept(proofs=(keepsakes.Proof(2, 8, (b"x" * 32,) * 3),))
    assert judge(later, older + bent, key).verdict == ALTERED


def test_every_checkpoint_of_a_site_is_proved_by_every_later_one(
    lines: Lines, vera: Actor, seal: Seal
) -> None:
    for number in range(8):
        stories.tell(f"later{number}", vera)
        stories.anchored(f"later{number}", seal)
    for new in range(1, 12):
        for old in range(1, new + 1):
            said = proof(old, new)
            roots = (said.notes[0].said.root, said.notes[1].said.root)
            assert tree.extends(old, new, roots, said.proofs[0].path), (old, new)


def test_r23_an_old_backup_that_was_put_back_is_told_by_a_checkpoint(
    lines: Lines, key: bytes, vera: Actor, seal: Seal, tmp_path: Path
) -> None:
    kept = keepsakes.of_text(newest(), "kept.txt")
    receipt = keepsakes.of_text(mail(lines))
    # The database as it was before: one process of the three, and then others.
    db.bind(db.Database(f"sqlite:///{tmp_path / 'restored.sqlite3'}"))
    from portal.migrations import upgrade

    upgrade(db.current())
    stories.tell("a", vera)
    stories.anchored("a", seal)
    stories.tell("c", vera)
    stories.anchored("c", seal)
    back = stories.exported("c")
    report = judge(back, kept, key)
    assert report.verdict == ALTERED
    assert "the portal's tree was set back: it had 3 leaves" in told(report)
    assert judge(back, receipt, key).verdict == INCOMPLETE
    # And as soon as the tree is as large again, or larger.
    stories.tell("d", vera)
    stories.anchored("d", seal)
    assert "two histories were told" in told(judge(stories.exported("d"), kept, key))
    stories.tell("e", vera)
    stories.anchored("e", seal)
    report = judge(stories.exported("e"), kept + proof(3, 4), key)
    assert report.verdict == ALTERED
    assert "does not continue the one in kept.txt" in told(report)


def test_a_checkpoint_of_another_portal_proves_nothing(
    lines: Lines, key: bytes, tmp_path: Path
) -> None:
    other = Seal.of(tmp_path / "other")
    note = other.sign_note(
        tree.note_text("x", 5, b"r" * 32, "2020-01-01T00:00:00.000000Z").decode()
    )
    report = judge(lines, keepsakes.of_text(note, "note.txt"), key)
    assert report.verdict == OTHER_KEY
    assert "the checkpoint in note.txt is not signed by the key" in told(report)
