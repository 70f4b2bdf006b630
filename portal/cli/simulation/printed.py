"""What is told of a simulation, moment by moment, and how it stands at its end."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from portal import clock, db
from portal.cli.simulation.life import Life
from portal.definition.tree import Definition
from portal.readings import lists, payloads, sentences, timeline, words
from portal.readings.entries import Told

_UNTOLD = ("link.entered", "task.picked_up", "code.sent")
ENDED = "simulation.ended"


class Printed:
    """One simulation on the terminal: as lines to read, or as JSON, one event a line."""

    def __init__(self, tree: Definition, at: datetime, *, as_json: bool) -> None:
        self._tree, self._at, self._as_json = tree, at, as_json
        self._moment = ""
        self._tz = "UTC"

    def begin(self, life: Life) -> None:
        """The heading."""
        self._tz = str(life.calendar.timezone)
        if not self._as_json:
            start = words.moment(self._at, self._tz)
            click.echo(f"“{self._tree.name}” ({self._tree.key}), started {start}")

    def tell(self, told: Sequence[Told]) -> None:
        """What has happened since."""
        with db.reading() as conn:
            names = timeline.names_by_process(conn, told, self._tz)
        for entry in told:
            if entry.type not in _UNTOLD:
                said = sentences.tell(entry, names[entry.process])
                self._line(entry.at, entry.type, said.text, step=entry.step, quote=said.quote)

    def unfit(self, task: Any, sentence: str) -> None:
        """An answer that was made up does not fit, so nobody gives one."""
        click.echo(
            f"No answer to “{task.name}” could be made up ({sentence})."
            f" Give one in a file of answers, under steps: {task.step}.",
            err=True,
        )

    def end(self, life: Life, until: datetime) -> None:
        """How it stands at the end: its state, who is waited for, what needs a person."""
        with db.reading() as conn:
            shape = payloads.process(conn, life.process)
            open_ = lists.troubles(conn, lists.TroubleFilters(state="open"), limit=100).items
        is_over = shape["state"] == "running" and life.goes_on_after(until)
        at = until if is_over else clock.now()
        said = self._ending(shape, at, is_over=is_over)
        if self._as_json:
            self._line(at, ENDED, said, **_standing(shape, open_))
            return
        click.echo(f"\n{said}")
        for held in shape["waiting_for"]:
            click.echo(f"  {self._waits(held)}")
        for one in open_:
            since = words.moment(one.opened_at, self._tz)
            click.echo(f"  Somebody is needed since {since}: {one.message}")

    def _ending(self, shape: dict[str, Any], at: datetime, *, is_over: bool) -> str:
        if shape["ended_at"]:
            span = datetime.fromisoformat(shape["ended_at"]) - self._at
            took = f"after {words.span(span)}" if span.total_seconds() else "at once"
            return f"The process is {shape['state']} {took}."
        if is_over:
            return f"After {(at - self._at).days // 7} weeks it stands here:"
        return "Nothing more happens by itself. It stands here:"

    def _waits(self, held: dict[str, Any]) -> str:
        who = held["who"] or {}
        name = who.get("name") or who.get("email") or "nobody"
        since = words.moment(datetime.fromisoformat(held["since"]), self._tz)
        return f"“{held['name']}” waits for {name} since {since}."

    def _line(self, at: datetime, type_: str, text: str, **more: Any) -> None:
        local = words.moment(at, self._tz)
        if self._as_json:
            line = {"at": words.iso(at), "local": local, "type": type_, "sentence": text, **more}
            click.echo(json.dumps(line, ensure_ascii=False))
            return
        if local != self._moment:
            self._moment = local
            click.echo(f"\n{local}")
        click.echo(f"  {text}")
        for quoted in str(more["quote"] or "").splitlines():
            click.echo(f"      {quoted}")


def _standing(shape: dict[str, Any], open_: Sequence[Any]) -> dict[str, Any]:
    """What is open, in the words of the API but without ids, which no two runs share."""
    waiting = [{key: held[key] for key in held if key != "task"} for held in shape["waiting_for"]]
    exceptions = [
        {"kind": one.kind, "step": one.step, "message": one.message,
         "opened_at": words.iso(one.opened_at)}
        for one in open_
    ]  # fmt: skip
    return {
        "state": shape["state"],
        "ended_at": shape["ended_at"],
        "waiting_for": waiting,
        "exceptions": exceptions,
    }
