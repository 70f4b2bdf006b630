"""How far a return and the end of a block reach: what stands between, and what stands inside."""

from portal.definition import scopes, ways
from portal.definition.tree import BlockStep, Definition, within


class Reach:
    """The shape of one version, as ``ledger.stretches`` asks for it; a step it has not is out."""

    def __init__(self, tree: Definition) -> None:
        self._tree = tree

    def is_inside(self, step: str, scope: str, block: str, around: str) -> bool:
        """Whether a step that runs in ``scope`` stands inside a block that runs in ``around``."""
        found = self._tree.step(block) if self._tree.has_step(block) else None
        if not isinstance(found, BlockStep) or not scopes.is_within(scope, around):
            return False
        return any(one.id == step for branch in found.branches for one in within(branch.steps))

    def is_between(self, step: str, scope: str, to: str, last: str, around: str) -> bool:
        """Whether it runs again where ``last``, in ``around``, sends work back to ``to``."""
        if not (self._tree.has_step(to) and self._tree.has_step(last)):
            return False
        if all(one.id != step for one in ways.region(self._tree, to, last)):
            return False
        return scopes.is_within(scope, scopes.outer(around, len(self._tree.eaches_around(to))))
