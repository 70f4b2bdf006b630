"""What an answer of the audit trail consists of: fields round by round, and how one signed."""

from collections.abc import Iterator, Mapping
from typing import Any

from portal import language
from portal.definition import drawings
from portal.definition.fields import show
from portal.definition.tree import Field, FormStep, Step
from portal.language import gettext as _
from portal.language import mark, ngettext
from portal.ledger import catalogue as c
from portal.readings import assurance, words
from portal.readings.entries import Told
from portal.readings.gone import Gone

Rows = list[tuple[str, str]]


class Given:
    """What was asked and answered so far, so that each round of a form tells its own answers."""

    def __init__(self, gone: Gone) -> None:
        self._gone = gone
        self._asked: dict[str, c.TaskOpened] = {}
        self._stands: dict[tuple[str | None, str | None, str], str] = {}

    def note_asked(self, entry: Told) -> None:
        """Keep what a task asks for; an answer says no more than that it is for the task."""
        if entry.task and isinstance(entry.event, c.TaskOpened):
            self._asked[entry.task] = entry.event

    def rows(self, entry: Told, event: c.FormSubmitted, step: FormStep) -> Rows:
        """Every field of the form: what was answered now, or what stands from before."""
        opened = self._asked.get(entry.task or "")
        only = opened.only if opened else None
        scope = opened.scope if opened else None
        rows = []
        for field_ in step.fields:
            key = (step.id, scope, field_.id)
            if only and field_.id not in only:
                told = self._stands.get(key) or _("not asked in this round")
            else:
                told = self._answered(entry.seq, field_, event.answers)
                self._stands[key] = _(
                    "%(answer)s, as in round %(round)s, not asked again [event %(seq)s]",
                    answer=told, round=event.round, seq=entry.seq,
                )  # fmt: skip
            rows.append((str(field_.label), told))
        return rows

    def _answered(self, seq: int, field_: Field, answers: dict[str, Any] | None) -> str:
        if answers is None:
            return self._gone.told(seq, "answers")
        shown = show(field_, answers.get(field_.id), language.current())
        if shown:
            return shown
        if field_.show_if:
            return _("left empty, or not shown: it hangs on other answers")
        return _("left empty")


def parts(step: Step | None) -> dict[int, str]:
    """The headings of a form's sections, by the place of the row that they stand above."""
    fields = step.fields if isinstance(step, FormStep) else ()
    return {n: str(one.section) for n, one in enumerate(fields) if one.section is not None}


# How a signature came about, told beside it: events of its task, and what a reader calls them.
_WAY: dict[type[c.Event], str] = {
    c.TaskOpened: mark("Asked"),
    c.LinkSent: mark("Link sent"),
    c.MailBounced: mark("Mail came back"),
    c.LinkEntered: mark("Came in by the link"),
    c.LinkRevoked: mark("Links withdrawn"),
    c.TaskReassigned: mark("Given to somebody else"),
    c.ReminderSent: mark("Reminded"),
    c.CodeSent: mark("One-time code sent"),
}


class Ways:
    """What led to each signature, by its task."""

    def __init__(self, tz: str) -> None:
        self._tz = tz
        self._of: dict[str, Rows] = {}

    def note(self, entry: Told) -> None:
        """Keep what leads to a signature."""
        event = entry.event
        if isinstance(event, c.TaskOpened) and event.kind == "sign":
            self._of[str(entry.task)] = []
        way, told = self._of.get(str(entry.task)), _WAY.get(type(event))
        if way is not None and told is not None:
            way.append((_(told), self._where(entry)))

    def take(self, task: str | None) -> Rows:
        """All that led to the signature of a task."""
        return self._of.pop(str(task), [])

    def _where(self, entry: Told) -> str:
        at, to = words.moment(entry.at, self._tz, seconds=True), entry.data.get("to")
        if isinstance(to, str):
            return _("%(at)s, to %(to)s [event %(seq)s]", at=at, to=to, seq=entry.seq)
        return _("%(at)s [event %(seq)s]", at=at, seq=entry.seq)


