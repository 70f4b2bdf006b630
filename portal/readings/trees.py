"""Definitions as trees, for the doors, which know no models."""

from portal.models.trees import of_source, tree, trees

__all__ = ["of_source", "tree", "trees"]
