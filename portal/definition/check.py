"""A whole definition, checked: its head, roles and inputs, then its steps."""

from dataclasses import replace

from portal.calendar import check_holidays, parse_hours, zone
from portal.definition.blocks import EXPECTED, Block, described, humanized, read_key, wrong_id
from portal.definition.check_fields import finish_fields, sketch_fields
from portal.definition.check_people import read_link_for
from portal.definition.check_steps import finish_steps
from portal.definition.nodes import Faults, Node
from portal.definition.outlines import World, outline_steps
from portal.definition.retention import Retention
from portal.definition.text import Text
from portal.definition.tree import CalendarSpec, Definition, Owner, Role
from portal.definition.values import is_email

HEAD_KEYS = (
    "key", "name", "title", "owner", "purpose", "runbook", "review_every", "calendar", "roles",
    "inputs", "steps", "link_for", "retention",
)  # fmt: skip


def check(node: Node, faults: Faults, source: str, digest: str) -> Definition | None:
    """The definition of a document; None where a fault was noted."""
    head = Block(node, "document", faults)
    if not head.is_mapping:
        return None
    head.only(HEAD_KEYS)
    head.require("key", "name", "owner", "steps")
    roles = _roles(head)
    inputs = sketch_fields(_listed(head, "inputs"), "inputs", faults)
    outlines = outline_steps(head.list("steps"), faults)
    world = World.at_top(tuple(sketch.field for sketch in inputs), roles, outlines, faults)
    name = head.text("name") or ""
    definition = Definition(
        key=head.parsed("key", read_key) or "",
        name=name,
        title=head.template("title", world.scope) or Text(name),
        owner=_owner(head) or Owner(),
        roles=roles,
        inputs=finish_fields(inputs, world.scope),
        steps=finish_steps(outlines, world),
        source=source,
        digest=digest,
        purpose=head.text("purpose"),
        runbook=head.long_text("runbook"),
        review_every=head.duration("review_every"),
        calendar=_calendar(head),
        link_for=read_link_for(head),
        retention=_retention(head),
    )
    return None if faults else definition


def _listed(head: Block, key: str) -> list[Node]:
    return head.list(key, empty=True) if key in head else []


def _owner(head: Block) -> Owner | None:
    node = head.node("owner")
    if node is None:
        return None
    if isinstance(node.value, dict):
        inner = Block(node, "owner", head.faults)
        inner.only(("team",))
        inner.require("team")
        team = inner.text("team")
        return Owner(team=team) if team else None
    if not isinstance(node.value, str) or not is_email(node.value):
        head.fault("owner", f"is {described(node)}, expected {EXPECTED['owner']}")
        return None
    return Owner(email=node.value)


def _roles(head: Block) -> dict[str, Role]:
    node = head.node("roles")
    if node is None:
        return {}
    block = Block(node, "roles", head.faults)
    return {name: _role(name, block) for name in block.items}


def _role(name: str, roles: Block) -> Role:
    item = roles.items[name]
    wrong = wrong_id(name)
    if wrong:
        roles.faults.add(item.line, name, wrong)
    block = Block(item.node, name, roles.faults, item.line)
    block.only(("kind", "name", "team", "named_later"))
    block.require("kind")
    kind = block.choice("kind", ("external", "staff"))
    team = block.text("team")
    if team and kind == "external":
        block.fault("team", "goes only with kind staff, expected an external role without it")
    return Role(
        name,
        "staff" if kind == "staff" else "external",
        block.text("name") or humanized(name),
        team,
        block.flag("named_later", default=False),
        item.line,
    )


def _calendar(head: Block) -> CalendarSpec | None:
    node = head.node("calendar")
    if node is None:
        return None
    block = Block(node, "calendar", head.faults)
    block.only(("timezone", "hours", "holidays"))
    return CalendarSpec(
        block.parsed("timezone", lambda text: zone(text).key),
        block.parsed("hours", _hours),
        block.parsed("holidays", check_holidays),
    )


def _retention(head: Block) -> Retention | None:
    node = head.node("retention")
    if node is None:
        return None
    if not isinstance(node.value, dict):
        return head.parsed("retention", Retention.parse)
    block = Block(node, "retention", head.faults)
    block.only(("keep", "basis"))
    block.require("keep")
    kept = block.parsed("keep", Retention.parse)
    return replace(kept, basis=block.text("basis")) if kept else None


def _hours(text: str) -> str:
    parse_hours(text)
    return text
