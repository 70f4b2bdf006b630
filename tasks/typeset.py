"""Sets the audit trail of one process: evidence in, pages out (``templates/trail``)."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.engine import Connection

from portal.delivery import pdf
from portal.delivery.seal import Seal
from portal.readings import export, words
from portal.readings.trail import (
    ASSURANCE,
    IN_PARTS,
    SHORT_ASSURANCE,
    Answer,
    Evidence,
    Overview,
)

_TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
_FONTS = Path(__file__).resolve().parent.parent / "static" / "built" / "fonts"
_FONT_CSS = "@font-face{font-family:Inter;src:url(asset:inter-latin.woff2);font-weight:100 900;}\n"


def trail(
    conn: Connection, process_id: str, upto: int, *, brand: str, tz: str, seal: Seal
) -> bytes:
    """The sealed PDF of one process up to event ``upto``; the same ledger gives the same bytes.

    Raises PdfUnavailable where the page-setting libraries are missing.
    """
    evidence = Evidence(conn, process_id, upto, tz)
    view = evidence.overview()
    ledger = "".join(f"{line}\n" for line in export.lines(conn, process_id, upto=upto))
    sheet = pdf.Sheet(
        title=f"Audit trail: {view.title or view.process}",
        created=view.upto_at,
        identifier=hashlib.sha256(f"{view.process}\n{view.seq}\n{view.hash}".encode()).digest()[
            :16
        ],
        css=(_FONT_CSS if _has_fonts() else "") + (_TEMPLATES / "trail/trail.css").read_text(),
        header=f"Audit trail · {view.title or view.process}",
        enclosures=(
            pdf.Enclosure(
                "ledger.jsonl",
                ledger.encode(),
                "application/jsonl",
                "The ledger of this process, as portal verify takes it",
            ),
        ),
        fonts_dir=_FONTS if _has_fonts() else None,
        seal=seal,
    )
    return pdf.render(_blocks(evidence, view, brand, str(seal.public_key)), sheet)


def _blocks(evidence: Evidence, view: Overview, brand: str, public_key: str) -> Iterator[str]:
    page, tz = _page(evidence.tz), evidence.tz
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


def _page(tz: str) -> Any:
    return _environment(tz).get_template("trail/trail.html").module


def _environment(tz: str) -> Environment:
    env = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.update(
        moment=words.moment,
        size=words.size,
        span=words.span,
        device=words.device,
        grouped_hash=words.grouped_hash,
        utc=_utc,
        assurance=ASSURANCE,
        short_assurance=SHORT_ASSURANCE,
        zone_name=str(words.zone(tz)),
        tagged=IN_PARTS,
    )
    return env


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC")


def _has_fonts() -> bool:
    return (_FONTS / "inter-latin.woff2").is_file()
