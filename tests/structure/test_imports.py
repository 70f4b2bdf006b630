"""Who may import whom: architecture as a test, read from the files themselves."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import ROOT
from tests.structure import sources

GROUND = {
    "settings",
    "clock",
    "errors",
    "actor",
    "prepared",
    "db",
    "calendar",
    "logs",
    "fault",
    "kin",
    "memory",
    "installation",
    "language",
    "brand",
    "certificates",
}
# Downwards only: each may import those named before it.
GROUND_ORDER = [
    "language",
    "errors",
    "clock",
    "fault",
    "kin",
    "memory",
    "brand",
    "certificates",
    "installation",
    "settings",
    "logs",
    "actor",
    "calendar",
    "prepared",
    "db",
]

# What each room may import beside itself; the ground floor's own limits stand apart, for the
# rooms that may not stand on all of it.
MAY: dict[str, set[str]] = {
    "definition": {"errors", "calendar", "language"},
    "ledger": {"db", "prepared", "clock", "errors", "actor", "fault", "logs"},
    "models": {"db", "prepared", "clock", "errors", "actor", "definition", "language"},
    "access": {"models", *GROUND},
    "engine": {"definition", "models", "ledger", *GROUND},
    "actions": {"access", "engine", "models", "ledger", "definition", *GROUND},
    "readings": {"models", "ledger", "definition", "engine.forecast", *GROUND},
    # What a seal is stands once, where it is read without the portal.
    "delivery": {"ledger.seals", *GROUND} - {"db", "prepared"},
    "web": {
        "actions", "readings", "access", "definition", "delivery.storage", "delivery.pieces",
        "delivery.renditions",
        *GROUND,
    },
    "cli": {
        "actions", "readings", "access", "definition", "delivery", "migrations",
        "ledger.verify", "ledger.chain", "ledger.findings", "ledger.ed25519", "ledger.bundle",
        "ledger.pack", "ledger.keepsakes", "ledger.judging", "ledger.seals", "ledger.__main__",
        *GROUND,
    },
    "migrations": {"db", "models", "ledger", *GROUND},
}  # fmt: skip
# Jobs know no tables: what they look at is a reading, what they change an action. Links and codes
# are made here, at the last moment, and stand nowhere.
NIGHT_SHIFT = {
    "actions", "readings", "delivery", "access.links", "access.codes", "access.pseudonyms",
    "ledger.outbox", "ledger.audit", *GROUND,
}  # fmt: skip
# Only this file knows what the doors lean on outside the package.
FORBIDDEN_IN_PORTAL = {"tasks", "rq", "redis", "app"}
# Modules that stand outside the rooms: the set-up runs before any of them exists.
OUTSIDE = {"bootstrap"}


def files(folder: str) -> list[Path]:
    return [path for path in sources.python(folder) if "node_modules" not in path.parts]


def imported(path: Path) -> Iterator[str]:
    """Every module a file names in an import, wherever in the file."""
    for node in sources.nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def of_portal(path: Path) -> set[str]:
    """What a file takes from the package, without its first name."""
    return {name.removeprefix("portal.") for name in imported(path) if name.startswith("portal.")}


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "portal").parts[0].removesuffix(".py")


def allowed(name: str, rooms: set[str]) -> bool:
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


def test_every_file_stays_within_what_its_room_may_import():
    faults = []
    for path in files("portal"):
        room = room_of(path)
        if room not in MAY:
            continue
        for name in of_portal(path):
            if not allowed(name, {room, *MAY[room]}):
                faults.append(f"{path.relative_to(ROOT)} imports portal.{name}")
    assert not faults, "\n".join(faults)


def test_the_ground_floor_leans_downwards_only():
    for path in (ROOT / "portal").glob("*.py"):
        room = room_of(path)
        if room in ("__init__", *OUTSIDE):
            assert not of_portal(path), path
            continue
        below = set(GROUND_ORDER[: GROUND_ORDER.index(room)])
        assert {name.partition(".")[0] for name in of_portal(path)} <= below, path


def test_portal_knows_no_queue_and_no_night_shift():
    for path in files("portal"):
        firsts = {name.partition(".")[0] for name in imported(path)}
        assert not firsts & FORBIDDEN_IN_PORTAL, path


def test_the_night_shift_goes_through_actions_readings_and_delivery():
    faults = [
        f"{path.relative_to(ROOT)} imports portal.{name}"
        for path in files("tasks")
        for name in of_portal(path)
        if not allowed(name, NIGHT_SHIFT)
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("room", ["actions", "engine", "ledger", "models", "definition"])
def test_no_flask_below_the_doors(room):
    for path in files(f"portal/{room}"):
        assert not {n for n in imported(path) if n.partition(".")[0] in ("flask", "werkzeug")}, path


def test_the_chain_can_be_carried_off_alone():
    """``portal verify`` and LEDGER.md promise it: the standard library and nothing else."""
    assert not of_portal(ROOT / "portal" / "ledger" / "chain.py")


def test_only_the_clock_reads_the_clock():
    """Tests move time by the clock; whoever reads it elsewhere stands still."""
    for path in [*files("portal"), *files("tasks")]:
        if path == ROOT / "portal" / "clock.py":
            continue
        for node in sources.nodes(path):
            if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today"):
                owner = node.value
                assert not (isinstance(owner, ast.Name) and owner.id in ("datetime", "date")), path


def test_no_room_is_called_for_nothing():
    names = {p.stem for p in [*files("portal"), *files("tasks")]}
    assert not names & {"utils", "helpers", "common", "manager", "service", "misc"}
