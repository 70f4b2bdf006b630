"""Files looked at on a page: pictures of their pages or their text, never their bytes.

Whoever may download a file may look at it, and nobody else; each look is noted before it is
answered. What the malware scanner holds back, and a file that was changed on disk, is not shown.
"""

from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, current_app, request

from portal.actions import looks
from portal.actor import Actor
from portal.delivery.renditions import KINDS, Page, Rendition, Shelf
from portal.delivery.storage import Store
from portal.errors import Conflict, Unknown
from portal.language import gettext as _
from portal.language import mark, ngettext
from portal.web import downloads

AT_ONCE, BEFOREHAND = 25, 3
"""How many pages one page shows, and how many of them a task shows beside its question."""
PICTURE_POLICY = "default-src 'none'; sandbox"

_WHY = {
    "broken": mark(
        "This file is damaged or unusual, so it can’t be shown here. Download it instead."
    ),
    "locked": mark(
        "This file is locked with a password, so it can’t be shown here. Download it instead."
    ),
    "large": mark("This file is too large to be shown here. Download it instead."),
    "empty": mark("There is nothing in this file that can be shown here. Download it instead."),
}
_UNFIT = mark("Files of this kind can’t be shown here. Download it instead.")


@dataclass(frozen=True, slots=True)
class View:
    """What is to be seen of a file. ``state``: ``shown``, ``coming`` or ``not``, with why."""

    state: str
    sentence: str = ""
    rendition: Rendition | None = None

    @property
    def pages(self) -> tuple[Page, ...]:
        """The pages that can be looked at; of a text, and where nothing is shown, none."""
        return self.rendition.pages if self.rendition else ()

    @property
    def is_text(self) -> bool:
        """Whether it is text that is shown."""
        return self.rendition is not None and self.rendition.kind == "text"

    @property
    def extent(self) -> str:
        """How much there is of it: ``4 pages``."""
        if not self.pages or self.rendition is None:
            return ""
        return ngettext("%(n)s page", "%(n)s pages", self.rendition.total)

    @property
    def is_cut(self) -> bool:
        """Whether the file has more than is shown."""
        return self.rendition is not None and self.rendition.total > max(len(self.pages), 1)


def install(app: Flask) -> None:
    """Let templates ask what is to be seen of a file."""
    app.jinja_env.globals.update(view_of=of, may_look=may_look, beforehand=BEFOREHAND)


def may_look(file: Any) -> bool:
    """Whether a file is of a kind that is shown, and held back by nobody; costs nothing."""
    return file.media_type in KINDS and file.scan not in ("being checked", "refused")


def of(file: Any) -> View:
    """What is to be seen of a file (its row) just now."""
    if file.media_type not in KINDS:
        return View("not", _(_UNFIT))
    try:
        downloads.require_harmless(file, file.name)
        found = _shelf().find(file.storage_id, file.sha256)
        if found is not None:
            _require_untouched(file, found)
        else:
            _require_here(file)
    except (Conflict, Unknown) as held_back:
        return View("not", str(held_back))
    if found is None:
        return View("coming", _("This file is being prepared to be shown here."))
    return View("not", _(_WHY[found.why])) if found.kind == "none" else View("shown", "", found)


def to_read(file: Any, *, task_id: str | None = None, actor: Actor | None) -> tuple[View, str]:
    """What is to be seen of a file, and its text where it is one; its stored bytes are judged.

    Without an ``actor`` the look is written down elsewhere: auditors' are in the book.
    Conflict where they are no longer those that were stored, or the scanner holds them back.
    """
    downloads.require_intact(file, file.name)
    view = of(file)
    if view.rendition is None or not view.is_text:
        return view, ""
    text = _shelf().text(file.storage_id, view.rendition)
    _note(file, looks.TEXT, 0, view.rendition, task_id, actor)
    return view, text


def picture(file: Any, number: int, *, task_id: str | None = None, actor: Actor | None) -> Response:
    """The picture of a page (from 1) of a file; ``full`` in the address asks for all of it.

    Unknown where there is none, Conflict and ``actor`` as for ``to_read``.
    """
    view = of(file)
    if view.rendition is None or view.is_text or not view.pages:
        raise Conflict(view.sentence or _("This file has no pages to be shown."))
    is_full = "full" in request.args
    data = _shelf().picture(file.storage_id, view.rendition, number, full=is_full)
    _note(file, looks.PAGE, number, view.rendition, task_id, actor)
    response = Response(data, mimetype="image/webp")
    response.headers["Content-Security-Policy"] = PICTURE_POLICY
    response.headers["Content-Disposition"] = "inline"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    return response


def first_page(view: View) -> int:
    """The page from which the address asks to look on, from 1."""
    asked = request.args.get("from", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 5 else 1
    return min(max(number, 1), max(len(view.pages), 1))


def _require_untouched(file: Any, found: Rendition) -> None:
    """Refuse with Conflict where the file was written to since and is another one now."""
    if not _shelf().is_untouched(file.storage_id, found):
        downloads.require_intact(file, file.name)


def _require_here(file: Any) -> None:
    """Refuse with Unknown where the stored file itself is gone: nothing will come of waiting."""
    with _store().open(file.storage_id):
        pass


def _note(
    file: Any, how: str, page: int, found: Rendition, task_id: str | None, actor: Actor | None
) -> None:
    if actor is not None and request.method != "HEAD":
        looks.note(file, how, page=page, rendition=found.digest, task_id=task_id, actor=actor)


def _shelf() -> Shelf:
    return Shelf(_store(), current_app.config["SETTINGS"].secret_keys)


def _store() -> Store:
    return Store(current_app.config["SETTINGS"].storage_dir)
