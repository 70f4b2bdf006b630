"""All that the desk shows of one process, in six statements however long it has run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import aliased

from portal import clock
from portal.definition import facts as definition_facts
from portal.definition.shown import show_value
from portal.definition.tree import (
    Definition,
    Step,
    UploadStep,
)
from portal.errors import Unknown
from portal.ledger.tables import Head
from portal.models import (
    DefinitionRow,
    FileRow,
    Participant,
    Process,
    StepRun,
    Task,
    Team,
    Trail,
    Trouble,
    User,
    sights,
)
from portal.models.files import brought
from portal.models.people import WRITERS
from portal.readings import answered, givers, trees, words
from portal.readings.answered import Answered
from portal.readings.filled import labelled

# A process that went round and round is told whole on its timeline; these are its latest.
MOST_RUNS = 200
MOST_FILES = 300

Row = sa.Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Dossier:
    """One process with everything around it.

    ``facts`` are what expressions may read outside of all items; ``None`` where it has run so
    long that they are not all at hand.
    """

    process: Row
    tree: Definition
    people: Sequence[Row]
    tasks: Sequence[Row]
    answers: Sequence[Answered]
    inputs: Sequence[tuple[str, str]]
    values: Sequence[tuple[str, str]]
    troubles: Sequence[Row]
    unnamed: Sequence[str] = field(default=())
    facts: Mapping[str, Any] | None = None

    @property
    def open_tasks(self) -> list[Row]:
        """Tasks that somebody holds now."""
        return [task for task in self.tasks if task.state == "open"]

    def earlier(self, step: str | None) -> list[Step]:
        """The steps that an exception at this step may go back to."""
        if step is None or not self.tree.has_step(step):
            return []
        return list(self.tree.steps_before(step))

    @property
    def editable(self) -> list[tuple[str, str]]:
        """What may be changed one at a time: ``inputs.ID`` and ``values.ID`` with their labels."""
        plain = [one for one in self.tree.inputs if one.type not in ("table", "choices", "money")]
        return [
            *((f"inputs.{one.id}", str(one.label)) for one in plain),
            *((f"values.{name}", name.replace("_", " ")) for name in self.tree.value_names()),
        ]

    @staticmethod
    def fault_of_value(faults: Mapping[str, str]) -> str:
        """What is wrong with a value that was to be changed, if anything is."""
        found = (text for at, text in faults.items() if at.startswith(("inputs", "values")))
        return next(found, "")


def of_process(conn: Connection, process_id: str) -> Dossier:
    """The dossier of a process; Unknown where there is none."""
    process = _process(conn, process_id)
    if process is None:
        raise Unknown("There is no process at this address.")
    tree = trees.of_source(process.source)
    people, tasks = _people_and_tasks(conn, process_id)
    runs = conn.execute(
        sa.select(StepRun)
        .with_only_columns(*StepRun.__table__.columns)
        .where(StepRun.process_id == process_id, StepRun.state == "done")
        .order_by(StepRun.done_at.desc(), StepRun.id.desc())
        .limit(MOST_RUNS)
    ).all()
    files = conn.execute(
        sa.select(*FileRow.__table__.columns)
        .where(
            FileRow.process_id == process_id, FileRow.state.in_(("received", "replaced", "refused"))
        )
        .order_by(FileRow.arrived_at.desc(), FileRow.id.desc())
        .limit(MOST_FILES)
    ).all()
    named = {person.role for person in people if person.may_act}
    by_id = {file.id: file for file in files}
    facts = _facts(tree, process, people, runs, by_id)
    return Dossier(
        process=process,
        tree=tree,
        people=people,
        tasks=tasks,
        answers=answered.with_givers(
            answered.rounds(tree, runs, by_id, facts), tasks, givers.of_process(conn, process_id)
        ),
        inputs=labelled(tree.inputs, process.inputs, facts),
        values=_values(process, facts),
        troubles=_troubles(conn, process_id) if process.n_troubles else (),
        unnamed=[role for role in tree.roles if role not in named],
        facts=facts if len(runs) < MOST_RUNS else None,
    )


def require(conn: Connection, process_id: str) -> None:
    """Refuse with Unknown where there is no such process."""
    if conn.execute(sa.select(Process.id).where(Process.id == process_id)).first() is None:
        raise Unknown("There is no process at this address.")


def title_of(conn: Connection, process_id: str) -> str:
    """What a process is called; empty where there is none."""
    return str(
        conn.execute(sa.select(Process.title).where(Process.id == process_id)).scalar() or ""
    )


def file_of(conn: Connection, process_id: str, file_id: str) -> Row:
    """A file that was sent in this process; Unknown where there is none."""
    query = sa.select(*FileRow.__table__.columns).where(
        FileRow.id == file_id, FileRow.process_id == process_id, FileRow.state != "dropped"
    )
    found = conn.execute(query).first()
    if found is None:
        raise Unknown("There is no such file in this process.")
    return found


def trail_of(
    conn: Connection, process_id: str, make: Mapping[str, Any] | None = None
) -> Row | None:
    """The newest audit trail that is built (of a make, ``trail.make_of``), with its storage id."""
    query = (
        sa.select(*Trail.__table__.columns)
        .where(Trail.process_id == process_id, Trail.storage_id.is_not(None))
        .order_by(Trail.seq.desc(), Trail.asked_at.desc())
        .limit(1)
        .filter_by(**(make or {}))
    )
    return conn.execute(query).first()


def trails_of(conn: Connection, process_id: str, zone: str) -> Sequence[Row]:
    """The newest audit trail of each language and paper, without files, with times in a zone."""
    built = sa.select(*Trail.__table__.columns).where(
        Trail.process_id == process_id, Trail.storage_id.is_not(None),
        Trail.with_files.is_(False), Trail.zone == zone,
    )  # fmt: skip
    rows = conn.execute(built.order_by(Trail.seq.desc(), Trail.asked_at.desc()).limit(50)).all()
    return list({(row.language, row.paper): row for row in reversed(rows)}.values())[::-1]


def _facts(
    tree: Definition,
    process: Row,
    people: Sequence[Row],
    runs: Sequence[Row],
    files: Mapping[str, Row],
) -> dict[str, Any]:
    """What the texts of the definition may name, from the latest rounds that were done."""
    latest: dict[tuple[str, str], Row] = {}
    for run in runs:  # the newest first
        latest.setdefault((run.step, run.scope), run)

    def brought(step: str, scope: str) -> dict[str, Any]:
        run = latest.get((step, scope))
        return {} if run is None else {"outcome": run.outcome, **_stored(tree, run, files)}

    def count(each: str, scope: str) -> int | None:
        run = latest.get((each, scope))
        return run.answers.get("count") if run is not None else None

    return definition_facts.build(
        tree,
        inputs=process.inputs,
        steps=definition_facts.seen_from(tree, "", brought, count),
        values=process.values,
        participants={one.role: {"email": one.email, "name": one.person_name} for one in people},
        now=clock.now(),
        zone=words.zone(trees.zone(tree)),
    )


def _stored(tree: Definition, run: Row, files: Mapping[str, Row]) -> dict[str, Any]:
    if not (tree.has_step(run.step) and isinstance(tree.step(run.step), UploadStep)):
        return dict(run.answers)
    return brought(run.answers, files)


def _values(process: Row, facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    zone = definition_facts.zone_of(facts)
    return [
        (name.replace("_", " ").capitalize(), show_value(definition_facts.unpack(packed, zone)))
        for name, packed in process.values.items()
        if packed is not None
    ]


def _process(conn: Connection, process_id: str) -> Row | None:
    asked, other = aliased(Trail), aliased(DefinitionRow)
    newest = sa.select(asked.id).where(asked.process_id == Process.id, asked.zone == "")
    newest = newest.order_by(asked.seq.desc(), asked.asked_at.desc(), asked.id.desc()).limit(1)
    query = (
        sa.select(
            *Process.__table__.columns,
            DefinitionRow.source,
            DefinitionRow.name.label("definition_name"),
            sa.select(sa.func.max(other.version))
            .where(other.key == Process.key)
            .scalar_subquery()
            .label("newest_version"),
            User.name.label("owner_name"),
            User.email.label("owner_email"),
            Team.name.label("team_name"),
            Trail.built_at.label("trail_built_at"),
            Trail.asked_at.label("trail_asked_at"),
            Trail.seq.label("trail_seq"),
            Trail.sha256.label("trail_sha256"),
            Trail.language.label("trail_language"),
            Trail.paper.label("trail_paper"),
            Trail.with_files.label("trail_with_files"),
            Trail.lacks.label("trail_lacks"),
            Head.seq.label("head_seq"),
            sights.is_restricted(Process.key),
        )
        .join(Head, Head.log == Process.id)
        .join(DefinitionRow, DefinitionRow.id == Process.definition_id)
        .outerjoin(User, User.id == Process.owner_id)
        .outerjoin(Team, Team.id == Process.team_id)
        .outerjoin(Trail, Trail.id == newest.scalar_subquery())
        .where(Process.id == process_id)
    )
    return conn.execute(query).first()


def _people_and_tasks(conn: Connection, process_id: str) -> tuple[list[Row], list[Row]]:
    """Everybody who takes part, and every task of theirs, newest first; one statement."""
    holder, member = aliased(User), aliased(User)
    is_able = sa.and_(member.is_active, member.role.in_(WRITERS))
    query = (
        sa.select(
            Participant.id.label("person_id"),
            Participant.role,
            Participant.kind.label("person_kind"),
            Participant.email,
            Participant.name.label("person_name"),
            Participant.timezone,
            Team.name.label("team_name"),
            sa.or_(Participant.user_id.is_(None), is_able).label("may_act"),
            holder.name.label("holder_name"),
            *Task.__table__.columns,
        )
        .select_from(Participant)
        .outerjoin(Task, Task.participant_id == Participant.id)
        .outerjoin(Team, Team.id == Participant.team_id)
        .outerjoin(holder, holder.id == Task.holder_id)
        .outerjoin(member, member.id == Participant.user_id)
        .where(Participant.process_id == process_id)
        .order_by(Task.opened_at.desc(), Task.id.desc(), Participant.added_at)
        .limit(MOST_RUNS)
    )
    rows = conn.execute(query).all()
    people = {row.person_id: row for row in rows}
    return list(people.values()), [row for row in rows if row.id is not None]


def _troubles(conn: Connection, process_id: str) -> Sequence[Row]:
    query = (
        sa.select(*Trouble.__table__.columns, User.name.label("owner_name"))
        .outerjoin(User, User.id == Trouble.owner_id)
        .where(Trouble.process_id == process_id, Trouble.state == "open")
        .order_by(Trouble.opened_at, Trouble.id)
    )
    return conn.execute(query).all()
