"""Definitions of every kind of step and block, as documents that the loader reads."""

import json
from copy import deepcopy
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from tests.histories.picks import Plain

Node = dict[str, Any]

SIGNALS = ("paid", "sent")
CHILD = """\
key: child
name: Child
owner: dana@example.com
roles: {vendor: {kind: external}, buyer: {kind: staff}}
steps:
  - {id: ask, assign: vendor, form: {fields: [{id: n, type: number, label: N}]}}
  - {id: judge, assign: buyer, approval: {question: Well?}}
"""
_LEAVES = ("task", "form", "approval", "set", "upload", "sign", "message", "call", "wait", "run")
_BLOCKS = ("parallel", "each", "choose")
_DEEPEST, _LONGEST = 3, 3


@dataclass(frozen=True)
class _Here:
    """Where a step stands: how deep, where it may lead back to, what its expressions may name."""

    depth: int = 0
    back: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()


@dataclass
class Maker:
    """Makes up one definition, and others that it may become."""

    pick: Plain
    key: str
    deepest: int = _DEEPEST
    numbers: count = field(default_factory=lambda: count(1))  # type: ignore[type-arg]

    def definition(self) -> Node:
        """A whole document."""
        return {
            "key": self.key,
            "name": "Story",
            "owner": "dana@example.com",
            "roles": {
                "vendor": {"kind": "external"},
                "buyer": {"kind": "staff"},
                "finance": {"kind": "staff", "team": "finance"},
                "second": {"kind": "external", "named_later": True},
            },
            "inputs": [{"id": "amount", "type": "number", "label": "Amount", "required": False}],
            "steps": self._list(_Here(), least=2),
        }

    def changed(self, document: Node) -> Node:
        """The next version: a step more, or one fewer."""
        new = deepcopy(document)
        lists = list(_lists(new["steps"]))
        steps = self.pick.one_of(lists)
        if len(steps) > 1 and self.pick.once_in(2):
            steps.pop(self.pick.number(0, len(steps) - 1))
        else:
            added = {"id": self._id(), "assign": "buyer", "task": {}}
            steps.insert(self.pick.number(0, len(steps)), added)
        return new

    def _id(self) -> str:
        return f"s{next(self.numbers)}"

    def _list(self, here: _Here, least: int) -> list[Node]:
        steps: list[Node] = []
        for _ in range(self.pick.number(least, _LONGEST)):
            step, here = self._step(here)
            steps.append(step)
        return steps

    def _step(self, here: _Here) -> tuple[Node, _Here]:
        id_ = self._id()
        blocks = _BLOCKS if here.depth < self.deepest else ()
        kind = self.pick.one_of((*_LEAVES, *blocks, *blocks))
        step: Node = {"id": id_}
        if self.pick.once_in(6):
            step["when"] = self._condition(here)
        step |= getattr(self, f"_{kind}")(id_, here)
        forms = (*here.forms, id_) if kind == "form" else here.forms
        then = replace(here, back=(*here.back, id_), steps=(*here.steps, id_), forms=forms)
        return step, then

    def _condition(self, here: _Here) -> str:
        choices = ["inputs.amount != null", "inputs.amount > 5", "false"]
        choices += [f"steps.{id_}.outcome == 'approved'" for id_ in here.steps[-2:]]
        choices += [f"steps.{id_}.n > 2" for id_ in here.forms[-2:]]
        return self.pick.one_of(choices)

    # Steps that people do

    def _asked(self, here: _Here, roles: tuple[str, ...]) -> Node:
        step: Node = {"assign": self.pick.one_of(roles)}
        if self.pick.once_in(3):
            step["due"] = "2 days"
            if self.pick.once_in(3):
                step["escalate"] = [{"after": "1 day", "to": "finance", "then": "reassign"}]
        if self.pick.once_in(6):
            ways: list[Any] = ["skip", *({"return_to": id_} for id_ in here.back), "end", "reject"]
            step["on_timeout"] = {"after": "4 days", "do": self.pick.one_of(ways)}
        if self.pick.once_in(8):
            step["control"] = True
        return step

    def _task(self, _id: str, here: _Here) -> Node:
        return self._asked(here, ("buyer", "finance", "vendor", "second")) | {"task": {}}

    def _form(self, _id: str, here: _Here) -> Node:
        fields = [
            {"id": "n", "type": "number", "label": "N"},
            {"id": "t", "type": "text", "label": "T", "required": False},
        ]
        return self._asked(here, ("vendor", "second")) | {"form": {"fields": fields}}

    def _upload(self, _id: str, here: _Here) -> Node:
        documents = [{"id": "d", "name": "D"}]
        return self._asked(here, ("vendor",)) | {"upload": {"documents": documents}}

    def _sign(self, _id: str, here: _Here) -> Node:
        signed = {"verify": "link", "sign": {"statement": "I do."}}
        return self._asked(here, ("vendor",)) | signed

    def _approval(self, _id: str, here: _Here) -> Node:
        approval: Node = {"question": "Well?"}
        step = self._asked(here, ("buyer", "vendor"))
        if self.pick.once_in(2):
            step["assign"] = ["buyer", "vendor", "finance"][: self.pick.number(2, 3)]
            approval["needs"] = self.pick.one_of(("all", "any", 2))
        if here.back and self.pick.once_in(2):
            approval["on_changes"] = {"return_to": self.pick.one_of(here.back)}
        rejected = ["continue", "continue", "end", *({"return_to": id_} for id_ in here.back)]
        approval["on_reject"] = self.pick.one_of(rejected)
        return step | {"approval": approval}

    # Steps of the system

    def _set(self, id_: str, here: _Here) -> Node:
        values = ["1", "inputs.amount + 1", *(f"steps.{one}.n * 2" for one in here.forms[-2:])]
        return {"set": {f"v_{id_}": self.pick.one_of(values)}}

    def _message(self, _id: str, _here: _Here) -> Node:
        to = self.pick.one_of(("buyer", "vendor", "second"))
        return {"message": {"to": [to], "subject": "News", "body": "It goes on."}}

    def _call(self, id_: str, _here: _Here) -> Node:
        retry = {"times": 1, "first": "30 seconds"}
        save = {f"v_{id_}": "response.json.n"}
        return {"call": {"url": "https://erp.example/x", "retry": retry, "save": save}}

    def _wait(self, _id: str, _here: _Here) -> Node:
        signal = {"signal": self.pick.one_of(SIGNALS), "timeout": "20 days"}
        return {"wait": self.pick.one_of(({"for": "1 day"}, {"until": "now + days(2)"}, signal))}

    def _run(self, _id: str, _here: _Here) -> Node:
        return {"run": {"definition": "child", "participants": {"vendor": "participants.vendor"}}}

    # Blocks

    def _parallel(self, _id: str, here: _Here) -> Node:
        inner = replace(here, depth=here.depth + 1)
        many = self.pick.number(2, 3)
        branches = [{"name": f"B{n}", "steps": self._list(inner, 1)} for n in range(many)]
        finish = self.pick.one_of(("all", "any", 2))
        return {"parallel": {"branches": branches, "finish": finish}}

    def _choose(self, _id: str, here: _Here) -> Node:
        inner = replace(here, depth=here.depth + 1)
        branches: list[Node] = [
            {"when": self._condition(here), "steps": self._list(inner, 1)}
            for _ in range(self.pick.number(1, 2))
        ]
        if self.pick.once_in(2):
            branches.append({"otherwise": True, "steps": self._list(inner, 1)})
        return {"choose": branches}

    def _each(self, id_: str, here: _Here) -> Node:
        inner = replace(here, depth=here.depth + 1)
        lists = ["[1, 2]", "[]", "[1, 2, 3]"]
        lists += [f"[1, 2, 3].filter(x, x <= steps.{one}.n)" for one in here.forms[-2:]]
        finish = self.pick.one_of(("all", "any", 2))
        items = self.pick.one_of(lists)
        steps = self._list(inner, 1)
        return {"each": {"in": items, "as": f"i_{id_}", "steps": steps, "finish": finish}}


def text(document: Node) -> str:
    """The document as it is published; JSON is YAML."""
    return json.dumps(document, indent=1)


def _lists(steps: list[Node]) -> Any:
    """Every list of steps of a document, the outermost first."""
    yield steps
    for step in steps:
        if "parallel" in step:
            for branch in step["parallel"]["branches"]:
                yield from _lists(branch["steps"])
        elif "choose" in step:
            for branch in step["choose"]:
                yield from _lists(branch["steps"])
        elif "each" in step:
            yield from _lists(step["each"]["steps"])
