"""The evidence of one process as data: everything the audit trail prints, from the ledger alone.

Only the names of fields and steps come from elsewhere: from the definition whose digest stands
in the ledger's first event, and after a move to another version from the one whose digest stands
there. Whatever was not recorded is ``None`` here and is printed as "not recorded", what was erased
as that (``gone``). Long ledgers are read in batches, never as a whole.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal import language
from portal.definition.fields import show
from portal.definition.tree import Definition, FormStep, Step, UploadStep
from portal.language import gettext as _
from portal.ledger import catalogue as c
from portal.ledger.catalogue import ENDS
from portal.ledger.tables import Entry
from portal.models import Trail
from portal.readings import entries, handoffs, registers, spoken, timeline, versions, words
from portal.readings.entries import ANSWERS, Told
from portal.readings.given import Given, Rows, Ways, drawing, parts, refusal, signature
from portal.readings.gone import Gone
from portal.readings.handoffs import Handoff
from portal.readings.put_before import PutBefore
from portal.readings.registers import Counts
from portal.readings.sentences import Names, Sentence, tell

_BATCH = 400
_OF_FILE = ("file_name", "sha256", "size", "media_type")


@dataclass(slots=True)
class Person:
    """Somebody who took part: who they are said to be, and how that was verified.

    ``auths`` are the ways in which they acted, with the first event of each.
    """

    ref: str
    name: str | None
    email: str | None
    roles: list[str] = field(default_factory=list)
    named_in: int = 0
    auths: dict[str, int] = field(default_factory=dict)
    addresses: list[str] = field(default_factory=list)
    devices: list[str] = field(default_factory=list)
    mails: int = 0
    bounces: int = 0

    @property
    def is_team(self) -> bool:
        """Whether it is a team, which is named but has no address and never acts itself."""
        return self.name is not None and self.email is None and not self.auths


@dataclass(slots=True)
class Overview:
    """What the cover and the summary tell. ``seq`` and ``hash`` are those of the last event."""

    process: str
    definition: str
    version: int
    digest: str
    title: str | None
    reference: str | None
    inputs: list[tuple[str, str]]
    state: str
    started_at: datetime
    started_by: str | None
    ended_at: datetime | None
    upto_at: datetime
    seq: int
    hash: str
    people: dict[str, Person]
    gone: Gone
    counts: Counts = field(default_factory=Counts)


@dataclass(frozen=True, slots=True)
class File:
    """One file as it was received. ``id`` is its own, ``sha256`` in hex, ``size`` in bytes."""

    id: str
    at: datetime
    by: str | None
    name: str | None
    document: str
    size: int | None
    sha256: str | None
    media_type: str | None
    scan: str
    seq: int
    erased: str = ""
    """When and why what is missing was erased; empty where nothing was."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of one person: a form, files, a decision or a to-do.

    ``parts`` are the headings of a form's sections, by the place of the row they stand above;
    ``notes`` what a decision was about; ``is_signature`` where it was signed or declined to.
    """

    seq: int
    at: datetime
    task: str
    round: int | None
    sentence: Sentence
    rows: list[tuple[str, str]]
    files: list[File]
    drawing: str = ""
    notes: Rows = field(default_factory=list)
    is_signature: bool = False
    parts: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """One event as the full list prints it."""

    entry: Told
    sentence: Sentence
    erased: str = ""
    """When and why values of it were erased; empty where none was."""


class Evidence:
    """The evidence of one process up to one event, read again for each part of the trail.

    What fits into one batch is read once: most trails do, and a part costs nothing then.
    """

    def __init__(
        self, conn: Connection, process_id: str, upto: int, tz: str, zone: str = ""
    ) -> None:
        self._conn = conn
        self._process = process_id
        self._upto = upto
        self._whole: list[Told] | None = None
        self._versions = versions.of_process(conn, process_id, upto)
        self.tree: Definition = self._versions[0].tree
        calendar = self._versions[-1].tree.calendar
        self.tz = zone or (calendar.timezone if calendar else None) or tz

    def overview(self) -> Overview:
        """One pass over the ledger for the cover, the summary and the people."""
        entries = self._entries()
        view = self._begin(next(entries))
        for entry in entries:
            view.seq, view.hash, view.upto_at = entry.seq, entry.hash, entry.at
            view.counts.note(entry)
            _end(view, entry)
            _meet(view, entry)
        return view

    def answers(self) -> Iterator[Answer]:
        """Every answer in the order it was given."""
        files: list[File] = []
        ways, given, before = Ways(self.tz), Given(self.gone), PutBefore()
        for batch, names in self._batches():
            for entry in batch:
                ways.note(entry)
                given.note_asked(entry)
                if isinstance(entry.event, c.FileReceived):
                    files.append(self._file(entry, entry.event))
                elif isinstance(entry.event, ANSWERS):
                    rows = self._rows(entry, ways.take(entry.task), given)
                    notes = before.told(entry, self._tree_at(entry.seq), names)
                    yield self._answer(entry, names, files, rows, notes)
                    files = []
                before.note(entry)

    def files(self) -> Iterator[File]:
        """Every file in the order in which they came."""
        for entry in self._entries():
            if isinstance(entry.event, c.FileReceived):
                yield self._file(entry, entry.event)

    def register(self, name: str) -> Iterator[Line]:
        """The events that a register tells again (``registers``), in order."""
        for batch, names in self._batches():
            for entry in batch:
                if registers.holds(name, entry):
                    yield Line(entry, tell(entry, names), self.gone.of_event(entry.seq))

    def handoffs(self) -> Iterator[tuple[str, Handoff]]:
        """Each time that work was given to somebody, with what the task was called."""
        called = {
            step.id: spoken.filled(step.name)
            for one in self._versions
            for step in one.tree.all_steps()
        }
        for one in handoffs.of_entries(self._entries()):
            yield one.name or called.get(one.step, one.step), one

    def lines(self) -> Iterator[Line]:
        """Every event in order."""
        for batch, names in self._batches():
            for entry in batch:
                yield Line(entry, tell(entry, names), self.gone.of_event(entry.seq))

    def _entries(self) -> Iterator[Told]:
        for batch in self._raw_batches():
            yield from batch

    def _raw_batches(self) -> Iterator[list[Told]]:
        if self._whole is not None:
            yield self._whole
            return
        after = -1
        while batch := timeline.of_process(
            self._conn, self._process, after=after, upto=self._upto, limit=_BATCH
        ):
            if after < 0 and batch[-1].seq == self._upto:
                self._whole = batch
            yield batch
            after = batch[-1].seq

    def _batches(self) -> Iterator[tuple[list[Told], Names]]:
        """Entries with what their tasks were called when they were opened, as the ledger has it."""
        tasks: dict[str, str] = {}
        newest_first = [one.tree for one in reversed(self._versions)]
        names = timeline.called(tasks, newest_first, self.tz)
        for batch in self._raw_batches():
            opened = (one for one in batch if isinstance(one.event, c.TaskOpened))
            tasks.update({str(one.task): one.data["name"] for one in opened if "name" in one.data})
            yield batch, names

    def _begin(self, first: Told) -> Overview:
        event = first.event
        if not isinstance(event, c.ProcessStarted):
            raise TypeError("a ledger begins with process.started")
        view = Overview(
            process=first.process,
            definition=event.definition,
            version=event.version,
            digest=event.digest,
            title=event.title,
            reference=event.reference,
            inputs=[
                (str(f.label), show(f, (event.inputs or {}).get(f.id), language.current()))
                for f in self.tree.inputs
            ],
            state="running",
            started_at=first.at,
            started_by=first.actor_name,
            ended_at=None,
            upto_at=first.at,
            seq=first.seq,
            hash=first.hash,
            people={},
            gone=self.gone,
        )
        for role, ref in event.participants.items():
            told = (event.people or {}).get(role) or {}
            _person(view, ref, told, self._role(role), first.seq)
        _acted(view, first)
        return view

    def _role(self, role: str) -> str:
        known = self.tree.roles.get(role)
        return known.name if known else role

    def _file(self, entry: Told, event: c.FileReceived) -> File:
        step = self._step(entry)
        label = event.document
        if isinstance(step, UploadStep):
            named = (one for one in step.documents if one.id == event.document)
            label = next((spoken.filled(one.name) for one in named), label)
        return File(
            id=event.file,
            at=entry.at,
            by=entry.actor_name,
            name=event.file_name,
            document=label,
            size=event.size,
            sha256=event.sha256,
            media_type=event.media_type,
            scan=self._scan(event),
            seq=entry.seq,
            erased=self.gone.any_of(entry.seq, *_OF_FILE),
        )

    def _scan(self, event: c.FileReceived) -> str:
        """What became of a file that came while it was being checked, as far as the trail goes."""
        checked = self._verdicts.get(event.file) if event.scan == "being checked" else None
        if checked is None:
            return words.scan(event.scan)
        if not checked.said:
            return words.scan(checked.scan)
        return _("%(scan)s: %(said)s", scan=words.scan(checked.scan), said=checked.said)

    @cached_property
    def gone(self) -> Gone:
        """What was erased, as far as the trail goes."""
        erasures = entries.query().where(Entry.log == self._process, Entry.seq <= self._upto)
        erasures = erasures.where(Entry.type == c.DisclosureErased.TYPE).order_by(Entry.seq)
        return Gone(entries.told(self._conn, self._conn.execute(erasures).all()), self.tz)

    @cached_property
    def _verdicts(self) -> dict[str, c.FileChecked]:
        events = (entry.event for entry in self._entries())
        return {event.file: event for event in events if isinstance(event, c.FileChecked)}

    def _rows(self, entry: Told, way: Rows, asked: Given) -> Rows:
        """What was answered to a form, or all that is known of a signature."""
        step, event = self._step(entry), entry.event
        if isinstance(event, c.FormSubmitted) and isinstance(step, FormStep):
            return asked.rows(entry, event, step)
        if isinstance(event, c.SignatureMade):
            return signature(entry, event, way, self.gone)
        if isinstance(event, c.SignatureDeclined):
            return refusal(entry, event, way, self.gone)
        return []

    def _answer(
        self, entry: Told, names: Names, files: list[File], rows: Rows, notes: Rows
    ) -> Answer:
        return Answer(
            seq=entry.seq,
            at=entry.at,
            task=names.tasks.get(entry.task or "") or names.steps.get(entry.step or "") or "",
            round=entry.data.get("round"),
            sentence=tell(entry, names),
            rows=rows,
            files=files if isinstance(entry.event, c.UploadSubmitted) else [],
            drawing=drawing(entry.event),
            notes=notes,
            is_signature=isinstance(entry.event, (c.SignatureMade, c.SignatureDeclined)),
            parts=parts(self._step(entry)) if isinstance(entry.event, c.FormSubmitted) else {},
        )

    def _step(self, entry: Told) -> Step | None:
        """The step of an event, as the version has it under which it happened."""
        tree = self._tree_at(entry.seq)
        return tree.step(entry.step) if entry.step and tree.has_step(entry.step) else None

    def _tree_at(self, seq: int) -> Definition:
        """The version under which an event happened."""
        return next(one.tree for one in reversed(self._versions) if one.seq <= seq)


def _end(view: Overview, entry: Told) -> None:
    ended = ENDS.get(type(entry.event))
    if ended:
        view.state, view.ended_at = ended, entry.at


def _meet(view: Overview, entry: Told) -> None:
    """Note whom an event names, and who acted in it and how they were verified."""
    event = entry.event
    if isinstance(event, c.ParticipantNamed):
        _person(view, event.participant, event.person or {}, event.role, entry.seq)
    elif isinstance(event, c.TaskReassigned):
        _person(view, event.to_participant, event.person or {}, None, entry.seq)
    elif isinstance(event, c.TaskOpened):
        _person(view, event.assignee, event.person or {}, None, entry.seq)
    _acted(view, entry)
    _delivered(view, entry)


def _acted(view: Overview, entry: Told) -> None:
    if entry.actor_kind == "system":
        return
    told = {"name": entry.actor_name, "email": entry.actor_email}
    person = _person(view, entry.actor_ref, told, None, entry.seq)
    person.auths.setdefault(entry.auth, entry.seq)
    if entry.ip and entry.ip not in person.addresses and len(person.addresses) < 5:
        person.addresses.append(entry.ip)
    if entry.agent and entry.agent not in person.devices and len(person.devices) < 5:
        person.devices.append(entry.agent)


def _delivered(view: Overview, entry: Told) -> None:
    to = entry.data.get("to")
    if not isinstance(to, str):
        return
    for person in view.people.values():
        if person.email == to:
            person.mails += type(entry.event) in registers.TAKEN
            person.bounces += isinstance(entry.event, c.MailBounced)


def _person(view: Overview, ref: str, told: dict[str, Any], role: str | None, seq: int) -> Person:
    """The person of a reference; a member of staff met again by their address is one person."""
    email = told.get("email")
    person = view.people.get(ref) or next(
        (p for p in view.people.values() if email and p.email == email), None
    )
    if person is None:
        person = Person(ref=ref, name=told.get("name"), email=email, named_in=seq)
        view.people[ref] = person
    person.name = person.name or told.get("name")
    person.email = person.email or email
    if role and role not in person.roles:
        person.roles.append(role)
    return person


def to_build(conn: Connection, trail_id: str) -> sa.Row[Any] | None:
    """A trail that was asked for and is not built yet; ``None`` where there is nothing to do."""
    wanted: sa.Select[*tuple[Any, ...]] = sa.select(*Trail.__table__.columns)
    return conn.execute(wanted.where(Trail.id == trail_id, Trail.storage_id.is_(None))).first()


def make_of(asked: Mapping[str, str]) -> dict[str, Any]:
    """The make that an address asks for by ``language``, ``paper`` and ``files`` (true, false).

    With the times of the house: other zones are for the reader who asked for them.
    """
    make: dict[str, Any] = {name: asked[name] for name in ("language", "paper") if name in asked}
    make["zone"] = ""
    return make | ({"with_files": asked["files"] == "true"} if "files" in asked else {})


def to_stamp(conn: Connection, trail_id: str) -> sa.Row[Any] | None:
    """A trail that is built and whose seal lacks something; ``None`` where nothing is to do."""
    wanted: sa.Select[*tuple[Any, ...]] = sa.select(*Trail.__table__.columns)
    lacking = wanted.where(Trail.id == trail_id, Trail.storage_id.is_not(None))
    return conn.execute(lacking.where(Trail.lacks.is_not(None))).first()


def how_many_lack(conn: Connection) -> int:
    """How many trails bear a seal that lacks what the house wants of it."""
    lacking = sa.select(sa.func.count()).where(Trail.lacks.is_not(None))
    return int(conn.execute(lacking.where(Trail.storage_id.is_not(None))).scalar_one())


def last_asked(conn: Connection, process_id: str, make: Mapping[str, Any]) -> sa.Row[Any] | None:
    """The trail last asked for, of a make; once built it has ``storage_id`` and ``sha256``."""
    wanted: sa.Select[*tuple[Any, ...]] = sa.select(*Trail.__table__.columns)
    wanted = wanted.where(Trail.process_id == process_id).filter_by(**make)
    return conn.execute(wanted.order_by(Trail.asked_at.desc(), Trail.id.desc()).limit(1)).first()
