"""Letters of a process and of the house itself: messages, exceptions, alarms, reviews."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal import clock
from portal.models import DefinitionRow, StepRun, Trouble, User, trees
from portal.readings import book, figures, spoken
from portal.readings.letters import recipients
from portal.readings.letters.matter import LINK, Letter, Matter, letter, of_process


def message(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To one reader of a message step: its subject and body as they were kept."""
    run = conn.execute(sa.select(StepRun.__table__).where(StepRun.id == ref["run"])).first()
    if run is None:
        return []
    matter = of_process(conn, run.process_id, tz)
    facts = {"subject": run.answers["subject"], "body": run.answers["body"]}
    return [
        letter(
            matter,
            reader,
            "message",
            facts,
            step=run.step,
            wants_link=LINK in run.answers["body"] and reader.user is None,
            place=f"/processes/{run.process_id}" if reader.user else None,
        )
        for reader in recipients.participants(conn, [ref["participant"]])
    ]


def trouble(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To the owner, that something needs a person; told often enough, to the admins as well."""
    query = sa.select(Trouble.__table__).where(Trouble.id == ref["trouble"])
    trouble = conn.execute(query).first()
    if trouble is None or trouble.state != "open":
        return []
    matter = of_process(conn, trouble.process_id, tz)
    rung = ref.get("rung", 0)
    facts = {
        "message": trouble.message,
        "since": trouble.opened_at if rung else None,
        "where": _where(conn, matter, trouble),
    }
    place = f"/processes/{matter.process.id}"
    readers = recipients.each_once([*matter.owners, *(recipients.admins(conn) if rung > 1 else ())])
    return [
        letter(matter, reader, "trouble", facts, step=trouble.step, place=place)
        for reader in readers
    ]


def _where(conn: Connection, matter: Matter, trouble: Any) -> str | None:
    """What the step is called that stands; ``None`` where what happened says it already."""
    steps = trees.tree(conn, matter.process.definition_id).all_steps()
    name = next((spoken.filled(one.name) for one in steps if one.id == trouble.step), None)
    return None if name is None or name in trouble.message else name


def alarm(conn: Connection, ref: Mapping[str, Any], at: datetime, tz: str) -> list[Letter]:
    """To the admins, that a role shows no sign of life."""
    facts = {"role": ref["role"], "since": at, "sentence": ref.get("sentence")}
    return [
        Letter(reader, "alarm", reader.tz or tz, facts, place="/", name=ref["role"])
        for reader in recipients.admins(conn)
    ]


def sign_in(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To a member of staff, that how they sign in was changed."""
    found = book.line(conn, ref["line"])
    if found is None:
        return []
    line, user_id = found
    facts = {
        "sentence": line.sentence, "when": line.at, "device": line.device, "ip": line.ip,
        "owner": None,
    }  # fmt: skip
    return [
        Letter(reader, "sign_in", reader.tz or tz, facts, name=reader.name, place="/me")
        for reader in recipients.staff(conn, User.id == user_id)
    ]


def doubled(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To the owner of a definition, that its exceptions doubled."""
    query = sa.select(DefinitionRow.__table__).where(DefinitionRow.id == ref["definition"])
    row = conn.execute(query).one()
    facts = {
        "definition": row.name, "owner": None, "lately": ref["lately"], "starts": ref["starts"],
    }  # fmt: skip
    return [
        Letter(reader, "doubled", reader.tz or tz, facts, name=row.name,
               place=f"/insights?definition={row.key}&weeks=26")
        for reader in recipients.owners(conn, row)
    ]  # fmt: skip


def review(conn: Connection, ref: Mapping[str, Any], at: datetime, tz: str) -> list[Letter]:
    """To the owner of a definition, that it is time to look at it; none once that is done."""
    query = sa.select(DefinitionRow.__table__).where(DefinitionRow.id == ref["definition"])
    row = conn.execute(query).one()
    if not row.is_current or (row.confirmed_at is not None and row.confirmed_at >= at):
        return []
    since = row.confirmed_at or row.published_at
    tree = trees.tree(conn, row.id)
    counted = figures.since(conn, row.key, since, clock.now(), tree)
    facts = {
        "definition": row.name, "since": since, "every": str(tree.review_every), "owner": None,
        "figures": counted, "lines": figures.lines(counted, tree),
        "version": row.version, "published": row.published_at,
    }  # fmt: skip
    return [
        Letter(reader, "review", reader.tz or tz, facts, place=f"/definitions/{row.key}",
               name=row.name)
        for reader in recipients.owners(conn, row)
    ]  # fmt: skip
