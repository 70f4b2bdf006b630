"""Where people's data lies: every column of every table, and how it is erased.

A column that is in none of these lists fails ``tests/structure/test_personal.py``: whoever adds
one says whether it can hold what somebody wrote or is called, and if so what takes it away.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from portal.models import (
    AddedStep,
    BatchRow,
    Code,
    Draft,
    FileRow,
    Link,
    Mail,
    Participant,
    Piece,
    Process,
    Signal,
    StepRun,
    Task,
    Timer,
    Trail,
    Trouble,
    Upload,
)

ERASED = "Erased"
"""What stands where something has to stand."""

Blank = Callable[[Any], Any]


def nothing(_value: Any) -> None:
    """Nothing is left."""


def erased(_value: Any) -> str:
    """A word is left, since pages and the database want one."""
    return ERASED


def empty(_value: Any) -> str:
    """An empty text is left."""
    return ""


def hollow(value: Any) -> Any:
    """The names of fields without what stood in them: ``{"iban": None}``."""
    return dict.fromkeys(value) if isinstance(value, Mapping) else []


def ids_only(value: Any) -> Any:
    """Who passed a task on to whom, by ids; no name and no reason."""
    if isinstance(value, list):
        return [ids_only(one) for one in value]
    kept = {"from", "to", "user", "id", "by", "at"}
    return {key: one if key in kept else "" for key, one in value.items()}


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one table that belong to a process, and what happens to them.

    ``blanks`` says of each column what is left in it; with ``drops`` the whole row goes.
    ``whose`` is the column that names the participant it is of, ``to`` one that holds an address;
    a row of somebody else keeps all but what names the person; ``is_of_all``: each row may tell
    of everybody, and goes whoever is erased. ``by`` is the column of the process
    where it is not ``process_id``; ``via`` joins a table that has it.
    """

    table: Any
    blanks: Mapping[str, Blank] = field(default_factory=dict)
    drops: bool = False
    is_of_all: bool = False
    whose: str | None = None
    to: str | None = None
    by: str = "process_id"
    via: tuple[Any, str] | None = None
    kind: str = "records"
    """What the person who asks is told went."""

    def of(self, process_id: str) -> "sa.Select[*tuple[Any, ...]]":
        """The rows of a process, locked until the commit."""
        table = self.table.__table__
        if self.via is not None:
            other, column = self.via
            ids = sa.select(other.__table__.c.id).where(other.__table__.c.process_id == process_id)
            return sa.select(table).where(table.c[column].in_(ids))
        return sa.select(table).where(table.c[self.by] == process_id)


# Rows that point at others come first, so that those can go.
OF_PROCESS = (
    Rows(Piece, drops=True, via=(Upload, "upload_id"), kind="files"),
    Rows(Upload, {"name": erased}, drops=True, whose="participant_id", kind="files"),
    Rows(FileRow, {"name": erased}, drops=True, whose="participant_id", kind="files"),
    Rows(Trail, drops=True, is_of_all=True, kind="audit trails"),
    Rows(
        Draft,
        {"typed": hollow},
        drops=True,
        whose="participant_id",
        via=(Task, "task_id"),
        kind="drafts",
    ),
    Rows(Code, drops=True, whose="participant_id", via=(Task, "task_id")),
    Rows(Signal, {"data": hollow}, drops=True, kind="signals"),
    Rows(Timer, {"what": hollow}, drops=True),
    Rows(
        Mail,
        {"to": empty, "subject": empty, "said": nothing},
        to="to",
        kind="mails",
    ),
    Rows(
        Link,
        {"revoked_reason": nothing, "handed_by_name": nothing},
        whose="participant_id",
    ),
    Rows(
        Trouble,
        {"message": erased, "effect": nothing, "proposal": nothing},
        kind="exceptions",
    ),
    Rows(
        Task,
        {"name": erased, "answers": hollow, "passed_on": ids_only, "delegation": nothing},
        whose="participant_id",
        kind="answers",
    ),
    Rows(StepRun, {"answers": hollow, "comment": nothing}, kind="answers"),
    Rows(
        Participant,
        {"email": nothing, "name": nothing, "timezone": nothing},
        whose="id",
        kind="names and addresses",
    ),
    Rows(BatchRow, {"label": erased, "given": hollow, "faults": hollow}, kind="sheets"),
    Rows(AddedStep, {"source": erased}, is_of_all=True, kind="added steps"),
    Rows(
        Process,
        {
            "title": erased, "reference": nothing, "inputs": hollow, "values": hollow,
            "waiting": hollow,
        },
        by="id",
        kind="inputs and values",
    ),
)  # fmt: skip
KINDS = tuple(dict.fromkeys([*(rows.kind for rows in OF_PROCESS), "search", "history"]))

ELSEWHERE: Mapping[str, Mapping[str, str]] = {
    "ledger_disclosures": {"value": "erasing.apply", "salt": "erasing.apply"},
    "search_documents": {"told": "searching.rebuild", "words": "searching.rebuild"},
    "outgoing": {"error": "erasing.apply"},
    "definitions": {"source": "erasing.apply", "handed_reason": "house.scrub"},
    "definition_reviews": {"note": "house.scrub"},
    "absences": {"note": "house.scrub"},
    "saved_views": {"query": "house.scrub", "name": "house.scrub"},
    "batches": {"name": "house.scrub", "details": "house.scrub"},
    "batch_rows": {"label": "house.scrub", "given": "house.scrub", "faults": "house.scrub"},
    "kept_answers": {"answer": "house.forget"},
    "preferences": {
        "email": "house.forget", "language": "house.forget", "timezone": "house.forget",
    },
    "lost_links": {"email": "house.forget"},
    "address_codes": {"email": "house.forget"},
    "proved_addresses": {"email": "house.forget"},
    "holds": {"email": "holds.lift", "reason": "holds.lift"},
}  # fmt: skip
"""Columns that are erased by verbs of their own, and which."""

OF_STAFF: Mapping[str, frozenset[str]] = {
    "absences": frozenset({"user_id", "deputy_id"}),
    "api_tokens": frozenset({"name", "user_id"}),
    "batches": frozenset({"how"}),
    "book": frozenset({"actor_name", "told", "ip", "agent", "once"}),
    "definition_reviews": frozenset({"said_by_name"}),
    "passkeys": frozenset({"name", "credential", "public_key"}),
    "outside_identities": frozenset({"subject"}),
    "sign_in_steps": frozenset({"told"}),
    "staff_sessions": frozenset({"ip", "agent"}),
    "users": frozenset({"email", "name", "timezone", "password_hash"}),
}
"""What is known of people with an account: it is part of their account, and of who decided what.

The book names the user who acted, never an outside person: of those it has ids at the most.
"""


def declared() -> dict[str, set[str]]:
    """The columns that some eraser or account answers for, by table."""
    known: dict[str, set[str]] = {}
    for rows in OF_PROCESS:
        table = rows.table.__table__
        mine = known.setdefault(table.name, set())
        mine |= {one.name for one in table.columns} if rows.drops else set(rows.blanks)
    for name, columns in (*ELSEWHERE.items(), *OF_STAFF.items()):
        known.setdefault(name, set()).update(columns)
    return known
