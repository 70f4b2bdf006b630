"""A signature, checked: what is signed, and by which methods."""

import re
from typing import Any

from portal.definition.blocks import Block, described, hint
from portal.definition.check_people import read_person
from portal.definition.nodes import Node
from portal.definition.outlines import KINDS, Outline, World
from portal.definition.tree import DocumentOf, SignStep, Step

METHODS = ("typed", "drawn")
_DOCUMENT = re.compile(r"([^.\s]+)\.([^.\s]+)")


def read_sign(outline: Outline, own: Block, world: World, common: dict[str, Any]) -> Step:
    """`sign`: a statement or an uploaded document, and how it may be signed."""
    own.only(KINDS["sign"])
    things = [key for key in ("statement", "document") if key in own]
    if not things:
        outline.block.fault("sign", "says not what is signed, expected statement or document")
    for key in things[1:]:
        own.fault(key, f"is a second thing to sign beside {things[0]}, expected one")
    return SignStep(
        statement=own.template("statement", world.scope),
        document=_document(outline, own, world),
        methods=_methods(own) if "methods" in own else METHODS,
        **common,
        **read_person(outline, world),
    )


def _methods(own: Block) -> tuple[str, ...]:
    def check(word: str) -> str | None:
        return None if word in METHODS else f"{word!r} is unknown, expected one of typed, drawn"

    return own.texts("methods", check)


def _document(outline: Outline, own: Block, world: World) -> DocumentOf | None:
    node = own.node("document")
    if node is None:
        return None
    named = _DOCUMENT.fullmatch(node.value) if isinstance(node.value, str) else None
    if named is None:
        own.fault("document", f"is {described(node)}, expected STEP.DOCUMENT of an earlier upload")
        return None
    wrong = _wrong(named[1], named[2], outline, world)
    if wrong:
        own.fault("document", wrong)
    return DocumentOf(named[1], named[2])


def _wrong(step: str, document: str, outline: Outline, world: World) -> str | None:
    """What is wrong with a document that is named, if anything is."""
    found = world.outline(step)
    if found is None or found is outline or found.kind != "upload":
        said = "is not a step" if found is None else "is not an upload"
        return f"{step!r} {said}{hint(step, _uploads(outline, world))}"
    if not _stands_before(found, outline):
        return f"{step!r} is not an earlier step{hint(step, _uploads(outline, world))}"
    known = _documents(found)
    if document not in known:
        return f"{document!r} is not a document of {step}{hint(document, known)}"
    return None


def _uploads(outline: Outline, world: World) -> dict[str, None]:
    """The steps whose documents may be signed here."""
    uploads = (one for one in world.outlines if one.kind == "upload")
    return dict.fromkeys(one.id for one in uploads if _stands_before(one, outline))


def _stands_before(one: Outline, other: Outline) -> bool:
    """Whether a step is over when the other begins, and is of no other items than that one."""
    around: dict[int, Outline] = {}
    here: Outline | None = other
    while here is not None:
        around[id(here.siblings)] = here
        here = here.parent
    first = one
    while id(first.siblings) not in around:
        if first.parent is None:
            return False
        first = first.parent
    second = around[id(first.siblings)]
    is_of_same = one.eaches == other.eaches[: len(one.eaches)]
    return is_of_same and first.siblings.index(first) < first.siblings.index(second)


def _documents(upload: Outline) -> dict[str, None]:
    node = upload.own.node("documents") if upload.own and upload.own.is_mapping else None
    listed = node.value if node is not None and isinstance(node.value, list) else []
    return dict.fromkeys(name for one in listed if (name := _id_of(one)))


def _id_of(document: Node) -> str | None:
    item = document.value.get("id") if isinstance(document.value, dict) else None
    return item.node.value if item is not None and isinstance(item.node.value, str) else None
