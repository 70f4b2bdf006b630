"""Calls that are owed: what is to be sent, and whether it still is; which secrets there must be."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.definition.calls import MARK, REQUEST
from portal.definition.tree import CallStep
from portal.models import DefinitionRow, Process, StepRun, trees


@dataclass(frozen=True, slots=True)
class Owed:
    """One call as it was kept when its step opened. ``key`` is the same on every attempt.

    ``attempts`` is how many are made at most.
    """

    key: str
    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str | None
    secret: str | None
    attempts: int
    step: str

    def headers_with(self, value: str | None) -> tuple[tuple[str, str], ...]:
        """The headers with the secret in its place; Authorization where none names it."""
        key = ("Idempotency-Key", self.key)
        if value is None:
            return (*self.headers, key)
        filled = tuple((name, text.replace(MARK, value)) for name, text in self.headers)
        if filled == self.headers:
            filled = (*filled, ("Authorization", f"Bearer {value}"))
        return (*filled, key)


def as_text(body: Any) -> str:
    """A JSON value as another system would send it."""
    return json.dumps(body, ensure_ascii=False)


def owed(conn: Connection, run_id: str) -> Owed | None:
    """The call of a round; ``None`` where the round is over."""
    query: sa.Select[*tuple[Any, ...]] = (
        sa.select(StepRun.step, StepRun.answers, Process.definition_id)
        .join(Process, Process.id == StepRun.process_id)
        .where(StepRun.id == run_id, StepRun.state == "open")
    )
    row = conn.execute(query).first()
    if row is None:
        return None
    step = trees.tree(conn, row.definition_id).step(row.step)
    assert isinstance(step, CallStep)
    kept = row.answers[REQUEST]
    return Owed(
        key=run_id,
        method=kept["method"],
        url=kept["url"],
        headers=tuple((name, value) for name, value in kept["headers"]),
        body=kept["body"],
        secret=step.secret,
        step=row.step,
        attempts=step.times + 1,
    )


def secrets(conn: Connection) -> Iterator[tuple[str, str]]:
    """Which definitions in force name which secrets: pairs of secret and definition."""
    current = sa.select(DefinitionRow.id, DefinitionRow.key).where(DefinitionRow.is_current)
    for row in conn.execute(current.order_by(DefinitionRow.key)).all():
        steps = trees.tree(conn, row.id).all_steps()
        names = {one.secret for one in steps if isinstance(one, CallStep) and one.secret}
        yield from ((name, row.key) for name in sorted(names))
