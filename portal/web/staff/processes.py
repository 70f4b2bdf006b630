"""The list of processes, one process with its whole history, and what staff may do to it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from portal import clock, db, language
from portal.actions import links, processes, selections, tasks, trails
from portal.actions.moves import Move
from portal.definition import asks
from portal.definition.tree import Definition, WaitStep
from portal.errors import Faulty, Unknown
from portal.readings import (
    absences,
    additions,
    changes,
    courts,
    feed,
    foretold,
    handoffs,
    lists,
    looks,
    questions,
    sights,
    spoken,
    standing,
    stuck,
    trail,
    waiting,
)
from portal.readings import dossier as dossiers
from portal.web import forms, viewing
from portal.web.downloads import file_out, handed_out, ledger_out
from portal.web.staff import packs, rows, tracks, views
from portal.web.staff.door import doors, house_zone, me, said, status_of
from portal.web.staff.filters import STATES, process_filters
from portal.web.staff.portions import portion

AT_ONCE = 50
HISTORY_AT_ONCE = 100


@doors.get("/processes")
def list_processes() -> ResponseReturnValue:
    """Processes by earliest due, narrowed by what the address asks, or by my default view."""
    return views.opened_with("processes") or list_page(request.args)


def list_page(asked: Mapping[str, str], fault: views.ViewFault | None = None) -> str:
    """The list for these filters; with what was faulty of a view that was to be kept."""
    now = clock.now()
    with db.reading() as conn:
        definitions = lists.definition_names(conn)
        page = lists.processes(
            conn, process_filters(asked), now, cursor=asked.get("cursor"), limit=AT_ONCE
        )
        shelf = views.shelf(conn, "processes", asked, fault)
        away = absences.now_away(conn, now)
        unmet = lists.unmet(conn, [row.id for row in page.items if row.state == "running"])
    return render_template(
        "staff/processes.html",
        page=page,
        lines=rows.processes(page.items, now, house_zone(), away, unmet),
        definitions=definitions,
        states=STATES,
        chosen=_done_with_many(),
        state=asked.get("state", "running"),
        asked=asked,
        shelf=shelf,
    )


def _done_with_many() -> dict[str, str]:
    """What may be done with those ticked: an auditor changes nothing and takes evidence away."""
    changes = {} if me().role == "auditor" else selections.CHOSEN
    return {**changes, packs.KIND: "Evidence pack"}


@doors.get("/processes/<process_id>")
def process(process_id: str) -> ResponseReturnValue:
    """One process, whole."""
    return show(process_id)


@doors.post("/processes/<process_id>/cancel")
def cancel(process_id: str) -> ResponseReturnValue:
    """End the process, for a reason."""
    reason = request.form.get("reason", "").strip()
    return attempt(
        process_id,
        "cancel",
        lambda: processes.cancel(process_id, reason, actor=me()),
        "The process is cancelled and everybody asked will be told.",
    )


@doors.post("/processes/<process_id>/comments")
def comment(process_id: str) -> ResponseReturnValue:
    """Add a remark that staff can read."""
    text = request.form.get("text", "").strip()
    return attempt(
        process_id,
        "comment",
        lambda: processes.comment(process_id, text, actor=me()),
        "Your comment is on the timeline.",
    )


@doors.post("/processes/<process_id>/participants/<role>")
def name_participant(process_id: str, role: str) -> ResponseReturnValue:
    """Name the person for a role that the start left open."""
    person = _person()
    return attempt(
        process_id,
        f"role-{role}",
        lambda: processes.name_participant(process_id, role, person, actor=me()),
        f"{person['name'] or person['email']} is named.",
    )


@doors.post("/processes/<process_id>/tasks/<task_id>/remind")
def remind(process_id: str, task_id: str) -> ResponseReturnValue:
    """Send a reminder now."""
    return attempt(
        process_id,
        f"task-{task_id}",
        lambda: tasks.remind(task_id, actor=me()),
        "A reminder is on its way.",
    )


@doors.post("/processes/<process_id>/tasks/<task_id>/reassign")
def reassign(process_id: str, task_id: str) -> ResponseReturnValue:
    """Give the task to somebody else."""
    person = _person()
    reason = request.form.get("reason", "").strip()
    return attempt(
        process_id,
        f"task-{task_id}",
        lambda: tasks.reassign(task_id, person, reason, actor=me()),
        f"The task is now with {person['name'] or person['email']}.",
    )


@doors.post("/processes/<process_id>/tasks/<task_id>/revoke")
def revoke(process_id: str, task_id: str) -> ResponseReturnValue:
    """End every link and session of the task at once."""
    reason = request.form.get("reason", "").strip()
    return attempt(
        process_id,
        f"task-{task_id}",
        lambda: links.revoke(task_id, reason, actor=me()),
        "Every link to the task has ended. The task itself stays open.",
    )


@doors.post("/processes/<process_id>/trail")
def ask_trail(process_id: str) -> ResponseReturnValue:
    """Have a worker build the audit trail, in the language and on the paper chosen."""
    form = request.form
    return attempt(
        process_id,
        "trail",
        lambda: trails.ask(
            process_id,
            spoken=form.get("language", language.SOURCE),
            paper=form.get("paper", trails.PAPERS[0]),
            with_files="files" in form,
            actor=me(),
        ),
        "The audit trail is being built. It is here in a moment.",
    )


@doors.get("/processes/<process_id>/trail.pdf")
def trail_pdf(process_id: str) -> ResponseReturnValue:
    """The newest audit trail that is built, of the make asked for."""
    with db.reading() as conn:
        found = dossiers.trail_of(conn, process_id, trail.make_of(request.args))
    if found is None:
        raise Unknown("No audit trail has been built yet.", "Ask for one on the process's page.")
    told = "" if found.language == language.SOURCE else f"-{found.language}"
    told += "" if found.paper == trails.PAPERS[0] else f"-{found.paper.lower()}"
    told += "-with-files" if found.with_files else ""
    name = f"audit-trail-{process_id[-12:]}-{found.seq}{told}.pdf"
    return handed_out(found, name, "application/pdf")


@doors.get("/processes/<process_id>/ledger.jsonl")
def ledger(process_id: str) -> ResponseReturnValue:
    """The full ledger as JSON lines, as ``portal verify`` takes it."""
    with db.reading() as conn:
        dossiers.require(conn, process_id)
    return ledger_out(process_id)


@doors.get("/processes/<process_id>/files/<file_id>")
def process_file(process_id: str, file_id: str) -> ResponseReturnValue:
    """A file that somebody sent, to be saved."""
    with db.reading() as conn:
        file = dossiers.file_of(conn, process_id, file_id)
    return file_out(file, actor=me())


@doors.get("/processes/<process_id>/files/<file_id>/view")
def process_file_view(process_id: str, file_id: str) -> ResponseReturnValue:
    """A file that somebody sent, to be looked at."""
    with db.reading() as conn:
        file = dossiers.file_of(conn, process_id, file_id)
        title = dossiers.title_of(conn, process_id)
    return file_page(file, at=f"/processes/{process_id}", name=title)


@doors.get("/processes/<process_id>/files/<file_id>/pages/<int:number>")
def process_file_page(process_id: str, file_id: str, number: int) -> ResponseReturnValue:
    """The picture of one page of such a file."""
    with db.reading() as conn:
        file = dossiers.file_of(conn, process_id, file_id)
    return viewing.picture(file, number, actor=me())


def file_page(file: Any, *, at: str, name: str, task_id: str | None = None) -> ResponseReturnValue:
    """The page on which a file is looked at; ``at`` is the page that it belongs to."""
    view, text = viewing.to_read(file, task_id=task_id, actor=me())
    return render_template(
        "staff/view.html",
        file=file,
        view=view,
        text=text,
        first=viewing.first_page(view),
        at_once=viewing.AT_ONCE,
        at=at,
        name=name,
    )


def show(
    process_id: str,
    *,
    at: str | None = None,
    fault: Faulty | None = None,
    move: Move | None = None,
) -> ResponseReturnValue:
    """The page of a process; with a fault of the form ``at``, what was typed kept.

    ``move`` is what moving it to another version would do, for whoever asked.
    """
    with db.reading() as conn:
        found = dossiers.of_process(conn, process_id)
        told = _told(conn, found)
    page = render_template(
        "staff/process.html",
        dossier=found,
        process=found.process,
        nonce=forms.new_nonce(),
        wanted=asks.WANTED,
        again=stuck.again,
        key=courts.KEY,
        role_names=_role_names(found.tree),
        may_manage=may_manage(found.process),
        at=at,
        faults={one.at: one.message for one in fault.faults} if fault else {},
        typed=request.form if fault or move else {},
        move=move,
        step_names=spoken.names(found.tree),
        **told,
    )
    return page, 422 if fault else 200


def _told(conn: Any, found: dossiers.Dossier) -> dict[str, Any]:
    """What happened in the process, where it stands, and what is to come."""
    process_id, zone = found.process.id, house_zone()
    ahead = foretold.of_process(conn, found, zone)
    stands = standing.of_process(conn, found)
    window = tracks.around(found.process, clock.now(), zone)
    return {
        "status": _status(conn, found, ahead),
        "history": feed.of_process(conn, found, zone, before=_before(), limit=HISTORY_AT_ONCE),
        "handed": portion(handoffs.of_process(conn, process_id)[::-1], "handoffs"),
        "answers": portion([one for one in found.answers if one.is_latest], "answers"),
        "rounds": portion([one for one in found.answers if not one.is_latest], "rounds"),
        "threads": questions.of_process(conn, process_id),
        "steps": _steps(conn, found),
        "ahead": ahead,
        "added": additions.of_process(conn, process_id),
        "standing": stands,
        "picture": Markup(stands.picture),  # noqa: S704 - made here, escaped there
        "story": tracks.story(conn, found.process, found.tree, window, zone, _moments(ahead)),
        "signals": _signals(found),
        "looked": looks.of_process(conn, process_id),
        "away": absences.now_away(conn, clock.now()),
        **_sight(conn, found.process),
    }


def _sight(conn: Any, process: Any) -> dict[str, Any]:
    """Who may see it, where not all staff do."""
    seers = sights.of_process(conn, process) if process.is_restricted else []
    return {"seers": seers, "seen_by": sights.sentence(seers)}


def _signals(found: dossiers.Dossier) -> list[str]:
    """What its steps wait to be told from outside, each name once."""
    waits = [one for one in found.tree.all_steps() if isinstance(one, WaitStep) and one.signal]
    return list(dict.fromkeys(str(one.signal) for one in waits))


def _status(conn: Any, found: dossiers.Dossier, ahead: foretold.Told | None) -> str:
    """Who holds it since when, how often they were reminded, and to whom it goes by itself."""
    told, holders = status_of(found.process), [one.id for one in found.open_tasks]
    if ahead is None or not holders:
        return told
    reminded = handoffs.reminders_of(conn, found.process, holders)
    return waiting.fuller(told, reminded, ahead.passes_on)


def _moments(ahead: foretold.Told | None) -> list[datetime]:
    """When something is forecast to happen by the clock."""
    lines = (*ahead.clock, *ahead.later) if ahead is not None else ()
    return [one.at for one in lines if one.at is not None]


def _before() -> int | None:
    """The event before which the history is asked for, where it is."""
    before = request.args.get("before", "")
    return int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None


def _steps(conn: Any, found: dossiers.Dossier) -> changes.Options:
    """What can be gone without or asked again; nothing once it has ended."""
    if found.process.state != "running":
        return changes.Options()
    names = {(task.step, task.scope): task.name for task in reversed(found.tasks)}
    return changes.of_process(conn, found.process.id, found.tree, names)


def attempt(
    process_id: str, at: str, verb: Callable[[], object], sentence: str | None
) -> ResponseReturnValue:
    """Do it and go back to the process; a faulty entry comes back beside its form.

    ``sentence`` says that it was done, unless the verb itself says what was.
    """
    try:
        verb()
    except Faulty as fault:
        return show(process_id, at=at, fault=fault)
    if sentence is not None:
        said(sentence)
    is_from_desk = request.form.get("_from") == "desk"
    return redirect("/" if is_from_desk else f"/processes/{process_id}", 303)


def may_manage(process: Any) -> bool:
    """Whether to offer what only the owner and admins may do; the action itself judges."""
    actor = me()
    if actor.role == "admin":
        return True
    owns = process.owner_id in actor.user_ids or process.team_id in actor.team_ids
    return actor.role == "member" and owns


def _role_names(tree: Definition) -> dict[str, str]:
    return {role.id: role.name for role in tree.roles.values()}


def _person() -> dict[str, str]:
    return {key: request.form.get(key, "").strip() for key in ("email", "name")}
