"""A definition from its text: checked whole, every fault at once as `FILE:LINE: key: …`."""

import hashlib
from functools import lru_cache

from portal.definition.check import check
from portal.definition.nodes import Fault, Faults, TooManyFaults, canonical, read
from portal.definition.tree import Definition

__all__ = ["DefinitionFaults", "Fault", "load", "stored"]


class DefinitionFaults(ValueError):
    """A definition that can't be taken; `faults` are all that is wrong with it, by line."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def load(text: str, filename: str = "definition") -> Definition:
    """Read and check a definition in YAML or JSON. Raises DefinitionFaults."""
    faults = Faults(filename)
    try:
        definition = _checked(text, faults)
    except TooManyFaults:
        definition = None
    if definition is None or faults:
        raise DefinitionFaults(faults.told())
    return definition


def _checked(text: str, faults: Faults) -> Definition | None:
    node = read(text, faults)
    if node is None:
        return None
    digest = hashlib.sha256(canonical(node).encode()).hexdigest()
    return check(node, faults, text, digest)


@lru_cache(maxsize=256)
def stored(source: str) -> Definition:
    """A definition that was taken before, from its kept text; compiled once a process."""
    return load(source)
