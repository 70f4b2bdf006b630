"""What a mail says and to whom: one reading for each kind of mail that is owed.

Everything is read when the mail is about to be sent: a task that was closed meanwhile asks
nobody any more, and the empty list says so. The address a letter leads to is named here and
made by whoever has the keys of the links.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal import clock
from portal.ledger.catalogue import QuestionAnswered
from portal.models import (
    AddressCode,
    Code,
    DefinitionRow,
    FileRow,
    Link,
    LostLink,
    Mail,
    Participant,
    Process,
    StepRun,
    Task,
    TeamMember,
    Trouble,
    User,
    trees,
)
from portal.readings import figures, mine, owners, timeline
from portal.readings.entries import Told
from portal.readings.owners import Asker

LINK = "\ue000"
"""Stands in the kept body of a message for the reader's own link (as the engine writes it)."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who gets a mail. ``participant`` is set where they take part themselves."""

    email: str
    name: str
    tz: str | None = None
    user: str | None = None
    participant: str | None = None

    @property
    def id(self) -> str:
        """The participant's id, or the user's who is written to for another reason."""
        return self.participant or self.user or ""


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail: whom to, which template, and what it tells.

    ``link`` is the id and generation of the reader's own magic link; ``place`` the path behind
    which staff find the matter. ``key`` tells several letters of one effect apart.
    ``wants_link``: the text has ``{{ link }}``, and the link is made when it is sent.
    """

    to: Reader
    template: str
    tz: str
    facts: Mapping[str, Any]
    process_id: str | None = None
    task_id: str | None = None
    step: str | None = None
    name: str = ""
    reply_to: tuple[str, ...] = ()
    link: tuple[str, int] | None = None
    place: str | None = None
    rung: int | None = None
    label: str = ""
    wants_link: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class _Matter:
    """A task or a process that mails are about, with its owner and the zone of its calendar."""

    process: Any
    task: Any
    owners: list[Reader]
    asker: Asker | None
    tz: str


def of(
    conn: Connection, kind: str, ref: Mapping[str, Any], *, made_at: datetime, tz: str
) -> list[Letter]:
    """The letters of one effect; empty where nobody needs to be written to any more.

    ``only`` in its ref names the readers that it is owed to, where others have it already.
    ``tz`` is the installation's zone, for whoever has none of their own.
    """
    letters = _READ[kind.removeprefix("mail.")](conn, ref, made_at, tz)
    only = ref.get("only")
    return [_keyed(one, ref) for one in letters if only is None or one.to.id in only]


def noted(conn: Connection, ids: Sequence[str]) -> set[str]:
    """Those of these mails that the mail server took, or refused for good, already."""
    return set(conn.execute(sa.select(Mail.id).where(Mail.id.in_(ids))).scalars())


# Asking, reminding and telling of one task


def _invite(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    letters = _ask(conn, ref["task"], tz, "invite")
    return [_from_whom(one) for one in letters if _is_invited(one, ref.get("people"))]


def _is_invited(letter: Letter, people: Sequence[str] | None) -> bool:
    """Whether the reader, or the team they are of, is still one of those whom it was owed to.

    Whoever got the task since then has an invitation of their own.
    """
    return (
        people is None or (letter.to.participant or letter.facts["task"].participant_id) in people
    )


def _from_whom(letter: Letter) -> Letter:
    """The letter, saying who passed the task on to its reader, where somebody did."""
    passed = letter.facts["task"].passed_on
    own = next((one for one in reversed(passed) if one["to"] == letter.to.participant), None)
    facts = {"passed_by": own and own["name"], "passed_why": own and own["reason"]}
    return replace(letter, facts={**letter.facts, **facts})


def _remind(conn: Connection, ref: Mapping[str, Any], at: datetime, tz: str) -> list[Letter]:
    before = sa.select(sa.func.count(sa.distinct(Mail.id))).where(
        Mail.task_id == ref["task"], Mail.kind == "mail.reminder", Mail.settled_at < at
    )
    nth = int(conn.execute(before).scalar_one()) + 1
    more = {"label": ref["label"], "nth": nth}
    return _ask(conn, ref["task"], tz, "reminder", more, rung=ref["rung"], label=ref["label"])


def _renew(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    row = conn.execute(sa.select(Link.__table__).where(Link.id == ref["link"])).first()
    if row is None or row.revoked_at is not None:
        return []
    facts = {"expires_at": row.expires_at}
    if row.task_id is None:
        matter, own = _of_process(conn, row.process_id, tz), (row.id, row.generation)
        readers = _participants(conn, [row.participant_id])
        return [_letter(matter, reader, "renewal", facts, link=own) for reader in readers]
    letters = _ask(conn, row.task_id, tz, "renewal", facts)
    return [one for one in letters if one.link and one.link[0] == row.id]


def _ask(
    conn: Connection,
    task_id: str,
    tz: str,
    template: str,
    more: Mapping[str, Any] | None = None,
    **own: Any,
) -> list[Letter]:
    """A letter to everybody who may do an open task, each with the way in that is theirs."""
    matter = _of_task(conn, task_id, tz)
    if matter is None or matter.task.state != "open":
        return []
    run = conn.execute(
        sa.select(StepRun.comment, StepRun.round).where(StepRun.id == matter.task.run_id)
    ).one()
    facts = {"comment": run.comment, "is_again": run.round > 1, **(more or {})}
    links = _links(conn, task_id)
    return [
        _letter(
            matter,
            reader,
            template,
            facts,
            link=links.get(reader.participant) if reader.user is None else None,
            place=f"/tasks/{task_id}" if reader.user else None,
            **own,
        )
        for reader in _doers(conn, matter.task)
        if reader.user or reader.participant in links
    ]


def _receipt(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    matter = _of_task(conn, ref["task"], tz)
    if matter is None or matter.task.state != "done":
        return []
    task = matter.task
    files = conn.execute(
        sa.select(FileRow.name, FileRow.size, FileRow.sha256, FileRow.arrived_at)
        .where(FileRow.task_id == task.id, FileRow.state.in_(("received", "replaced")))
        .order_by(FileRow.arrived_at, FileRow.id)
    ).all()
    ids = [task.done_by, task.participant_id]
    people = {reader.participant: reader for reader in _participants(conn, ids)}
    reader = people.get(task.done_by) or people.get(task.participant_id)
    return [_letter(matter, reader, "receipt", {"files": files})] if reader else []


def _code(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """A one-time code to whoever asked for it; none that would come too late to be used."""
    row = conn.execute(sa.select(Code.__table__).where(Code.id == ref["code"])).first()
    if row is None or row.expires_at <= clock.now():
        return []
    matter = _of_task(conn, row.task_id, tz)
    if matter is None or matter.task.state != "open":
        return []
    facts = {"code_id": row.id, "expires_at": row.expires_at}
    readers = _participants(conn, [row.participant_id])
    return [_letter(matter, reader, "code", facts) for reader in readers]


def _own_code(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """A one-time code that shows somebody all of their work; none that would come too late."""
    query = sa.select(AddressCode.__table__).where(AddressCode.id == ref["code"])
    row = conn.execute(query).first()
    if row is None or row.expires_at <= clock.now():
        return []
    facts = {"code_id": row.id, "expires_at": row.expires_at, "owner": None}
    return [Letter(Reader(row.email, row.email), "own_code", tz, facts)]


def _lost(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """One link for whoever typed their address: to the process that waits for them most."""
    email = conn.execute(sa.select(LostLink.email).where(LostLink.id == ref["lost"])).scalar()
    found = mine.of_address(conn, email, ()) if email else []
    if not found:
        return []
    matter = _of_process(conn, found[0].process, tz)
    facts = {"waiting": [one for one in found if one.is_open], "task": None}
    readers = _participants(conn, [found[0].person])
    return [_letter(matter, reader, "lost", facts, wants_link=True) for reader in readers]


def _withdraw(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    matter = _of_task(conn, ref["task"], tz)
    if matter is None:
        return []
    readers = _doers(conn, matter.task)
    return [_letter(matter, reader, "withdrawn", {"why": ref["why"]}) for reader in readers]


def _reassign(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    matter = _of_task(conn, ref["task"], tz)
    if matter is None:
        return []
    readers = _participants(conn, [ref["participant"]])
    return [_letter(matter, reader, "reassigned", {}) for reader in readers]


# Work that changes hands, or should have


def _handoff(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To the owner, that nobody took a task up; none once somebody has, or it went on."""
    matter = _of_task(conn, ref["task"], tz)
    if matter is None or matter.task.missed_at is None or matter.task.handoff != ref["handoff"]:
        return []
    late = _doers(conn, matter.task)
    place = f"/processes/{matter.process.id}"
    return [
        _letter(
            matter,
            reader,
            "handoff",
            {
                "people": [one.name for one in late if one.email != reader.email],
                "is_yours": any(one.email == reader.email for one in late),
            },
            place=place,
        )
        for reader in matter.owners
    ]


