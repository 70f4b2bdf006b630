"""Privacy: what is held of a person, their copy, holds, retention, and erasing."""

from collections import Counter
from collections.abc import Mapping
from itertools import islice
from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import clock, db
from portal.access import holds as standing
from portal.access import may, pseudonyms
from portal.actions import erasures, holds, privacy, retention
from portal.definition.values import is_email
from portal.errors import Conflict, Faulty, Unknown
from portal.readings import erasures as readings
from portal.readings import held, subject
from portal.web.copies import copy_out
from portal.web.staff.door import doors, me, my_secret, said, typed_before

_MOST_DUE = 500
_ERASE_AGAIN = "Nothing was erased yet. What you typed stands below: look at it, and erase again."


@doors.get("/privacy")
def privacy_page() -> ResponseReturnValue:
    """What is kept how long, what is held, what was erased.

    The person whom somebody was about to erase when proof was asked, with what they typed.
    """
    place, typed = typed_before("/privacy/erase")
    if not place:
        return _overview()
    _require_admin()
    said(_ERASE_AGAIN)
    return _person(typed.get("email", ""), at="erase", typed=typed)


@doors.post("/privacy/person")
def look_up_person() -> ResponseReturnValue:
    """What is held of one address; not in the address of a page, which would be logged."""
    _require_admin()
    email = request.form.get("email", "").strip()
    if not is_email(email):
        wrong = Faulty.one("email", "Enter an e-mail address, such as ann@sea.example.")
        return _overview(wrong, at="person")
    return _person(email)


@doors.post("/privacy/export")
def export_person() -> ResponseReturnValue:
    """Their copy: everything that is held of one address, with their files."""
    _require_admin()
    email = request.form.get("email", "").strip()
    return copy_out(email, lambda count: privacy.note_export(count, actor=me()))


@doors.post("/privacy/erase")
def erase_person() -> ResponseReturnValue:
    """Have erased what is held of one address."""
    _require_admin()
    form = request.form
    email = form.get("email", "").strip()
    try:
        erasures.of_person(email, **_asked(), secret=my_secret(), actor=me())
    except (Faulty, Conflict) as fault:
        return _person(email, fault, at="erase")
    said("It is being erased. What still runs or is on hold follows when that is over.")
    return redirect("/privacy", 303)


@doors.post("/privacy/holds")
def place_hold() -> ResponseReturnValue:
    """Put a legal hold on a definition or a person."""
    form = request.form
    email, key = form.get("email", "").strip(), form.get("definition", "").strip()
    reason = form.get("reason", "")
    try:
        if email:
            holds.on_person(email, reason, actor=me())
        else:
            holds.on_definition(key, reason, actor=me())
    except (Faulty, Conflict) as fault:
        return _overview(fault, at="hold")
    said("The legal hold stands: nothing of it is erased.")
    return redirect("/privacy", 303)


@doors.post("/privacy/holds/<hold_id>/lift")
def lift_hold(hold_id: str) -> ResponseReturnValue:
    """End a legal hold."""
    try:
        holds.lift(hold_id, request.form.get("reason", ""), actor=me())
    except (Faulty, Conflict) as fault:
        return _overview(fault, at=f"lift-{hold_id}")
    said("The legal hold is lifted.")
    return redirect("/privacy", 303)


@doors.get("/privacy/due")
def due_processes() -> ResponseReturnValue:
    """What tonight’s run would erase, and what stays although it is due."""
    _require_reader()
    with db.reading() as conn:
        found = list(islice(retention.due(conn, clock.now()), _MOST_DUE + 1))
        titles = held.titles(conn, [one.process_id for one in found])
    return render_template(
        "staff/privacy_due.html",
        due=found[:_MOST_DUE], titles=titles, is_cut=len(found) > _MOST_DUE,
    )  # fmt: skip


@doors.get("/processes/<process_id>/erase")
def erase_process_page(process_id: str) -> ResponseReturnValue:
    """Just what would go from a process, and what stays; with what was typed before proof."""
    place, typed = typed_before(f"/processes/{process_id}/erase")
    if place:
        said(_ERASE_AGAIN)
    return _process(process_id, typed=typed)


