"""Erasing what the portal holds of people: asked for by an admin or the clock, done by workers.

Each process is erased in one transaction of its own, under its ledger's lock, and once: the part
that names it says so. Bytes on disk go after the commit, by an effect that is owed in it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal import db
from portal.access import book, holds, may, pseudonyms, seats
from portal.actions import packs
from portal.actor import Actor, system
from portal.db import Tx, action
from portal.definition.values import is_email
from portal.engine import erasing, erasing_house
from portal.errors import Conflict, Fault, Faulty, Unknown
from portal.ledger import outbox, record
from portal.models import Erasure, ErasurePart, Participant, Process, User, addresses
from portal.models.privacy import ASKABLE

CLOCK = system("retention")
_REFERENCE = re.compile(r"[A-Z0-9][A-Z0-9 ./-]{0,39}")
_STORED_AT_ONCE = 200  # names of files in one effect
RUNNING = "It is still running: finish or cancel it first, then erase."


@action
def of_process(
    tx: Tx,
    process_id: str,
    *,
    basis: str,
    reference: str,
    confirmed: str,
    secret: str | None = None,
    actor: Actor,
) -> str:
    """Have everything erased that a process holds of people; the erasure's id.

    ``secret`` is ``None`` where nobody sits at the desk. Faulty where the basis is none of
    ``ASKABLE``, the file number none, or ``confirmed`` is not the word “erase”; NotProved.
    Conflict while the process runs or a hold stands on it.
    """
    record.open_chain(tx, process_id)
    row = may.process_for(tx, actor, process_id, "erase")
    number = _asked(basis, reference, None if confirmed.strip().lower() == "erase" else
                    "Type the word erase: what goes can’t be brought back.")  # fmt: skip
    why = _why_not(tx.conn, [row.id]).get(row.id)
    if why == "running":
        raise Conflict(RUNNING)
    if why is not None:
        raise Conflict(held(holds.on_processes(tx.conn, [row.id])[row.id]))
    seats.require_proof(tx, secret, actor)
    return _begin(tx, "process", None, {process_id: []}, basis, number, actor)


@action
def of_person(
    tx: Tx,
    email: str,
    *,
    basis: str,
    reference: str,
    confirmed: str,
    secret: str | None = None,
    actor: Actor,
) -> str:
    """Have erased what is held of an outside person, in every process; the erasure's id.

    What still runs, and what a hold stands on, is left and taken up when that is over. Faulty as
    ``of_process``, with the address to be typed again; Conflict where a hold stands on the person,
    or an account has this address.
    """
    may.require(actor, "erase")
    address = addresses.plain(email)
    wrong = None if addresses.plain(confirmed) == address else "Type the address once more."
    number = _asked(basis, reference, wrong)
    if not is_email(address):
        raise Faulty.one("email", "Enter an e-mail address, such as ann@sea.example.")
    _require_no_account(tx.conn, address)
    hold = holds.standing_on(tx.conn, address)
    if hold is not None:
        raise Conflict(held(hold))
    seats.require_proof(tx, secret, actor)
    parts = participations(tx.conn, address)
    id_ = _begin(tx, "person", address, parts, basis, number, actor)
    gone = erasing_house.forget(tx, [address], [])
    tx.execute(sa.update(Erasure).where(Erasure.id == id_).values(counts=dict(gone)))
    _owe_bytes(tx, id_, "", erasing.Plan("", ()), [address])
    return id_


@action
def of_due(tx: Tx, process_ids: Sequence[str]) -> str | None:
    """Have processes erased whose time is over; the erasure's id, ``None`` where all went before.

    Whatever was put on hold since, or is being erased, is passed over.
    """
    under_way = sa.select(ErasurePart.process_id).where(
        ErasurePart.process_id.in_(process_ids), ErasurePart.state == "pending"
    )
    passed = set(tx.execute(under_way).scalars()) | set(_why_not(tx.conn, process_ids))
    parts: dict[str, list[str]] = {id_: [] for id_ in process_ids if id_ not in passed}
    if not parts:
        return None
    return _begin(tx, "process", None, parts, "retention", None, CLOCK)


@action
def carry_out(tx: Tx, erasure_id: str, process_id: str) -> str:
    """Erase one process of an erasure: the state that its part has then.

    A second time nothing happens. What runs or is held meanwhile is ``left``.
    """
    if not _exists(tx, process_id):
        return _settle(tx, erasure_id, process_id, {}, None)
    record.open_chain(tx, process_id)  # from here on nobody else writes to it
    its = (ErasurePart.erasure_id == erasure_id, ErasurePart.process_id == process_id)
    part = tx.execute(sa.select(ErasurePart.__table__).where(*its)).one()
    if part.state == "done":
        return "done"
    why = _why_not(tx.conn, [process_id]).get(process_id)
    if why is not None:
        return _settle(tx, erasure_id, process_id, {}, why)
    asked = tx.execute(sa.select(Erasure.__table__).where(Erasure.id == erasure_id)).one()
    people = _people(tx.conn, process_id, part.participants)
    plan = erasing.plan(tx.conn, process_id, part.participants)
    if not plan.is_empty:
        actor = _who(tx.conn, asked.asked_by)
        erasing.carry_out(tx, plan, basis=asked.basis, erasure=erasure_id, actor=actor)
    emails = [str(one.email) for one in people if one.email]
    names = [str(one.name) for one in people if one.name]
    counts = plan.counts + erasing_house.forget(tx, emails, [process_id], names)
    plan.stored += packs.forget(tx, process_id)
    _owe_bytes(tx, erasure_id, process_id, plan, emails)
    return _settle(tx, erasure_id, process_id, counts, None)


@action
def note_end(tx: Tx, erasure_id: str) -> bool:
    """Close an erasure of which no part is open any more; whether it is over."""
    still = sa.select(ErasurePart.process_id).where(
        ErasurePart.erasure_id == erasure_id, ErasurePart.state != "done"
    )
    if tx.execute(still.limit(1)).first() is not None:
        return False
    open_ones = sa.and_(Erasure.id == erasure_id, Erasure.ended_at.is_(None))
    tx.execute(sa.update(Erasure).where(open_ones).values(ended_at=tx.now))
    return True


@action
def take_up(tx: Tx) -> int:
    """Owe once more what was left because it ran or was held and no longer is; how many erasures.

    Looks at them all, once a night.
    """
    left = sa.select(ErasurePart.erasure_id, ErasurePart.process_id).where(
        ErasurePart.state == "left"
    )
    rows = tx.execute(left).all()
    still = _why_not(tx.conn, list({row.process_id for row in rows}))
    free = {row.erasure_id for row in rows if row.process_id not in still}
    for id_ in sorted(free):
        _owe(tx, id_)
    return len(free)


@action
def replay(tx: Tx, lines: Iterable[Mapping[str, Any]]) -> int:
    """Owe again the erasures of a list that this database knows nothing of; how many parts.

    For a database that was restored from a backup made before them. ``lines`` as
    ``readings.erasures.line`` makes them. What is known already is passed over, whole or in part.
    """
    owed, subjects = set[str](), set[str]()
    n = 0
    for line in lines:
        id_ = line["erasure"]
        _know_again(tx, line)
        if line["process"]:
            fresh = tx.insert(ErasurePart).values(_part(id_, line["process"], line["participants"]))
            new = fresh.on_conflict_do_nothing().returning(ErasurePart.process_id)
            if tx.execute(new).first() is not None:
                n += 1
                owed.add(id_)
        subjects.update(line["subjects"])
    _forget_subjects(tx, subjects)
    for id_ in sorted(owed):
        _owe(tx, id_)
    return n


def scrub() -> None:
    """Have the database itself let go of what was erased: its index of words, and its log.

    On SQLite freed pages are overwritten at once (``secure_delete``); what stands in the log
    goes when it is written back, what stands in the index when that is made one piece. On
    PostgreSQL both are the server's own work (vacuum).
    """
    if not db.current().is_sqlite:
        return
    with db.transaction() as tx:
        tx.conn.exec_driver_sql("INSERT INTO search_index(search_index) VALUES ('optimize')")
    db.current().fold()


def foretell(
    conn: Connection, process_id: str, whose: Sequence[str] = ()
) -> tuple["erasing.Plan", str | None]:
    """What would go from a process, and why it can’t yet: a sentence, or ``None``."""
    why = _why_not(conn, [process_id]).get(process_id)
    sentence = RUNNING if why == "running" else None
    if why == "hold":
        sentence = held(holds.on_processes(conn, [process_id])[process_id])
    return erasing.plan(conn, process_id, whose), sentence


def participations(conn: Connection, email: str) -> dict[str, list[str]]:
    """The participants that an address is, by process."""
    query = sa.select(Participant.process_id, Participant.id).where(
        Participant.email == addresses.plain(email), Participant.user_id.is_(None)
    )
    found: dict[str, list[str]] = {}
    for row in conn.execute(query.order_by(Participant.process_id, Participant.id)):
        found.setdefault(row.process_id, []).append(row.id)
    return found


def held(hold: Any) -> str:
    """That a hold forbids it, with its reason."""
    return f"A legal hold stands on it: {hold.reason} Lift the hold first."


def _asked(basis: str, reference: str, wrong: str | None) -> str | None:
    """The file number, once everything was filled in rightly."""
    faults = []
    if basis not in ASKABLE:
        faults.append(Fault("basis", "Choose why it is erased."))
    number = " ".join(reference.upper().split())
    if number and not _REFERENCE.fullmatch(number):
        faults.append(
            Fault("reference", "Use letters, digits and . / - only, at most 40; no name.")
        )
    if wrong is not None:
        faults.append(Fault("confirm", wrong))
    if faults:
        raise Faulty(faults)
    return number or None


def _require_no_account(conn: Connection, address: str) -> None:
    query = sa.select(User.name).where(User.email == address)
    if conn.execute(query).first() is not None:
        raise Conflict(
            "This is the address of an account. What staff did is the proof of who decided; close"
            " the account on its page, and erase the processes that it need not be known of."
        )


def _begin(
    tx: Tx,
    kind: str,
    email: str | None,
    parts: dict[str, list[str]],
    basis: str,
    reference: str | None,
    actor: Actor,
) -> str:
    id_ = db.new_id()
    row: dict[str, Any] = {
        "id": id_, "kind": kind, "subject": pseudonyms.of(email) if email else None,
        "basis": basis, "reference": reference, "asked_by": actor.user_id or actor.id,
        "asked_at": tx.now, "counts": {}, "ended_at": None,
    }  # fmt: skip
    tx.execute(sa.insert(Erasure).values(row))
    rows = [_part(id_, process, whose) for process, whose in parts.items()]
    if rows:
        tx.execute(sa.insert(ErasurePart), rows)
    book.note(tx, "erasure-asked", None, actor=actor, erasure=id_, basis=basis, count=len(rows))
    _owe(tx, id_)
    return id_


def _part(erasure_id: str, process_id: str, whose: Sequence[str]) -> dict[str, Any]:
    return {
        "erasure_id": erasure_id, "process_id": process_id, "participants": list(whose),
        "state": "pending", "why": None, "counts": {}, "done_at": None,
    }  # fmt: skip


def _know_again(tx: Tx, line: Mapping[str, Any]) -> None:
    """The erasure that a line of the list is of, where a restored database lost it."""
    row = {
        "id": line["erasure"], "kind": line["kind"], "subject": None, "basis": line["basis"],
        "reference": line["reference"], "asked_by": line["asked_by"],
        "asked_at": datetime.fromisoformat(line["asked_at"]), "counts": {}, "ended_at": None,
    }  # fmt: skip
    tx.execute(tx.insert(Erasure).values(row).on_conflict_do_nothing())


def _forget_subjects(tx: Tx, subjects: set[str]) -> None:
    """What a restored database keeps of people beside their processes, by keyed digests."""
    if not subjects:
        return
    known = erasing_house.addresses_kept(tx)
    theirs = [email for email in known if pseudonyms.of(email) in subjects]
    if theirs:
        erasing_house.forget(tx, theirs, [])


def _owe(tx: Tx, erasure_id: str) -> None:
    once = f"erase:{erasure_id}:{tx.now.timestamp()}"
    ref = {"erasure": erasure_id}
    outbox.put(tx, [outbox.row("privacy.erase", ref, once=once, process_id=None, now=tx.now)])


def _owe_bytes(
    tx: Tx, erasure_id: str, process_id: str, plan: "erasing.Plan", emails: Sequence[str]
) -> None:
    """Owe the removal of what lies beside the database; one effect at least, for the list."""
    pieces = [
        plan.stored[at : at + _STORED_AT_ONCE] for at in range(0, len(plan.stored), _STORED_AT_ONCE)
    ] or [[]]
    rows = [
        outbox.row(
            "privacy.bytes",
            {
                "erasure": erasure_id, "process": process_id, "stored": some,
                "mails": plan.mails if n == 0 else [],
                "subjects": [pseudonyms.of(email) for email in emails] if n == 0 else [],
            },
            once=f"bytes:{erasure_id}:{process_id}:{n}:{tx.now.timestamp()}",
            process_id=None,
            now=tx.now,
        )
        for n, some in enumerate(pieces)
    ]  # fmt: skip
    outbox.put(tx, rows)


def _settle(
    tx: Tx, erasure_id: str, process_id: str, counts: "Counter[str] | dict[str, int]",
    why: str | None,
) -> str:  # fmt: skip
    state = "done" if why is None else "left"
    its = (ErasurePart.erasure_id == erasure_id, ErasurePart.process_id == process_id)
    values = {
        "state": state, "why": why, "counts": dict(counts),
        "done_at": tx.now if why is None else None,
    }  # fmt: skip
    tx.execute(sa.update(ErasurePart).where(*its, ErasurePart.state != "done").values(values))
    return state


def _why_not(conn: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Why processes can’t be erased just now: ``running`` or ``hold``; absent where they can."""
    if not ids:
        return {}
    running = sa.select(Process.id).where(Process.id.in_(ids), Process.state == "running")
    found = dict.fromkeys(conn.execute(running).scalars(), "running")
    return found | dict.fromkeys(holds.on_processes(conn, ids), "hold")


def _people(conn: Connection, process_id: str, whose: Sequence[str]) -> Sequence[Any]:
    """Who they are whose data goes everywhere; nobody where it is the process that is erased."""
    query = sa.select(Participant.email, Participant.name).where(
        Participant.process_id == process_id, Participant.id.in_(whose)
    )
    return conn.execute(query).all()


def _who(conn: Connection, asked_by: str) -> Actor:
    """Whoever asked, as the tombstone names them."""
    user = conn.execute(sa.select(User.__table__).where(User.id == asked_by)).first()
    if user is None:
        return CLOCK
    return Actor(
        kind="staff", id=user.id, name=user.name, via="worker", auth="none", email=user.email,
        user_id=user.id, role=user.role,
    )  # fmt: skip


def _exists(tx: Tx, process_id: str) -> bool:
    return tx.execute(sa.select(Process.id).where(Process.id == process_id)).first() is not None


def require(conn: Connection, erasure_id: str) -> Any:
    """One erasure; Unknown if there is none."""
    row = conn.execute(sa.select(Erasure.__table__).where(Erasure.id == erasure_id)).first()
    if row is None:
        raise Unknown("There is no such erasure.")
    return row
