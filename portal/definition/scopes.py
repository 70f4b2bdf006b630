"""Paths of items: ``shops:3`` is the fourth item of the ``each`` called shops.

``shops:3/parts:0`` is the first item of the inner ``each`` called parts, within it; the empty
path is outside of all. A step inside an ``each`` runs once in every scope of its items.
"""


def item(scope: str, each: str, index: int) -> str:
    """The path of an item, counted from 0, of an ``each`` that runs in ``scope``."""
    own = f"{each}:{index}"
    return f"{scope}/{own}" if scope else own


def chain(scope: str) -> list[str]:
    """The scope and those around it, the outermost (which is empty) first."""
    parts = scope.split("/") if scope else []
    return ["/".join(parts[:depth]) for depth in range(len(parts) + 1)]


def index(scope: str) -> int:
    """The place of the innermost item, from 0."""
    return int(scope.rpartition(":")[2])


def outer(scope: str, depth: int) -> str:
    """The scope around it that is within ``depth`` items."""
    return chain(scope)[depth]


def order(scope: str) -> list[int]:
    """What sorts scopes of one depth by the places of their items."""
    return [index(part) for part in scope.split("/")] if scope else []


def is_within(scope: str, other: str) -> bool:
    """Whether ``scope`` is ``other``, or a scope of items inside it."""
    return not other or scope == other or scope.startswith(f"{other}/")


def is_item_in(scope: str, other: str) -> bool:
    """Whether ``scope`` is that of an item of an ``each`` that runs in ``other`` itself."""
    head, _, _ = scope.rpartition("/")
    return bool(scope) and head == other


def innermost(scope: str) -> str:
    """The id of the innermost ``each``."""
    return scope.rpartition("/")[2].rpartition(":")[0]


def shared(scope: str, eaches: list[str]) -> int:
    """How many of these blocks, the outermost first, the scope is within an item of."""
    within = [part.rpartition(":")[0] for part in scope.split("/")] if scope else []
    pairs = zip(within, eaches, strict=False)
    return next((n for n, (ours, theirs) in enumerate(pairs) if ours != theirs),
                min(len(within), len(eaches)))  # fmt: skip
