"""What the rounds of a process brought: answers, files, by whom, and what stood there before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from portal.definition import drawings, scopes
from portal.definition.tree import Definition, FormStep, SignStep, Step, UploadStep
from portal.readings import prose, words
from portal.readings.filled import filled, labelled
from portal.readings.givers import Giver

Row = sa.Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Answered:
    """What one round of a step brought: labelled answers, files, and the words with them."""

    step: str
    scope: str
    name: str
    round: int
    outcome: str | None
    done_at: Any
    rows: Sequence[tuple[str, str]]
    files: Sequence[Row]
    comment: str | None = None
    is_latest: bool = True
    drawing: str = ""
    by: Sequence[Giver] = ()
    """Who answered; several where each of them had a task of its own."""
    before: Mapping[str, str] = field(default_factory=dict)
    """What stood in the round before, by label, where it is another now (``""``: nothing)."""


def rounds(
    tree: Definition,
    runs: Sequence[Row],
    files: Mapping[str, Row],
    facts: Mapping[str, Any],
) -> list[Answered]:
    """Rounds that a person did, in the order of the document, the newest round first."""
    place = {step.id: n for n, step in enumerate(tree.all_steps())}
    known = [run for run in runs if run.step in place]
    latest: set[tuple[str, str]] = set()
    told: list[Answered] = []
    for run in sorted(
        known, key=lambda run: (place[run.step], scopes.order(run.scope), -run.round)
    ):
        is_latest = (run.step, run.scope) not in latest
        latest.add((run.step, run.scope))
        told.append(_answered(tree.step(run.step), run, files, facts, is_latest=is_latest))
    older: list[Answered | None] = [*told[1:], None]
    told = [_with_before(*pair) for pair in zip(told, older, strict=False)]
    return [one for one in told if one.rows or one.files or one.comment]


def _with_before(one: Answered, older: Answered | None) -> Answered:
    """The round with what stood in the one before it, where there was one and it differs."""
    if older is None or (one.step, one.scope) != (older.step, older.scope):
        return one
    was, now = dict(_told(older)), dict(_told(one))
    changed = {label: was.get(label, "") for label in now if was.get(label) != now[label]}
    gone = {label: text for label, text in was.items() if label not in now}
    return replace(one, before={**changed, **gone})


def _told(one: Answered) -> list[tuple[str, str]]:
    files = ", ".join(f"{file.name} ({words.short_hash(file.sha256)})" for file in one.files)
    return [*one.rows, *([("Files", files)] if files else [])]


def with_givers(
    answers: Sequence[Answered], tasks: Sequence[Row], found: Mapping[str, Giver]
) -> list[Answered]:
    """The rounds with who answered them."""
    by: dict[tuple[str, str, int], list[Giver]] = {}
    for task in tasks:
        if task.id in found:
            by.setdefault((task.step, task.scope, task.round), []).append(found[task.id])
    return [
        replace(one, by=sorted(by.get((one.step, one.scope, one.round), ()), key=_by_event))
        for one in answers
    ]


def _by_event(giver: Giver) -> int:
    return giver.event


def _answered(
    step: Step, run: Row, files: Mapping[str, Row], facts: Mapping[str, Any], *, is_latest: bool
) -> Answered:
    rows: list[tuple[str, str]] = []
    sent: list[Row] = []
    comment = None
    if isinstance(step, FormStep):
        rows = labelled(step.fields, run.answers, facts)
    elif isinstance(step, UploadStep):
        ids = [one for listed in run.answers.values() for one in listed]
        sent = [files[one] for one in ids if one in files]
    else:
        if isinstance(step, SignStep) and run.answers.get("signature"):
            rows = _signature(run)
            signed = [one["file"] for one in run.answers["document"] or ()]
            sent = [files[one] for one in signed if one in files]
        comment = run.answers.get("comment") or run.answers.get("note")
    name = filled(step.name, facts)
    return Answered(
        step=step.id,
        scope=run.scope,
        name=f"{name}, {scopes.index(run.scope) + 1}" if run.scope else name,
        round=run.round,
        outcome=run.outcome,
        done_at=run.done_at,
        rows=rows,
        files=sent,
        comment=comment,
        is_latest=is_latest,
        drawing=drawings.path(run.answers.get("drawing") or []),
    )


def _signature(run: Row) -> list[tuple[str, str]]:
    statement = prose.to_text(run.answers["statement"])
    what = [("What was signed", statement)] if statement else []
    return [
        *what,
        ("Signature", run.answers["signature"]),
        ("SHA-256 of what was signed", words.grouped_hash(run.answers["sha256"])),
    ]
