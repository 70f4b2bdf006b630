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
    RoomMessage,
    RoomQuestion,
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
    """The names of fields without what stood in them: ``{"iban": None, "papers": []}``."""
    if not isinstance(value, Mapping):
        return []
    return {key: [] if isinstance(one, list) else None for key, one in value.items()}


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
        {"email": nothing, "name": erased, "timezone": nothing},
        whose="id",
        kind="names and addresses",
    ),
    Rows(RoomMessage, {"text": empty}, via=(RoomQuestion, "question_id"), kind="questions"),
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
    "pack_parts": {"members": "packs.forget", "left_out": "packs.forget"},
    "kept_answers": {"answer": "house.forget"},
    "preferences": {
        "email": "house.forget", "language": "house.forget", "timezone": "house.forget",
    },
    "lost_links": {"email": "house.forget"},
    "address_codes": {"email": "house.forget"},
    "proved_addresses": {"email": "house.forget"},
    "rooms": {"auditor": "house.scrub", "email": "house.scrub"},
    "holds": {"email": "holds.lift", "reason": "holds.lift"},
}  # fmt: skip
"""Columns that are erased by verbs of their own, and which."""

OF_STAFF: Mapping[str, frozenset[str]] = {
    "absences": frozenset({"user_id", "deputy_id"}),
    "api_tokens": frozenset({"name", "user_id"}),
    "batches": frozenset({"how"}),
    "packs": frozenset({"how"}),
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


NOTHING: Mapping[str, str] = {
    "added_steps": "id process_id step near side",
    "address_codes": "id session_id",
    "api_tokens": "id secret_sha256 scopes",
    "attempts": "what",
    "batch_rows": "batch_id state process_id",
    "batches": "id kind key state made_by",
    "book": "id kind actor_id user_id process_id",
    "browser_sessions": "id secret_sha256",
    "definition_reviews": "id key said_by",
    "definitions": (
        "id key digest name purpose owner_id team_id published_by confirmed_by handed_by "
        "process_id made_for"
    ),
    "doubts": "id key process_id task_id participant_id user_id",
    "erasure_parts": "erasure_id process_id participants state why counts",
    "erasures": "id kind subject basis reference asked_by counts",
    "followers": "name",
    "heartbeats": "name",
    "holds": "id process_id definition placed_by lifted_by",
    "house_rules": "name value",
    "insight_alarms": "definition",
    "insight_counts": "definition what",
    "insight_cycles": "definition",
    "insight_parties": "definition party participant_id",
    "insight_time": "definition step court team_id",
    "kept_answers": "id body_sha256",
    "ledger_checkpoints": "note public_key",
    "ledger_disclosures": "log field",
    "ledger_entries": (
        "log prev hash type actor_kind actor_ref step task once team_id owner_id definition body"
    ),
    "ledger_heads": "log hash team_id owner_id definition",
    "ledger_leaves": "log",
    "ledger_nodes": "hash",
    "links": "id process_id participant_id task_id handed_by handed_by_role",
    "looks": "id process_id file_id task_id participant_id user_id how rendition once",
    "lost_links": "id",
    "mails": "id process_id task_id kind state",
    "outgoing": "id process_id kind ref once state",
    "outside_identities": "issuer user_id",
    "pack_parts": "pack_id process_id state head fault storage_id sha256",
    "packs": (
        "id name language paper zone state why made_by room_id sample_id once storage_id sha256"
    ),
    "participants": "id process_id role kind user_id team_id",
    "passkeys": "id user_id",
    "processes": (
        "id definition_id key state owner_id team_id parent_run_id starter_kind starter_id"
    ),
    "proved_addresses": "session_id",
    "questions": "id process_id task_id participant_id waits_on",
    "recovery_codes": "sha256 user_id",
    "restrictions": "key set_by",
    "room_answerers": "room_id user_id",
    "room_codes": "id room_id session_id",
    "room_messages": "id question_id user_id once",
    "room_questions": "id room_id process_id waits_on",
    "room_samples": "id room_id seed population_sha256 process_ids",
    "room_sessions": "id room_id secret_sha256",
    "rooms": "id purpose scope opened_by",
    "saved_views": "id user_id page team_id",
    "search_documents": "process_id part",
    "second_factors": "user_id id",
    "session_links": "session_id link_id",
    "sight_grants": "id key process_id user_id team_id granted_by",
    "sign_in_steps": "sha256 purpose user_id",
    "staff_sessions": "id user_id secret_sha256 method",
    "step_runs": "id process_id step scope state outcome only",
    "stretches": (
        "process_id definition what court why step scope kind task_id participant_id "
        "user_id team_id"
    ),
    "stretches_told": "process_id state",
    "sweeps": "name stage after",
    "tasks": (
        "id process_id run_id step scope kind state outcome participant_id others "
        "holder_id team_id nonce closed_under done_by done_hash"
    ),
    "team_members": "team_id user_id",
    "teams": "id name",
    "troubles": "id process_id once step scope task_id kind state owner_id",
    "users": "id role",
}
"""Columns of text with nothing personal in them: ids, keys, digests, states, words of the product,
and what staff publish for everybody (definitions, teams, rules). Of ``ledger_entries.body`` it is
the catalogue that sees to it. Numbers, days, moments and flags need no line: they name nobody.
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
