"""Sets the audit trail of one process: evidence in, pages out (``templates/trail``)."""

import hashlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.engine import Connection

from portal import language
from portal.delivery import pdf
from portal.language import gettext as _
from portal.readings import export, printing
from portal.readings.trail import Answer, Evidence, Overview
from tasks.sealing import Told

_TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
_FONTS = Path(__file__).resolve().parent.parent / "static" / "built" / "fonts"
_FACE = "@font-face{font-family:%r;src:url(asset:%s);font-weight:100 900;}\n"
# A sign is taken from the first of these that has it: Latin, the rest of Latin, Arabic.
_FACES = {"Inter": "inter-latin.woff2", "Inter Ext": "inter-latin-ext.woff2"}
_RIGHT_TO_LEFT_FACES = {"Vazirmatn": "arabic.woff2"}


def trail(
    conn: Connection,
    process_id: str,
    upto: int,
    *,
    brand: str,
    tz: str,
    public_key: str,
    told: Told,
    spoken: str = language.SOURCE,
) -> bytes:
    """The PDF of one process up to event ``upto``, told in a language, to be sealed as ``told``.

    The same ledger gives the same bytes in the same language. Raises PdfUnavailable where the
    page-setting libraries are missing.
    """
    with language.speaking(spoken):
        evidence = Evidence(conn, process_id, upto, tz)
        view = evidence.overview()
        ledger = "".join(f"{line}\n" for line in export.lines(conn, process_id, upto=upto))
        sheet = _sheet(view, ledger)
        return pdf.render(_blocks(evidence, view, brand, public_key, told), sheet)


def _sheet(view: Overview, ledger: str) -> pdf.Sheet:
    what = view.title or view.process
    named = f"{view.process}\n{view.seq}\n{view.hash}\n{language.current()}"
    faces = _faces()
    enclosure = pdf.Enclosure(
        "ledger.jsonl",
        ledger.encode(),
        "application/jsonl",
        _("The ledger of this process, as portal verify takes it"),
    )
    return pdf.Sheet(
        title=_("Audit trail: %(what)s", what=what),
        created=view.upto_at,
        identifier=hashlib.sha256(named.encode()).digest()[:16],
        css=faces + (_TEMPLATES / "trail/trail.css").read_text(),
        header=printing.flat(_("Audit trail · %(what)s", what=what)),
        numbering=_("Page %(page)s of %(pages)s", page="{page}", pages="{pages}"),
        lang=language.current(),
        direction=language.direction(),
        enclosures=(enclosure,),
        fonts_dir=_FONTS if faces else None,
    )


def _faces() -> str:
    """The fonts that are here, each for the pages that need it: each costs time and bytes."""
    wanted = _FACES if language.direction() == "ltr" else {**_FACES, **_RIGHT_TO_LEFT_FACES}
    found = {name: file for name, file in wanted.items() if (_FONTS / file).is_file()}
    return "".join(_FACE % one for one in found.items())


def _blocks(
    evidence: Evidence, view: Overview, brand: str, public_key: str, told: Told
) -> Iterator[str]:
    pages = _told(evidence, view, brand, public_key)
    return map(printing.flat, chain(pages, _seal(evidence.tz, told)))


def _told(evidence: Evidence, view: Overview, brand: str, public_key: str) -> Iterator[str]:
    page, tz = _page("trail.html", evidence.tz), evidence.tz
    yield str(page.cover(view, brand, tz))
    yield str(page.summary(view))
    head = str(page.people_head())
    for person in view.people.values():
        yield head + str(page.person(person))
        head = ""
    yield from _answers(page, evidence.answers(), tz)
    yield from _handoffs(page, evidence, view)
    head = str(page.events_head())
    for line in evidence.lines():
        yield head + str(page.event(line, tz))
        head = ""
    yield str(page.verify(view, public_key))


def _answers(page: Any, answers: Iterator[Answer], tz: str) -> Iterator[str]:
    head = str(page.answers_head(True))
    for answer in answers:
        yield head + str(page.answer(answer, tz))
        head = ""
    if head:
        yield str(page.answers_head(False))


def _handoffs(page: Any, evidence: Evidence, view: Overview) -> Iterator[str]:
    head = str(page.handoffs_head(True))
    for name, one in evidence.handoffs():
        yield head + str(page.handoff(name, one, view.upto_at, evidence.tz))
        head = ""
    if head:
        yield str(page.handoffs_head(False))


def _seal(tz: str, told: Told) -> Iterator[str]:
    yield str(_page("seal.html", tz).seal(told))


def _page(name: str, tz: str) -> Any:
    env = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.update(printing.names(tz))
    return env.get_template(f"trail/{name}").module
