"""What the expressions of a running process may read, worked out of its rows as they stand."""

import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from portal.definition import facts as definition_facts
from portal.engine import loading
from portal.engine.rows import Place, Round

if TYPE_CHECKING:
    from portal.engine.running import Running


class Facts:
    """The facts of one process in hand: built once for each scope, until something changes."""

    def __init__(self, running: "Running") -> None:
        # Weak: what is in hand is let go of with its transaction, without a look for circles.
        self._running: Running = weakref.proxy(running)
        self._within: dict[str, dict[str, Any]] = {}
        self._files: dict[str, dict[str, Any]] = {}

    def within(self, scope: str) -> dict[str, Any]:
        """What expressions within that scope may read."""
        if scope not in self._within:
            self._within[scope] = self._build(scope)
        return self._within[scope]

    def forget(self) -> None:
        """Have them built anew."""
        self._within = {}

    def _build(self, scope: str) -> dict[str, Any]:
        of = self._running
        return definition_facts.build(
            of.tree,
            inputs=of.process["inputs"],
            steps=definition_facts.seen_from(of.tree, scope, self._latest, self._count),
            values=definition_facts.values_seen(
                of.tree, scope, of.process["values"], self._answers
            ),
            participants=self._roles(),
            now=of.now,
            zone=of.calendar.timezone,
            items=definition_facts.items_seen(of.tree, scope, self._answers),
        )

    def _latest(self, step: str, scope: str) -> Any:
        done = self._running.latest.get(Place(step, scope))
        return {} if done is None else self._brought(done)

    def _count(self, each: str, scope: str) -> int | None:
        """How many items an ``each`` ran for; all of them are then at hand."""
        place = Place(each, scope)
        ran = self._running.whole().rounds.get(place) or self._running.latest.get(place)
        return ran.answers.get("count") if ran is not None else None

    def _answers(self, step: str, scope: str) -> Mapping[str, Any]:
        """What the round of a step kept: the current one of an item, else the latest."""
        place = Place(step, scope)
        kept = self._running.rounds.get(place) or self._running.latest.get(place)
        return kept.answers if kept is not None else {}

    def _brought(self, done: Round) -> Mapping[str, Any]:
        if done.state != "done":
            return {}
        answers = done.answers
        if self._running.tree.step(done.step).kind == "upload":
            answers = {name: self._described(ids) for name, ids in answers.items()}
        return {**answers, "outcome": done.outcome}

    def _described(self, ids: list[str]) -> list[dict[str, Any]]:
        if not self._files.keys() >= set(ids):
            self._files = loading.files(self._running.tx, self._running.id)
        return [self._files[id_] for id_ in ids if id_ in self._files]

    def _roles(self) -> dict[str, dict[str, Any]]:
        return {
            person.role: {"email": person.email, "name": person.name}
            for person in self._running.people.values()
            if person.role
        }
