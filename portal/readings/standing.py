"""Where a process stands in its definition, for the diagram of it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.definition import diagram
from portal.definition.diagram import STANDINGS
from portal.definition.tree import BlockStep, Definition
from portal.models import StepRun
from portal.readings import words
from portal.readings.dossier import Dossier
from portal.readings.filled import filled

_LIVE = sa.text("(step_runs.is_current OR step_runs.is_latest)")


@dataclass(frozen=True, slots=True)
class Standing:
    """As a page tells it: in a sentence, as a picture (SVG), and each step in words."""

    summary: str
    picture: str
    steps: Sequence[tuple[str, str, str]]


def of_process(conn: Connection, dossier: Dossier) -> Standing:
    """Where this process stands; its picture leads to what the definition says of each step."""
    process, tree = dossier.process, dossier.tree
    stands = by_step(conn, process, tree)
    names = {}
    if dossier.facts is not None:
        names = {step.id: filled(step.name, dossier.facts) for step in tree.all_steps()}
    links = f"/definitions/{process.key}?version={process.version}#step-"
    picture = diagram.svg(tree, stands, names=names, links=links)
    return Standing(summary(tree, stands), picture, diagram.described(tree, stands, names))


def by_step(conn: Connection, process: Any, tree: Definition) -> dict[str, str]:
    """How each step stands (`diagram.STANDINGS`), by its id; one statement.

    Of a step that runs for several items the one that is furthest from done tells.
    """
    query = (
        sa.select(StepRun.step, StepRun.state, StepRun.is_current, sa.func.max(StepRun.round))
        .where(StepRun.process_id == process.id, _LIVE)
        .group_by(StepRun.step, StepRun.state, StepRun.is_current)
    )
    seen: dict[str, list[tuple[str, bool, int]]] = defaultdict(list)
    for step, state, is_current, rounds in conn.execute(query):
        seen[step].append((state, is_current, rounds))
    rest = "coming" if process.state == "running" else "unreached"
    return {step.id: _stands(seen.get(step.id, ()), rest) for step in tree.all_steps()}


def _stands(rounds: Any, rest: str) -> str:
    current = {state: number for state, is_current, number in rounds if is_current}
    if rest == "coming" and "open" in current:
        return "back" if current["open"] > 1 else "open"
    for state, said in (("done", "done"), ("skipped", "skipped"), ("withdrawn", "skipped")):
        if state in current:
            return said
    # Only rounds before a return are left: it is asked again once the process gets there.
    return "back" if rounds and rest == "coming" else rest


def summary(tree: Definition, standing: Mapping[str, str]) -> str:
    """How many steps stand how, blocks left out: ``3 done, 1 now, 4 to come``."""
    counts = Counter(
        standing[step.id] for step in tree.all_steps() if not isinstance(step, BlockStep)
    )
    said = [f"{counts[one]} {word}" for one, (_, word) in STANDINGS.items() if counts[one]]
    return words.listed(said)
