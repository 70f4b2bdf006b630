"""A sheet of starts: every row judged as a start is, before anything is started."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portal.access import may
from portal.actions import batches
from portal.actions.batches import Drafted, Line
from portal.actor import Actor
from portal.db import Tx, action
from portal.definition import columns, facts
from portal.definition.expressions import ExpressionFailed
from portal.definition.tree import Definition
from portal.engine import starting
from portal.engine.running import work_calendar
from portal.errors import Fault, Faulty
from portal.models import DefinitionRow, Process, sights, trees

_JUDGED_AT_ONCE = 50  # so that nobody who writes waits for a long sheet
Cells = Sequence[tuple[int, Sequence[str]]]


def plan(key: str, name: str, sheet: Cells, *, actor: Actor) -> str:
    """Draft a batch of starts from a sheet with its head first, lines counted; the batch's id.

    Faulty at ``file`` where the sheet's head is not right; a faulty row is no fault of the sheet.
    """
    may.require(actor, "start", None)
    version, tree = _current(key)
    if not sheet:
        raise Faulty.one("file", "The sheet is empty: give it a head and a row for each process.")
    heading = columns.head(tree, sheet[0][1])
    if heading.faults:
        raise Faulty([Fault("file", fault) for fault in heading.faults[:20]])
    if len(sheet) == 1:
        raise Faulty.one("file", "The sheet has a head and no rows: add one for each process.")
    lines: list[Line] = []
    for first in range(1, len(sheet), _JUDGED_AT_ONCE):
        lines += _judged(key, heading.placed, sheet[first : first + _JUDGED_AT_ONCE], actor=actor)
    return batches.draft(
        Drafted("start", name, key, version), list(_with_doubles(key, lines, actor)), actor=actor
    )


@action
def _current(tx: Tx, key: str) -> tuple[int, Definition]:
    query = sa.select(DefinitionRow.id, DefinitionRow.version).where(
        DefinitionRow.key == key, DefinitionRow.is_current
    )
    row = tx.execute(query).first()
    if row is None:
        raise Faulty.one("definition", f"There is no definition with the key “{key}”.")
    return row.version, trees.tree(tx.conn, row.id)


@action
def _judged(
    tx: Tx, key: str, placed: Mapping[int, columns.Column], rows: Cells, *, actor: Actor
) -> list[Line]:
    return [_line(tx, key, placed, n, cells, actor) for n, cells in rows]


def _line(
    tx: Tx,
    key: str,
    placed: Mapping[int, columns.Column],
    n: int,
    cells: Sequence[str],
    actor: Actor,
) -> Line:
    """The row as it would start; nothing is written."""
    given = columns.row(placed, cells)
    kept = {
        "inputs": given.inputs, "participants": given.participants, "reference": given.reference,
        "cells": {column.name: cells[place] for place, column in placed.items()
                  if place < len(cells)},
    }  # fmt: skip
    try:
        start = starting.prepare(
            tx,
            key,
            inputs=given.inputs,
            participants=given.participants,
            reference=given.reference,
            actor=actor,
        )
    except Faulty as fault:
        faults = [told for one in fault.faults for told in columns.told(one, placed, given)]
        return Line(n, given.reference or "", kept, faults)
    return Line(n, _title(start), kept)


def _title(start: starting.Start) -> str:
    """What the process will be called; the definition's name where that can't be said yet."""
    tree, calendar = start.tree, work_calendar(start.tree)
    known = facts.build(
        tree,
        inputs=start.process["inputs"],
        steps={},
        values={},
        participants={
            one.role or "": {"email": one.email, "name": one.name} for one in start.people
        },
        now=start.process["started_at"],
        zone=ZoneInfo(str(calendar.timezone)),
    )
    try:
        return " ".join(tree.title.render(known).split()) or tree.name
    except ExpressionFailed:
        return tree.name


def _with_doubles(key: str, lines: Sequence[Line], actor: Actor) -> Iterator[Line]:
    """The lines, each with a word of warning where its reference is one that runs already."""
    named = [str(line.given["reference"]) for line in lines if line.given["reference"]]
    running = _running(key, named, actor=actor)
    seen: dict[str, int] = {}
    for line in lines:
        reference = line.given["reference"]
        warning = None
        if reference in seen:
            warning = f"Line {seen[reference]} has the same reference."
        elif reference in running:
            warning = "A process with this reference is running already."
        if reference:
            seen.setdefault(reference, line.n)
        given: dict[str, Any] = {**line.given, "warning": warning}
        yield Line(line.n, line.label, given, line.faults)


@action
def _running(tx: Tx, key: str, references: Sequence[str], *, actor: Actor) -> set[str]:
    query = sa.select(Process.reference).where(
        Process.key == key, Process.state == "running", Process.reference.in_(references)
    )
    query = query.where(sights.seen_by(actor))
    return {str(one) for one in tx.execute(query).scalars()} if references else set()