def drawing(event: c.Event) -> str:
    """The path of a drawn signature; empty where there is none, or it was erased."""
    if not isinstance(event, c.SignatureMade) or not isinstance(event.drawing, list):
        return ""
    return drawings.path(event.drawing)


_METHODS = {
    "typed": mark("typed name"),
    "drawn": mark("drawn by hand on the page, with the name typed"),
}


def signature(entry: Told, event: c.SignatureMade, way: Rows, gone: Gone) -> Rows:
    """What was signed and how, what led there, and by whom, as recorded."""
    return [
        *_signed(entry.seq, event, gone),
        *_looked(event),
        (_("SHA-256 of what was signed"), _hash(event.sha256) or gone.told(entry.seq, "sha256")),
        (_("Signature"), event.signature or gone.told(entry.seq, "signature")),
        (_("Method"), _(_METHODS.get(event.method, event.method))),
        (_("Its meaning"), event.agreement or gone.told(entry.seq, "agreement")),
        *way,
        *_signer(entry, gone),
    ]


def refusal(entry: Told, event: c.SignatureDeclined, way: Rows, gone: Gone) -> Rows:
    """What was not signed, what led there, and by whom."""
    digest = _hash(event.sha256) or gone.told(entry.seq, "sha256")
    return [(_("SHA-256 of what was declined"), digest), *way, *_signer(entry, gone)]


def _signed(seq: int, event: c.SignatureMade, gone: Gone) -> Iterator[tuple[str, str]]:
    for one in event.document or ():
        yield _("Document “%(name)s”", name=one["name"]), _document(one)
    if event.document:
        yield _("After signing"), _("the same bytes: a signature adds nothing to the document")
    if event.document is None:
        yield _("Statement"), event.statement or gone.told(seq, "statement", "document")


def _looked(event: c.SignatureMade) -> Iterator[tuple[str, str]]:
    """What was sent to the signer beforehand; nothing of it where that was not recorded."""
    if event.looked is None or event.document is None:
        return
    told: dict[str, list[str]] = {}
    for look in event.looked:
        said = _("the file itself") if look.get("saved") else _shown_to_signer(look)
        told.setdefault(look["file"], []).append(said)
    for one in event.document:
        label = _("Sent to the signer’s browser before: “%(name)s”", name=one["name"])
        yield label, words.listed(told.get(one["file"], [_("nothing of it")]))


def _shown_to_signer(look: Mapping[str, Any]) -> str:
    """Which pages, and the first digits of what was made of the file for them."""
    pages, digest = look["pages"], words.short_hash(look["rendition"])
    if pages == [0]:
        return _("its text (SHA-256 of what was made of it %(digest)s)", digest=digest)
    if len(pages) > 2 and pages == list(range(pages[0], pages[-1] + 1)):
        return _(
            "pictures of pages %(first)s to %(last)s (SHA-256 of what was made of it %(digest)s)",
            first=pages[0], last=pages[-1], digest=digest,
        )  # fmt: skip
    return ngettext(
        "the picture of page %(pages)s (SHA-256 of what was made of it %(digest)s)",
        "pictures of pages %(pages)s (SHA-256 of what was made of it %(digest)s)",
        len(pages),
        pages=words.listed([str(one) for one in pages]),
        digest=digest,
    )


def _signer(entry: Told, gone: Gone) -> Rows:
    return [
        (_("Verified by"), assurance.told(entry.auth)),
        (_("Network address"), entry.ip or gone.told(entry.seq, "actor.ip")),
        (
            _("Device"),
            words.device(entry.agent) if entry.agent else gone.told(entry.seq, "actor.agent"),
        ),
    ]


def _document(file: Mapping[str, Any]) -> str:
    size = words.size(file["size"])
    return _(
        "%(size)s, SHA-256 %(sha256)s", size=size, sha256=_hash(file["sha256"]) or _("not recorded")
    )


def _hash(digest: str | None) -> str:
    return words.grouped_hash(digest) if digest else ""
