"""Evidence packs: choose what is to be in one, see how far it is, fetch it."""

from collections.abc import Sequence
from typing import Any

from flask import Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import db, language
from portal.actions import packs as verbs
from portal.delivery.storage import in_words
from portal.errors import Conflict, Faulty
from portal.readings import lists, packs
from portal.web.downloads import pack_out, room
from portal.web.staff.door import doors, house_zone, me, said
from portal.web.staff.filters import STATES

KIND = "pack"
MOST = verbs.MOST
AT_ONCE = 100


@doors.get("/packs")
def list_packs() -> ResponseReturnValue:
    """Those that are newest, and what a new one may be made of."""
    return _list(None)


@doors.post("/packs")
def draft_pack() -> ResponseReturnValue:
    """Put before me what was chosen: processes by name, or all that the form asks for."""
    form = request.form
    try:
        if ids := form.getlist("process"):
            return drafted(ids)
        wanted, name = packs.choice(form, form.getlist("state"), house_zone(), me())
        with db.reading() as conn:
            ids = list(packs.chosen(conn, wanted, verbs.MOST + 1))
        return drafted(ids, name)
    except Faulty as fault:
        return _list(fault)


def drafted(ids: Sequence[str], name: str | None = None) -> ResponseReturnValue:
    """Have a draft made of these processes, and go to it."""
    form = request.form
    count = len(set(ids))
    plan = verbs.Plan(
        name or ("1 chosen process" if count == 1 else f"{count:,} chosen processes"),
        files=form.get("files", "yes") == "yes",
        language=form.get("language") or language.SOURCE,
    )
    return redirect(f"/packs/{verbs.draft(plan, ids, actor=me())}", 303)


@doors.get("/packs/<pack_id>")
def pack(pack_id: str) -> ResponseReturnValue:
    """What it will hold and how large it will be, how far it is, or where to fetch it."""
    return _page(pack_id, None)


@doors.get("/packs/<pack_id>/progress")
def pack_progress(pack_id: str) -> ResponseReturnValue:
    """How far it is, for the page to tell while one looks at it."""
    with db.reading() as conn:
        found = packs.pack(conn, pack_id, packs.whose(me()))
        tally = packs.tally(conn, pack_id)
    return {"state": found.state, "through": tally.through, "total": tally.total}


@doors.post("/packs/<pack_id>/begin")
def begin_pack(pack_id: str) -> ResponseReturnValue:
    """Have it built."""
    with db.reading() as conn:
        found = packs.pack(conn, pack_id, packs.whose(me()))
        size = packs.size(conn, pack_id, files=found.files)
    try:
        verbs.begin(pack_id, size=size, room=room(), actor=me())
    except Faulty as fault:
        return _page(pack_id, fault)
    return redirect(f"/packs/{pack_id}", 303)


@doors.post("/packs/<pack_id>/stop")
def stop_pack(pack_id: str) -> ResponseReturnValue:
    """Build no more of it; a draft is put away."""
    if verbs.stop(pack_id, actor=me()):
        said("Stopped. Nothing of it is kept.")
    return redirect("/packs", 303)


@doors.get("/packs/<pack_id>/pack.zip")
def pack_file(pack_id: str) -> Response:
    """The archive, to be saved; each time is a read of each process in it."""
    with db.reading() as conn:
        found = packs.pack(conn, pack_id, packs.whose(me()))
    verbs.require_taking(pack_id, actor=me())
    if found.storage_id is None:
        raise Conflict(found.why or "This pack is not ready yet.", "Look at its page.")
    return pack_out(found, f"evidence-{pack_id[-12:]}.zip")


def _list(fault: Faulty | None) -> ResponseReturnValue:
    with db.reading() as conn:
        found = packs.recent(conn, packs.whose(me()))
        definitions = lists.definition_names(conn)
    page = render_template(
        "staff/packs.html",
        found=found,
        definitions=definitions,
        states=STATES,
        keep=packs.KEEP_DAYS,
        most=verbs.MOST,
        sees_all=packs.whose(me()) is None,
        faults=_told(fault),
        typed=request.form,
        in_words=in_words,
    )
    return page, 422 if fault else 200


def _page(pack_id: str, fault: Faulty | None) -> ResponseReturnValue:
    after = request.args.get("after", "")
    place = int(after) if after.isascii() and after.isdigit() and len(after) < 8 else 0
    with db.reading() as conn:
        found = packs.pack(conn, pack_id, packs.whose(me()))
        shown: dict[str, Any] = {
            "tally": packs.tally(conn, pack_id),
            "failed": packs.parts(conn, pack_id, "failed", limit=AT_ONCE),
            "rows": packs.parts(conn, pack_id, after=place, limit=AT_ONCE + 1),
        }
        size = packs.size(conn, pack_id, files=found.files) if found.state == "draft" else None
    page = render_template(
        "staff/pack_draft.html" if found.state == "draft" else "staff/pack.html",
        pack=found,
        size=size,
        room=room(),
        keep=packs.KEEP_DAYS,
        most=AT_ONCE,
        states=STATES,
        faults=_told(fault),
        in_words=in_words,
        **shown,
    )
    return page, 422 if fault else 200


def _told(fault: Faulty | None) -> dict[str, str]:
    return {one.at: one.message for one in fault.faults} if fault else {}
