"""Definitions as trees, for the doors, which know no models."""

from portal import installation
from portal.definition.tree import Definition
from portal.models.trees import of_source, tree, trees

__all__ = ["of_source", "tree", "trees", "zone"]


def zone(tree: Definition) -> str:
    """The zone in which a definition reckons, as the engine does: its own, else the house’s."""
    own = tree.calendar.timezone if tree.calendar else None
    return own or installation.current.timezone
