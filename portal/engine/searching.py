"""The documents by which processes are found: what the ledger tells, by the place where it stands.

A step adds the words that its events bring, in one statement, whatever the document holds
already. ``rebuild`` makes the same documents from the whole ledger: so nothing that was erased
there can be found.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portal.db import Tx
from portal.ledger import catalogue as c
from portal.ledger.record import Chain
from portal.ledger.tables import Disclosure, Entry
from portal.models import Process, SearchDocument
from portal.models.searching import folded
from portal.prepared import prepared

Pieces = Mapping[str, Any]  # text by place; what is empty takes away what stood there
Documents = dict[str, dict[str, Any]]  # by part

REMARKS_TOGETHER = 50
_LONGEST = 2_000  # characters of one place that are kept and found
# Bytes of words that one step brings; PostgreSQL's index refuses a document of more than 2^20,
# and with it the step. What is behind them is kept, and not found.
_MOST_WORDS = 250_000


def note(
    tx: Tx,
    chain: Chain,
    process: Mapping[str, Any],
    *,
    scope_of: Callable[[str], str] | None = None,
    newcomers: Collection[str] = (),
) -> None:
    """Have the process found by what was added to its ledger in this transaction.

    ``process`` has ``title`` and ``reference``; ``scope_of`` tells where a task stands;
    ``newcomers`` are the participants who were not there before.
    """
    if any(type(event) is c.DataEdited for _, event in chain.events):
        rebuild(tx, chain.log)
        return
    new = [one for one in chain.events if _is_new(one[1], newcomers)]
    documents = _collect(new, process, scope_of or (lambda _: ""))
    rows = [_row(chain.log, part, told) for part, told in documents.items()]
    if rows:
        tx.run(_MERGE, rows)


def _is_new(event: c.Event, newcomers: Collection[str]) -> bool:
    """Whether it tells anything that was not told: whoever is asked mostly is known."""
    return type(event) is not c.TaskOpened or event.assignee in newcomers


def rebuild(tx: Tx, process_id: str) -> bool:
    """Make the documents of a process anew from its ledger; whether they were others.

    Whoever erases a value calls this, too.
    """
    its = SearchDocument.process_id == process_id
    stored = tx.execute(sa.select(SearchDocument.part, SearchDocument.told).where(its)).all()
    fresh = _of_ledger(tx, process_id)
    if {row.part: _full(row.told) for row in stored} == fresh:
        return False
    if gone := [row.part for row in stored if row.part not in fresh]:
        tx.execute(sa.delete(SearchDocument).where(its, SearchDocument.part.in_(gone)))
    rows = [_row(process_id, part, told) for part, told in fresh.items()]
    tx.run(_REPLACE, rows)
    return True


# What stands where


def _answers(event: Any) -> Pieces:
    return {f"{event.step}.{name}": value for name, value in (event.answers or {}).items()}


def _started(event: c.ProcessStarted) -> Pieces:
    people = event.people or {}
    return {
        **{f"who:{id_}": _named(people.get(role)) for role, id_ in event.participants.items()},
        **{f"in:{name}": value for name, value in (event.inputs or {}).items()},
    }


def _named(person: Mapping[str, Any] | None) -> str:
    """A person's name and address."""
    return " ".join(filter(None, map((person or {}).get, ("name", "email"))))


def _edited(event: c.DataEdited) -> Pieces:
    return {_edited_place(name): value for name, value in (event.after or {}).items()}


def _edited_place(name: str) -> str:
    """``inputs.amount``, ``values.total`` and ``steps.details.city`` are where they were given."""
    kind, _, rest = name.partition(".")
    return {"inputs": f"in:{rest}", "values": f"set:{rest}", "steps": rest}.get(kind, name)


_TELLS: dict[type[c.Event], Callable[[Any], Pieces]] = {
    c.ProcessStarted: _started,
    c.ParticipantNamed: lambda event: {f"who:{event.participant}": _named(event.person)},
    c.TaskOpened: lambda event: {f"who:{event.assignee}": _named(event.person)},
    c.TaskReassigned: lambda event: {f"who:{event.to_participant}": _named(event.person)},
    c.TaskDelegated: lambda event: {f"who:{event.to_participant}": _named(event.person)},
    c.FormSubmitted: _answers,
    c.FileReceived: lambda event: {f"{event.step}.{event.document}": event.file_name},
    c.ApprovalApproved: lambda event: {f"{event.step}.comment": event.comment},
    c.ApprovalChangesRequested: lambda event: {f"{event.step}.comment": event.comment},
    c.ApprovalRejected: lambda event: {f"{event.step}.comment": event.comment},
    c.SignatureMade: lambda event: {f"{event.step}.signature": event.signature},
    c.SignatureDeclined: lambda event: {f"{event.step}.comment": event.comment},
    c.TaskDone: lambda event: {f"{event.step}.note": event.note},
    c.ValuesSet: lambda event: {f"set:{name}": of for name, of in (event.values or {}).items()},
    c.SignalReceived: lambda event: {f"signal:{event.signal}": event.data},
    c.DataEdited: _edited,
}
_OF_PEOPLE = (c.ParticipantNamed, c.TaskOpened, c.TaskReassigned, c.TaskDelegated)
_REMARKS = (c.CommentAdded, c.QuestionAsked, c.QuestionAnswered, c.TaskBlocked)


