"""Where the keys of a definition stand in its text, for what is told of one that is sound."""

from collections.abc import Iterator

from portal.definition.nodes import Faults, Item, Node, read


class Lines:
    """The lines of a text that was checked before."""

    def __init__(self, source: str) -> None:
        node = read(source, Faults("definition"))
        self._head = node or Node({}, 1)
        self._steps = {str(one["id"].node.value): one for one in _steps(self._head)}

    def of_head(self, *keys: str) -> int:
        """The line of a key of the head, or of the mapping it is missing in."""
        return _line(self._head, keys)

    def of_step(self, step: str, *keys: str) -> int:
        """The line of a key of a step, or of the mapping it is missing in."""
        items = self._steps.get(step)
        if items is None:
            return 1
        return _line(Node(items, items["id"].line), keys)


def _line(node: Node, keys: tuple[str, ...]) -> int:
    line = node.line
    for key in keys:
        item = node.value.get(key) if isinstance(node.value, dict) else None
        if item is None:
            break
        node, line = item.node, item.node.line if not _is_nested(item) else item.line
    return line


def _is_nested(item: Item) -> bool:
    return isinstance(item.node.value, dict | list)


def _steps(node: Node) -> Iterator[dict[str, Item]]:
    """Every mapping under a key ``steps``, however deep."""
    if isinstance(node.value, list):
        for one in node.value:
            yield from _steps(one)
    elif isinstance(node.value, dict):
        for key, item in node.value.items():
            if key == "steps" and isinstance(item.node.value, list):
                mappings = [one.value for one in item.node.value if isinstance(one.value, dict)]
                yield from (one for one in mappings if "id" in one)
            yield from _steps(item.node)