def _claim(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To the rest of a team, that one of them has a task which they were asked for as well."""
    matter = _of_task(conn, ref["task"], tz)
    if matter is None or matter.task.state != "open" or matter.task.holder_id != ref["holder"]:
        return []
    holder = next(iter(_staff(conn, User.id == ref["holder"])), None)
    facts = {"holder": holder.name if holder else "a colleague"}
    return [
        _letter(matter, reader, "claimed", facts)
        for reader in _members(conn, matter.task.team_id)
        if reader.user != ref["holder"]
    ]


def _delegated(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To whoever passed a task on: what they did, as it stands in the ledger."""
    matter = _of_task(conn, ref["task"], tz)
    if matter is None:
        return []
    [entry] = timeline.of_process(conn, matter.process.id, after=ref["seq"] - 1, limit=1)
    facts = {"entry": entry, "whom": entry.data.get("person") or {},
             "reason": entry.data.get("reason")}  # fmt: skip
    readers = _participants(conn, [ref["participant"]])
    return [_letter(matter, reader, "delegated", facts) for reader in readers]


def _delegation(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To the owner, that somebody would pass a task on; none once that is decided."""
    matter = _of_task(conn, ref["task"], tz)
    wish = matter.task.delegation if matter else None
    if matter is None or wish is None or wish["id"] != ref["delegation"]:
        return []
    asker = next(iter(_participants(conn, [wish["by"]])), None)
    facts = {"asker": asker.name if asker else "The assignee", "wish": wish}
    place = f"/tasks/{matter.task.id}"
    return [_letter(matter, reader, "delegation", facts, place=place) for reader in matter.owners]


def _refusal(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To whoever would have passed a task on, that it stays theirs; none once it is done."""
    matter = _of_task(conn, ref["task"], tz)
    if matter is None or matter.task.state != "open":
        return []
    [entry] = timeline.of_process(conn, matter.process.id, after=ref["seq"] - 1, limit=1)
    facts, links = {"reason": entry.data.get("reason")}, _links(conn, matter.task.id)
    place = f"/tasks/{matter.task.id}"
    return [
        _letter(matter, reader, "refusal", facts, link=links.get(reader.participant),
                place=place if reader.user else None)
        for reader in _participants(conn, [ref["participant"]])
    ]  # fmt: skip


# What is asked about a task


def _question(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To the owner, what somebody outside asks or answers; none once the words were erased."""
    matter, entry = _of_task(conn, ref["task"], tz), _entry(conn, ref)
    text = entry.data.get("text")
    if matter is None or text is None:
        return []
    asker = next(iter(_participants(conn, [ref["participant"]])), None)
    facts = {"asker": asker.name if asker else "Somebody outside", "text": text,
             "is_answer": entry.type == QuestionAnswered.TYPE}  # fmt: skip
    place = f"/tasks/{ref['task']}#questions"
    return [_letter(matter, reader, "question", facts, place=place) for reader in matter.owners]


def _answer(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To whoever asked, what staff say; the way to their task while it is open and theirs."""
    matter, entry = _of_task(conn, ref["task"], tz), _entry(conn, ref)
    text = entry.data.get("text")
    if matter is None or text is None:
        return []
    links = _links(conn, ref["task"]) if matter.task.state == "open" else {}
    facts = {"text": text, "writer": entry.actor_name}
    return [
        _letter(matter, reader, "answer", facts, link=links.get(reader.participant))
        for reader in _participants(conn, [ref["participant"]])
    ]


def _entry(conn: Connection, ref: Mapping[str, Any]) -> Told:
    """The event that a mail tells of, ``{task, seq}``."""
    found = sa.select(Task.process_id).where(Task.id == ref["task"])
    process_id = conn.execute(found).scalar_one()
    [entry] = timeline.of_process(conn, process_id, after=ref["seq"] - 1, limit=1)
    return entry


def _escalate(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    matter = _of_task(conn, ref["task"], tz)
    if matter is None or matter.task.state != "open":
        return []
    named = _participants(conn, [ref["to"]]) if ref["to"] != "owner" else []
    late = _doers(conn, matter.task)
    facts = {"people": [reader.name for reader in late]}
    place = f"/processes/{matter.process.id}"
    return [
        _letter(matter, reader, "escalation", facts, place=place if reader.user else None)
        for reader in named or matter.owners
    ]


# Messages, exceptions and the house itself


def _message(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    run = conn.execute(sa.select(StepRun.__table__).where(StepRun.id == ref["run"])).first()
    if run is None:
        return []
    matter = _of_process(conn, run.process_id, tz)
    facts = {"subject": run.answers["subject"], "body": run.answers["body"]}
    return [
        _letter(
            matter,
            reader,
            "message",
            facts,
            step=run.step,
            wants_link=LINK in run.answers["body"] and reader.user is None,
            place=f"/processes/{run.process_id}" if reader.user else None,
        )
        for reader in _participants(conn, [ref["participant"]])
    ]


def _trouble(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    query = sa.select(Trouble.__table__).where(Trouble.id == ref["trouble"])
    trouble = conn.execute(query).first()
    if trouble is None or trouble.state != "open":
        return []
    matter = _of_process(conn, trouble.process_id, tz)
    rung = ref.get("rung", 0)
    facts = {"message": trouble.message, "since": trouble.opened_at if rung else None}
    place = f"/processes/{matter.process.id}"
    readers = _each_once([*matter.owners, *(_admins(conn) if rung > 1 else ())])
    return [
        _letter(matter, reader, "trouble", facts, step=trouble.step, place=place)
        for reader in readers
    ]


def _alarm(conn: Connection, ref: Mapping[str, Any], at: datetime, tz: str) -> list[Letter]:
    facts = {"role": ref["role"], "since": at, "sentence": ref.get("sentence")}
    return [
        Letter(reader, "alarm", reader.tz or tz, facts, place="/", name=ref["role"])
        for reader in _admins(conn)
    ]


def _review(conn: Connection, ref: Mapping[str, Any], at: datetime, tz: str) -> list[Letter]:
    query = sa.select(DefinitionRow.__table__).where(DefinitionRow.id == ref["definition"])
    row = conn.execute(query).one()
    if not row.is_current or (row.confirmed_at is not None and row.confirmed_at >= at):
        return []
    since = row.confirmed_at or row.published_at
    every = trees.tree(conn, row.id).review_every
    facts = {
        "definition": row.name, "since": since, "every": str(every), "owner": None,
        "figures": figures.since(conn, row.key, since),
    }  # fmt: skip
    return [
        Letter(reader, "review", reader.tz or tz, facts, place=f"/definitions/{row.key}",
               name=row.name)
        for reader in _owners(conn, row)
    ]  # fmt: skip


_READ: dict[str, Callable[[Connection, Mapping[str, Any], datetime, str], list[Letter]]] = {
    "invite": _invite,
    "reminder": _remind,
    "renewal": _renew,
    "receipt": _receipt,
    "code": _code,
    "own_code": _own_code,
    "lost": _lost,
    "withdrawn": _withdraw,
    "reassigned": _reassign,
    "handoff": _handoff,
    "claimed": _claim,
    "delegated": _delegated,
    "delegation": _delegation,
    "refusal": _refusal,
    "question": _question,
    "answer": _answer,
    "escalation": _escalate,
    "message": _message,
    "trouble": _trouble,
    "alarm": _alarm,
    "review": _review,
}


# The matter


_PROCESS = (Process.id, Process.title, Process.reference, Process.owner_id, Process.team_id,
            Process.definition_id, Process.n_steps, Process.n_done)  # fmt: skip


def _of_task(conn: Connection, task_id: str, tz: str) -> _Matter | None:
    task = conn.execute(sa.select(Task.__table__).where(Task.id == task_id)).first()
    return _of_process(conn, task.process_id, tz, task) if task else None


def _of_process(conn: Connection, process_id: str, tz: str, task: Any = None) -> _Matter:
    process = conn.execute(sa.select(*_PROCESS).where(Process.id == process_id)).one()
    calendar = trees.tree(conn, process.definition_id).calendar
    return _Matter(
        process,
        task,
        _owners(conn, process),
        owners.asker(conn, process.owner_id, process.team_id),
        (calendar.timezone if calendar else None) or tz,
    )


def _letter(
    matter: _Matter, reader: Reader, template: str, facts: Mapping[str, Any], **own: Any
) -> Letter:
    task, asker = matter.task, matter.asker
    told = {
        "process": matter.process.title,
        "process_id": matter.process.id,
        "reference": matter.process.reference,
        "task": task,
        "owner": asker.name if asker else None,
        **facts,
    }
    where = {"task_id": task.id, "step": task.step, "name": task.name} if task else {}
    return Letter(
        reader,
        template,
        reader.tz or matter.tz,
        told,
        process_id=matter.process.id,
        reply_to=tuple(one for one in asker.emails if one != reader.email) if asker else (),
        **{**where, **own},
    )


def _keyed(letter: Letter, ref: Mapping[str, Any]) -> Letter:
    """The letter to the participant an effect is for goes by its id, any other by its reader too.

    It must not depend on who else is written to: that may change between two attempts. Nor on
    the address: the key stands in the ledger for ever, and a short digest of it can be guessed.
    """
    task = letter.facts.get("task")
    meant = ref.get("participant") or (task.participant_id if task is not None else None)
    if letter.to.participant is not None and letter.to.participant == meant:
        return letter
    return replace(letter, key=sha256(letter.to.id.encode()).hexdigest()[:8])


# The people


def _owners(conn: Connection, owned: Any) -> list[Reader]:
    """Who answers for a process or a definition: its owner, its team, else the admins."""
    found = _staff(conn, User.id == owned.owner_id) if owned.owner_id else []
    if not found and owned.team_id:
        found = _members(conn, owned.team_id)
    return found or _admins(conn)


def _doers(conn: Connection, task: Any) -> list[Reader]:
    """Everybody who may do a task; of a team who claimed it, else all its members."""
    if task.team_id is not None:
        if task.holder_id is not None:
            return _staff(conn, User.id == task.holder_id)
        return _members(conn, task.team_id)
    return _participants(conn, [task.participant_id, *task.others])


def _participants(conn: Connection, ids: Sequence[str | None]) -> list[Reader]:
    """The people behind participants, in that order, each address once."""
    query = (
        sa.select(
            Participant.id,
            Participant.email,
            Participant.name,
            Participant.timezone,
            Participant.team_id,
            User.id.label("user_id"),
            User.email.label("user_email"),
            User.timezone.label("user_timezone"),
        )
        .outerjoin(User, sa.and_(User.id == Participant.user_id, User.is_active))
        .where(Participant.id.in_([id_ for id_ in ids if id_]))
    )
    rows = {row.id: row for row in conn.execute(query)}
    found: list[Reader] = []
    for id_ in ids:
        row = rows.get(id_ or "")
        if row is None:
            continue
        if row.team_id is not None:
            found += _members(conn, row.team_id)
        elif email := row.user_email or row.email:
            tz = row.timezone or row.user_timezone
            found.append(Reader(email, row.name or email, tz, row.user_id, row.id))
    return _each_once(found)


def _members(conn: Connection, team_id: str) -> list[Reader]:
    member = sa.select(TeamMember.user_id).where(TeamMember.team_id == team_id)
    return _staff(conn, User.id.in_(member))


def _admins(conn: Connection) -> list[Reader]:
    return _staff(conn, User.role == "admin")


def _staff(conn: Connection, which: sa.ColumnElement[bool]) -> list[Reader]:
    query = sa.select(User.id, User.email, User.name, User.timezone).where(which, User.is_active)
    return [
        Reader(row.email, row.name, row.timezone, row.id)
        for row in conn.execute(query.order_by(User.created_at, User.id))
    ]


def _each_once(readers: Iterable[Reader]) -> list[Reader]:
    return list({reader.email: reader for reader in reversed(list(readers))}.values())[::-1]


def _links(conn: Connection, task_id: str) -> dict[str | None, tuple[str, int]]:
    """The newest living link of each participant to a task, of those that are mailed."""
    query = (
        sa.select(Link.participant_id, Link.id, Link.generation)
        .where(Link.task_id == task_id, Link.revoked_at.is_(None))
        .where(Link.handed_by_name.is_(None))
        .order_by(Link.made_at, Link.id)
    )
    return {row.participant_id: (row.id, row.generation) for row in conn.execute(query)}