@doors.post("/processes/<process_id>/erase")
def erase_process(process_id: str) -> ResponseReturnValue:
    """Have erased what a process holds of people."""
    try:
        erasures.of_process(process_id, **_asked(), secret=my_secret(), actor=me())
    except (Faulty, Conflict) as fault:
        return _process(process_id, fault)
    said("What the process holds of people is being erased.")
    return redirect(f"/processes/{process_id}/erase", 303)


@doors.post("/processes/<process_id>/hold")
def hold_process(process_id: str) -> ResponseReturnValue:
    """Put a legal hold on one process."""
    try:
        holds.on_process(process_id, request.form.get("reason", ""), actor=me())
    except (Faulty, Conflict) as fault:
        return _process(process_id, fault, at="hold")
    said("The legal hold stands: nothing of this process is erased.")
    return redirect(f"/processes/{process_id}/erase", 303)


def _asked() -> dict[str, str]:
    form = request.form
    return {
        "basis": form.get("basis", ""), "reference": form.get("reference", ""),
        "confirmed": form.get("confirm", ""),
    }  # fmt: skip


def _overview(fault: Any = None, at: str = "") -> ResponseReturnValue:
    _require_reader()
    with db.reading() as conn:
        told = {
            "rules": retention.rules(conn, clock.now()),
            "holds": held.holds(conn),
            "erasures": readings.latest(conn),
            "definitions": held.definitions(conn),
        }
    return render_template("staff/privacy.html", **told, **_faults(fault, at)), _status(fault)


def _person(
    email: str, fault: Any = None, at: str = "", typed: Mapping[str, str] | None = None
) -> ResponseReturnValue:
    privacy.note_look_up(actor=me())
    with db.reading() as conn:
        parts = subject.parts(conn, email)
        plans = [erasures.foretell(conn, one.process_id, one.participants) for one in parts]
        told = {
            "email": email,
            "parts_found": list(zip(parts, plans, strict=True)),
            "counts": sum((plan.counts for plan, _ in plans), start=Counter()),
            "hold": standing.standing_on(conn, email),
            "earlier": readings.of_subject(conn, pseudonyms.of(email)),
            "colleague": held.has_account(conn, email),
        }
    return (
        render_template(
            "staff/privacy_person.html", **told, **_bases(), **_faults(fault, at, typed)
        ),
        _status(fault),
    )


def _process(
    process_id: str, fault: Any = None, at: str = "erase", typed: Mapping[str, str] | None = None
) -> ResponseReturnValue:
    with db.reading() as conn:
        process = held.process(conn, process_id)
        if process is None:
            raise Unknown("There is no such process.")
        may.require(me(), "privacy", process)
        owns = process.owner_id in me().user_ids or process.team_id in me().team_ids
        plan, why_not = erasures.foretell(conn, process_id)
        told = {
            "process": process, "plan": plan, "why_not": why_not, "owns": owns,
            "my_id": me().user_id,
            "holds": held.holds(conn, process_id=process_id),
            "earlier": readings.of_process(conn, process_id),
        }  # fmt: skip
    return (
        render_template(
            "staff/privacy_process.html", **told, **_bases(), **_faults(fault, at, typed)
        ),
        _status(fault),
    )


def _bases() -> dict[str, Any]:
    return {"bases": held.ASKED_FOR}


def _faults(fault: Any, at: str, typed: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What is wrong and where; a refusal that is of no field stands above the form."""
    faults = {one.at: one.message for one in fault.faults} if isinstance(fault, Faulty) else {}
    refusal = fault.sentence if fault is not None and not faults else ""
    return {
        "faults": faults, "refusal": refusal, "at": at,
        "typed": request.form if fault else typed or {},
        "is_admin": me().role == "admin", "all_bases": held.WORDS,
    }  # fmt: skip


def _status(fault: Any) -> int:
    return 200 if fault is None else fault.status


def _require_admin() -> None:
    may.require(me(), "erase")


def _require_reader() -> None:
    may.require(me(), "privacy")