def _collect(
    events: Iterable[tuple[int, c.Event]],
    process: Mapping[str, Any],
    scope_of: Callable[[str], str],
) -> Documents:
    """The text of each place, by the document it belongs to."""
    documents: Documents = {}
    is_beginning, together = False, ""
    for seq, event in events:
        kind = type(event)
        if kind in _TELLS:
            scope = event.scope or (scope_of(event.task) if event.task else "")
            scope = "" if kind in _OF_PEOPLE else scope
            part, told = scope.partition("/")[0], _TELLS[kind](event)
            if inner := scope.partition("/")[2]:
                told = {f"{inner}/{place}": value for place, value in told.items()}
        elif isinstance(event, _REMARKS):
            part, told = f"#{seq // REMARKS_TOGETHER}", {f"said:{seq}": event.text}
        else:
            continue
        is_beginning = is_beginning or kind is c.ProcessStarted
        is_more = kind is c.FileReceived and event.task == together
        together = event.task or "" if kind is c.FileReceived else together
        if told:
            _put(documents.setdefault(part, {}), told, is_more=is_more)
    named = {"title": process["title"], "reference": process["reference"]}
    if is_beginning:
        _put(documents.setdefault("", {}), named)
    for part, document in documents.items():
        if part:
            _put(document, named)
    return documents


def _put(document: dict[str, Any], told: Pieces, *, is_more: bool = False) -> None:
    """Write a place anew; of files that came together each is told."""
    for place, value in told.items():
        text = " ".join(_text(value).split())[:_LONGEST] or None
        before = document.get(place)
        document[place] = f"{before}, {text}" if is_more and before and text else text


def _text(value: Any) -> str:
    """What of an answer can be read."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return " ".join(map(_text, value.values()))
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return "" if value is None or isinstance(value, bool) else str(value)


# Reading and writing

_ENTRIES = sa.select(Entry.seq, Entry.type, Entry.body).where(
    Entry.log == sa.bindparam("log"), Entry.type.in_(sorted(
        [*(one.TYPE for one in _TELLS), *(one.TYPE for one in _REMARKS)]
    )),
).order_by(Entry.seq)  # fmt: skip
_DISCLOSED = sa.select(Disclosure.seq, Disclosure.field, Disclosure.value).where(
    Disclosure.log == sa.bindparam("log")
)
_NAMED = sa.select(Process.title, Process.reference).where(Process.id == sa.bindparam("log"))


def _of_ledger(tx: Tx, process_id: str) -> Documents:
    its = {"log": process_id}
    process = dict(tx.execute(_NAMED, its).mappings().one())
    private: dict[int, dict[str, Any]] = {}
    for row in tx.execute(_DISCLOSED, its):
        private.setdefault(row.seq, {})[row.field] = json.loads(row.value)
    events, scopes = [], {}
    for row in tx.execute(_ENTRIES, its):
        data = json.loads(row.body)["data"]
        event = c.read(row.type, {**data, **private.get(row.seq, {})})
        if isinstance(event, c.TaskOpened):
            scopes[event.task or ""] = event.scope or ""
        events.append((row.seq, event))
    documents = _collect(events, process, lambda task: scopes.get(task, ""))
    return {part: _full(told) for part, told in documents.items()}


def _full(told: Mapping[str, Any]) -> dict[str, Any]:
    return {place: text for place, text in told.items() if text}


def _row(process_id: str, part: str, told: Mapping[str, Any]) -> dict[str, Any]:
    words: dict[str, str | None] = {}
    left = _MOST_WORDS
    for place, text in told.items():
        spaced = _spaced(text) if text else None
        left -= len(spaced.encode()) if spaced else 0
        words[place] = spaced if left >= 0 else None
    return {"process_id": process_id, "part": part, "told": dict(told), "words": words}


def _spaced(text: str) -> str:
    return f" {' '.join(dict.fromkeys(folded(text)))} "


def _upsert(dialect: str, become: Callable[[Any, Any], Any]) -> sa.Executable:
    insert = (sqlite if dialect == "sqlite" else postgresql).insert(SearchDocument).inline()
    new = {
        name: become(getattr(SearchDocument, name), insert.excluded[name])
        for name in ("told", "words")
    }
    upsert: sa.Executable = insert.on_conflict_do_update(
        index_elements=["process_id", "part"], set_=new
    )
    return upsert


# What is new is added, what is empty is taken away, the rest stays: in one statement.
_MERGE = prepared(
    {
        "sqlite": _upsert("sqlite", sa.func.json_patch),
        "postgresql": _upsert(
            "postgresql", lambda there, new: sa.func.jsonb_strip_nulls(there.op("||")(new))
        ),
    }
)
_REPLACE = prepared(
    {name: _upsert(name, lambda _there, new: new) for name in ("sqlite", "postgresql")}
)
