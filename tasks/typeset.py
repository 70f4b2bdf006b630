"""Sets the audit trail of one process: evidence in, pages out (``templates/trail``)."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.engine import Connection

from portal import language
from portal.delivery import pdf
from portal.delivery.storage import Store
from portal.language import gettext as _
from portal.readings import export, printing, registers
from portal.readings.trail import Evidence, File, Overview
from tasks.carried import Carried, enclosures, of_trail
from tasks.sealing import Told

_TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
_FONTS = Path(__file__).resolve().parent.parent / "static" / "built" / "fonts"
_FACE = "@font-face{font-family:%r;src:url(asset:%s);font-weight:100 900;}\n"
# A sign is taken from the first of these that has it: Latin, the rest of Latin, Arabic.
_FACES = {"Inter": "inter-latin.woff2", "Inter Ext": "inter-latin-ext.woff2"}
_RIGHT_TO_LEFT_FACES = {"Vazirmatn": "arabic.woff2"}


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around the evidence: whose it is, how it is signed, the files in it."""

    brand: str
    public_key: str
    told: Told
    carried: Mapping[str, Carried] = field(default_factory=dict)


def trail(
    conn: Connection,
    process_id: str,
    upto: int,
    into: Path,
    *,
    brand: str,
    tz: str,
    public_key: str,
    told: Told,
    spoken: str = language.SOURCE,
    paper: Literal["A4", "Letter"] = "A4",
    carry: Store | None = None,
    changes: str = "",
    zone: str = "",
) -> None:
    """Set one process up to event ``upto``, told in a language, to be sealed as ``told``.

    The PDF is a new file, ``into``; whatever takes room meanwhile lies in files beside it. Times
    are in ``zone`` if any, else in that of the process, or ``tz``. With a store to ``carry`` from,
    the uploaded files are in it; so are the ``changes`` of the portal's keys, by which whoever
    knows another of them can tell whose it is. The same ledger gives the same bytes for the same
    make and keys, so long as the files are what was received. Raises PdfUnavailable.
    """
    with language.speaking(spoken), _beside(into) as beside:
        evidence = Evidence(conn, process_id, upto, tz, zone)
        carried = of_trail(conn, process_id, evidence.files(), carry) if carry else {}
        ledger = _ledger(conn, process_id, upto, Path(beside))
        enclosed = [ledger, *_changes(changes), *enclosures(carried)]
        _set(evidence, Around(brand, public_key, told, carried), paper, enclosed, into)


def _beside(path: Path) -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="portal-trail-", dir=path.parent)


def _set(
    evidence: Evidence,
    around: Around,
    paper: Literal["A4", "Letter"],
    enclosed: list[pdf.Enclosure],
    into: Path,
) -> None:
    view = evidence.overview()
    sheet = _sheet(view, str(_page(evidence.tz).in_parts()), paper, enclosed)
    pdf.render(_blocks(evidence, view, around), sheet, into)


def _ledger(conn: Connection, process_id: str, upto: int, folder: Path) -> pdf.Enclosure:
    """The ledger in a file: in memory it would lie beside the pages for as long as they are set."""
    path = folder / "ledger.jsonl"
    with path.open("wb") as file:
        file.writelines(f"{line}\n".encode() for line in export.lines(conn, process_id, upto=upto))
    return pdf.Enclosure(
        "ledger.jsonl",
        path,
        "application/jsonl",
        _("The ledger of this process, as portal verify takes it"),
    )


def _changes(notes: str) -> Iterator[pdf.Enclosure]:
    if notes:
        yield pdf.Enclosure("key-changes.txt", notes.encode(), "text/plain", "", "Supplement")


def _sheet(
    view: Overview,
    in_parts: str,
    paper: Literal["A4", "Letter"],
    enclosed: list[pdf.Enclosure],
) -> pdf.Sheet:
    what = view.title or view.process
    make = f"{language.current()}\n{paper}\n{len(enclosed)}"
    named = f"{view.process}\n{view.seq}\n{view.hash}\n{make}"
    faces = _faces()
    return pdf.Sheet(
        title=_("Audit trail: %(what)s", what=what),
        created=view.upto_at,
        identifier=hashlib.sha256(named.encode()).digest()[:16],
        css=faces + (_TEMPLATES / "trail/trail.css").read_text(),
        header=printing.flat(_("Audit trail · %(what)s", what=what)),
        numbering=_("Page %(page)s of %(pages)s", page="{page}", pages="{pages}"),
        lang=language.current(),
        direction=language.direction(),
        paper=paper,
        enclosures=tuple(enclosed),
        fonts_dir=_FONTS if faces else None,
        tagged_up_to=pdf.WHOLE_CHARACTERS,
        in_parts=in_parts,
    )


def _faces() -> str:
    """The fonts that are here, each for the pages that need it: each costs time and bytes."""
    wanted = _FACES if language.direction() == "ltr" else {**_FACES, **_RIGHT_TO_LEFT_FACES}
    found = {name: file for name, file in wanted.items() if (_FONTS / file).is_file()}
    return "".join(_FACE % one for one in found.items())


def _blocks(evidence: Evidence, view: Overview, around: Around) -> Iterator[str]:
    return map(printing.flat, _told(evidence, view, around))


def _told(evidence: Evidence, view: Overview, around: Around) -> Iterator[str]:
    page, tz = _page(evidence.tz), evidence.tz
    yield str(page.cover(view, around.brand, tz))
    yield str(page.summary(view))
    people = (page.person(one, view.gone) for one in view.people.values())
    yield from _section(lambda _any: page.people_head(), people)
    signed = (one for one in evidence.answers() if one.is_signature)
    other = (one for one in evidence.answers() if not one.is_signature)
    yield from _section(page.answers_head, (page.answer(one, tz) for one in other))
    documents = (page.document(one, _held(around, one), tz) for one in evidence.files())
    yield from _section(page.documents_head, documents)
    yield from _section(page.signatures_head, (page.answer(one, tz) for one in signed))
    yield from _handoffs(page, evidence, view)
    for head, name in (
        (page.reminders_head, registers.REMINDERS),
        (page.mails_head, registers.MAILS),
        (page.interventions_head, registers.INTERVENTIONS),
    ):
        yield from _section(head, (page.again(line, tz) for line in evidence.register(name)))
    events = (page.event(line, tz, view.gone) for line in evidence.lines())
    yield from _section(lambda _any: page.events_head(), events)
    yield str(page.verify(view, around.public_key))
    yield str(_page(tz, "seal.html").seal(around.told))
    yield str(page.unproved())


def _held(around: Around, file: File) -> str:
    """The name of a file in the PDF, or why it is not in it; nothing where none was wished."""
    return around.carried[file.id].told if file.id in around.carried else ""


def _section(head: Callable[[bool], object], blocks: Iterator[object]) -> Iterator[str]:
    """A section, its heading kept with the first block; where there is none, it says so."""
    first = next(blocks, None)
    yield f"{head(first is not None)}{'' if first is None else first}"
    yield from map(str, blocks)


def _handoffs(page: Any, evidence: Evidence, view: Overview) -> Iterator[str]:
    told = evidence.handoffs()
    blocks = (page.handoff(name, one, view.upto_at, evidence.tz) for name, one in told)
    yield from _section(page.handoffs_head, blocks)


def _page(tz: str, name: str = "trail.html") -> Any:
    """The macros of a template, for the language that is spoken and moments told in ``tz``."""
    return _environment().get_template(f"trail/{name}").make_module(printing.names(tz))


@cache
def _environment() -> Environment:
    """The templates, each compiled once in the life of a worker: that takes as long as a page."""
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
