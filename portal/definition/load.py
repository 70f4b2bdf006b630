"""A definition from its text: checked whole, every fault at once as `FILE:LINE: key: …`."""

import hashlib
from functools import lru_cache

from portal.definition.check import check
from portal.definition.nodes import DefinitionFaults, Fault, Faults, canonical, read
from portal.definition.tree import Definition

__all__ = ["DefinitionFaults", "Fault", "load", "stored"]


def load(text: str, filename: str = "definition") -> Definition:
    """Read and check a definition in YAML or JSON. Raises DefinitionFaults."""
    faults = Faults(filename)
    node = read(text, faults)
    definition = None
    if node is not None:
        digest = hashlib.sha256(canonical(node).encode()).hexdigest()
        definition = check(node, faults, text, digest)
    if definition is None or faults:
        raise DefinitionFaults(faults.told())
    return definition


@lru_cache(maxsize=256)
def stored(source: str) -> Definition:
    """A definition that was taken before, from its kept text; compiled once a process."""
    return load(source)
