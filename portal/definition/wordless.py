"""A definition without the words of some of its steps: their ids, kinds and fields stay.

For steps that somebody wrote for one process alone, when what that process holds of people is
erased; the process can still be read by what is left.
"""

import json
from collections.abc import Collection
from typing import Any

from portal.definition.additions import written
from portal.definition.nodes import Faults, Node, canonical, read

_PEOPLE_DO = ("form", "upload", "approval", "sign", "task")


def without_words(source: str, steps: Collection[str], word: str) -> str:
    """The text of a definition that was taken before, with ``word`` for all words of ``steps``.

    A step that was assigned by an address is then of the first role.
    """
    node = read(source, Faults("definition"))
    assert node is not None  # it was taken before
    roles = node.value.get("roles")
    role = next(iter(roles.node.value), "") if roles else ""
    return _hiding(node, steps, word, role)


def _hiding(node: Node, steps: Collection[str], word: str, role: str) -> str:
    value = node.value
    if isinstance(value, list):
        return "[" + ", ".join(_hiding(one, steps, word, role) for one in value) + "]"
    if not isinstance(value, dict):
        return written(node)
    if "id" in value and value["id"].node.value in steps:
        return json.dumps(_skeleton(json.loads(canonical(node)), word, role))
    pairs = (
        f"{json.dumps(key)}: {_hiding(item.node, steps, word, role)}" for key, item in value.items()
    )
    return "{" + ", ".join(pairs) + "}"


def _skeleton(step: dict[str, Any], word: str, role: str) -> dict[str, Any]:
    kind = next(kind for kind in _PEOPLE_DO if kind in step)
    its = step[kind] or {}
    fields = [{"id": one["id"], "type": "text", "label": word} for one in its.get("fields", ())]
    documents = [{"id": one["id"], "name": word} for one in its.get("documents", ())]
    kept: dict[str, Any] = {
        "form": {"fields": fields},
        "upload": {"documents": documents},
        "approval": {"question": word},
        "sign": {"statement": word},
        "task": {},
    }
    assign = step.get("assign")
    return {
        "id": step["id"],
        "name": word,
        "assign": role if isinstance(assign, dict) else assign,
        kind: kept[kind],
    }
