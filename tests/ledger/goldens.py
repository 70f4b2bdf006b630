"""``python -m tests.ledger.goldens NAME``: keeps ledgers as the code of today writes them.

Writes ``golden/NAME-STORY.jsonl``, an export as anybody may have kept it, and beside it
``.told.jsonl``, what it came to on that day: the state of the process, and each event as it was
read. ``test_goldens.py`` holds all later code to both. A file that is there is never written
again: a ledger out in the world doesn't change either.
"""

import dataclasses
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from portal import clock, db
from portal.ledger import record
from portal.ledger.catalogue import CATALOGUE, Event, ProcessStarted, read
from portal.logs import configure
from portal.migrations import upgrade
from portal.readings import export, status
from tests import people
from tests.conftest import MONDAY
from tests.histories.picks import Rolled
from tests.histories.player import begun
from tests.histories.run import settle
from tests.ledger.stories import ENGINE
from tests.readings.test_sentences import made
from tests.servers import short_folder

FOLDER = Path(__file__).parent / "golden"
# Seeds of stories that between them tell of most that the engine does.
_STORIES = (12, 13, 41, 48)
_DIGEST = "5" * 64
# What comes of an event after which a process is over stands last.
_LAST = ("process.completed",)
_FIRST = ("process.started",)


def events(lines: Sequence[str]) -> list[Event]:
    """The events of an export, read by the code of today."""
    found = []
    for line in lines:
        told = json.loads(line)
        if "body" not in told:
            continue  # of a checkpoint
        body = json.loads(told["body"])
        own = {name: one["value"] for name, one in told["disclosed"].items() if "." not in name}
        found.append(read(body["type"], body["data"] | own))
    return found


def state(told: Sequence[Event]) -> dict[str, Any]:
    """What a process came to, as JSON."""
    came_to = status.replay(told)
    return {
        "state": came_to.state,
        "tasks": came_to.tasks,
        "rounds": {"/".join(map(str, place)): how for place, how in came_to.rounds.items()},
        "values": sorted(came_to.values),
        "troubles": sorted(came_to.troubles),
    }


def as_json(event: Event) -> dict[str, Any]:
    """An event as it is read: type and version, and every field that says something."""
    said = {name: one for name, one in dataclasses.asdict(event).items() if one is not None}
    return {"type": event.TYPE, "version": event.VERSION, "says": said}


def keep(name: str, lines: Sequence[str], folder: Path = FOLDER) -> None:
    """Write one ledger and what it comes to; FileExistsError where there is one of that name."""
    told = events(lines)
    came_to = [json.dumps({"state": state(told)}), *(json.dumps(as_json(one)) for one in told)]
    for path, kept in ((f"{name}.jsonl", lines), (f"{name}.told.jsonl", came_to)):
        with (folder / path).open("x") as file:
            file.writelines(f"{line}\n" for line in kept)


def every_type() -> str:
    """A ledger with one event of each type there is, everything said that can be said."""
    between = sorted(CATALOGUE.keys() - {*_FIRST, *_LAST})
    process = db.new_id()
    with db.transaction() as tx:
        chain = record.begin_chain(tx, process, _DIGEST, definition="every-type")
        for number, type_ in enumerate((*_FIRST, *between, *_LAST)):
            task = f"t{number}"
            event = dataclasses.replace(made(type_), task=task)
            if isinstance(event, ProcessStarted):
                event = dataclasses.replace(event, digest=_DIGEST)
            if type_ not in (*_FIRST, "task.opened"):
                opened = dataclasses.replace(made("task.opened"), task=task)
                chain.add(opened, actor=ENGINE)  # type: ignore[arg-type]
            chain.add(event, actor=people.staff("dana"))
    return process


def story(stopped: clock.Clock, seed: int) -> str:
    """A process that was made up, and lived through to its end."""
    stopped.set(MONDAY)
    player = begun(Rolled(seed), stopped, f"story-{seed}", [])
    player.live(30)
    return player.root


def main(words: Sequence[str]) -> int:
    """Keep one of each; 0 when they stand there."""
    if len(words) != 1 or words[0].startswith("-"):
        print(__doc__)
        return 2
    [name] = words
    configure("error")
    with short_folder() as home, clock.stopped_at(MONDAY) as stopped:
        db.bind(db.Database(f"sqlite:///{home}/portal.sqlite3"))
        upgrade(db.current())
        settle()
        makes: dict[str, Callable[[], str]] = {"every-type": every_type}
        for seed in _STORIES:
            makes[f"story-{seed}"] = lambda seed=seed: story(stopped, seed)  # type: ignore[misc]
        for which, make in makes.items():
            process = make()
            with db.reading() as conn:
                keep(f"{name}-{which}", list(export.lines(conn, process)))
            print(f"{FOLDER.name}/{name}-{which}.jsonl")
        db.current().close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
