"""What an auditor's room grants: the processes of a scope, their list, and samples of it."""

import hashlib
import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.models.processes import Process

HEAD, SAMPLE = "portal-population/v1", "portal-sample/v1"


def narrowed(wanted: "sa.Select[*tuple[Any, ...]]", scope: Mapping[str, Any]) -> Any:
    """The processes that a scope grants."""
    if scope.get("processes"):
        return wanted.where(Process.id.in_(scope["processes"]))
    if scope.get("definitions"):
        wanted = wanted.where(Process.key.in_(scope["definitions"]))
    if scope.get("states"):
        wanted = wanted.where(Process.state.in_(scope["states"]))
    if scope.get("since"):
        wanted = wanted.where(Process.started_at >= datetime.fromisoformat(scope["since"]))
    if scope.get("until"):
        wanted = wanted.where(Process.started_at < datetime.fromisoformat(scope["until"]))
    return wanted


def listed(conn: Connection, scope: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The lines of the list with the rows they are of; the first is its head and has none.

    A line has number, id and start in UTC, tabs between, a line feed behind.
    """
    query = sa.select(Process.id, Process.started_at, Process.ended_at)
    ordered = narrowed(query, scope).order_by(Process.started_at, Process.id)
    yield f"{HEAD}\n", None
    for n, row in enumerate(conn.execute(ordered), 1):
        start = row.started_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        yield f"{n}\t{row.id}\t{start}\n", row


@dataclass(frozen=True, slots=True)
class Picked:
    """The processes of least rank, in its order, and the list they are of: length and SHA-256."""

    process_ids: list[str]
    total: int
    sha256: str


def pick(conn: Connection, scope: Mapping[str, Any], size: int, seed: str) -> Picked:
    """Pick ``size`` of the population by that seed, all where there are fewer."""
    digest, ids = hashlib.sha256(), []
    for line, row in listed(conn, scope):
        digest.update(line.encode())
        ids += [row.id] if row is not None else []
    least = heapq.nsmallest(size, ids, key=lambda one: rank(seed, one))
    return Picked(least, len(ids), digest.hexdigest())


def rank(seed: str, process_id: str) -> str:
    """SHA-256, in hex, of the head, the seed and the id, with line feeds between them."""
    return hashlib.sha256(f"{SAMPLE}\n{seed}\n{process_id}".encode()).hexdigest()
