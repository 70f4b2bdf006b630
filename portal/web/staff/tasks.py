"""Tasks: whose they are, and doing the one that is mine, my team's, or another's in their place."""

from collections.abc import Mapping
from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from portal import clock, db
from portal.actions import tasks as verbs
from portal.actor import Actor
from portal.definition.operators import ExpressionFailed
from portal.errors import Faulty, TaskDone, TooLarge
from portal.readings import absences, asked, lists
from portal.readings import questions as question_readings
from portal.readings.asked import Asked
from portal.readings.prose import to_html
from portal.web import answers, forms, progress, viewing
from portal.web.downloads import file_out
from portal.web.names import told
from portal.web.staff import rows, views
from portal.web.staff.door import doors, house_zone, me, require_own_form, said
from portal.web.staff.filters import TASK_STATES, task_filters, whose
from portal.web.staff.processes import file_page, may_manage

AT_ONCE = 50


@doors.get("/tasks")
def list_tasks() -> ResponseReturnValue:
    """My tasks and those of my teams, or everybody's, or what my default view shows."""
    return views.opened_with("tasks") or list_page(request.args)


def list_page(asked: Mapping[str, str], fault: views.ViewFault | None = None) -> str:
    """The tasks for these filters; with what was faulty of a view that was to be kept."""
    now = clock.now()
    with db.reading() as conn:
        page = lists.tasks(
            conn, task_filters(asked, me()), now, cursor=asked.get("cursor"), limit=AT_ONCE
        )
        shelf = views.shelf(conn, "tasks", asked, fault)
        away = absences.now_away(conn, now)
    return render_template(
        "staff/tasks.html",
        page=page,
        lines=rows.tasks(page.items, now, house_zone(), away, me().user_id),
        states=TASK_STATES,
        state=asked.get("state", "open"),
        whose=whose(asked),
        asked=asked,
        shelf=shelf,
    )


@doors.get("/tasks/<task_id>")
def task(task_id: str) -> ResponseReturnValue:
    """One task: to be done where it is mine, else told."""
    with db.reading() as conn:
        found = asked.of_task(conn, task_id, me().email)
    return _page(found, found.typed())


@doors.post("/tasks/<task_id>")
def do_task(task_id: str) -> ResponseReturnValue:
    """Take the answer, mine or in the assignee's place."""
    with db.reading() as conn:
        found = asked.of_task(conn, task_id, me().email)
    try:
        answers.prepare(found.task)
    except TooLarge as error:
        return _page(found, {}, answers.too_large(found, error))
    require_own_form()
    typed, actor = forms.typed(), _doer(found)
    try:
        if forms.changes_rows() or answers.drop(actor):
            return _again(task_id, typed)
        answers.answer(found.task, actor=actor)
    except (Faulty, TaskDone) as error:
        return _again(task_id, typed, error)
    said(f"“{found.task.name}” is done and recorded.")
    return redirect(f"/tasks/{task_id}", 303)


@doors.post("/tasks/<task_id>/claim")
def claim(task_id: str) -> ResponseReturnValue:
    """Take a team's task, so that the others see who has it."""
    verbs.claim(task_id, actor=me())
    said("The task is yours now.")
    return redirect(f"/tasks/{task_id}", 303)


@doors.get("/tasks/<task_id>/files/<file_id>")
def task_file(task_id: str, file_id: str) -> ResponseReturnValue:
    """A file that the task's page shows, to be saved."""
    with db.reading() as conn:
        file = asked.of_task(conn, task_id, me().email).file(file_id)
    return file_out(file, task_id=task_id, actor=me())


@doors.get("/tasks/<task_id>/files/<file_id>/view")
def task_file_view(task_id: str, file_id: str) -> ResponseReturnValue:
    """A file that the task's page shows, to be looked at."""
    with db.reading() as conn:
        found = asked.of_task(conn, task_id, me().email)
    file = found.file(file_id)
    at = f"/tasks/{task_id}"
    return file_page(file, at=at, name=found.task.name, task_id=task_id)


@doors.get("/tasks/<task_id>/files/<file_id>/pages/<int:number>")
def task_file_page(task_id: str, file_id: str, number: int) -> ResponseReturnValue:
    """The picture of one page of such a file."""
    with db.reading() as conn:
        file = asked.of_task(conn, task_id, me().email).file(file_id)
    return viewing.picture(file, number, task_id=task_id, actor=me())


def _doer(found: Asked) -> Actor:
    """Me, or me in the assignee's place where that is mine to do."""
    if _is_mine(found) or not may_manage(found.process):
        return me()
    return me().acting_on_behalf(request.form.get("_reason", "").strip())


def _is_mine(found: Asked) -> bool:
    actor, task = me(), found.task
    if task.holder_id is not None:
        return bool(task.holder_id == actor.user_id) or _stands_in(found)
    if task.team_id is not None and task.team_id in actor.team_ids:
        return True
    mine = {one.id for one in found.people if one.kind == "staff" and one.email == actor.email}
    return not mine.isdisjoint([task.participant_id, *task.others])


def _stands_in(found: Asked) -> bool:
    """Whether it is mine while its holder is away; nobody signs in another's place."""
    return me().absent(found.task.holder_id) is not None and found.task.kind != "sign"


def _again(
    task_id: str, typed: forms.Typed, error: Faulty | TaskDone | None = None
) -> ResponseReturnValue:
    """The page once more with what was typed; what arrived or was recorded meanwhile is on it."""
    with db.reading() as conn:
        found = asked.of_task(conn, task_id, me().email)
    return _page(found, typed, error, more=request.form.get("_more"))


def show_again(task_id: str, at: str, fault: Faulty) -> ResponseReturnValue:
    """The page of a task, with a fault in one of the forms beside the answer's (``handoffs``)."""
    with db.reading() as conn:
        found = asked.of_task(conn, task_id, me().email)
    return _page(found, found.typed(), beside=(at, fault))


def _page(
    found: Asked,
    typed: forms.Typed,
    error: Faulty | TaskDone | None = None,
    *,
    more: str | None = None,
    beside: tuple[str, Faulty] | None = None,
) -> ResponseReturnValue:
    faults = error.faults if isinstance(error, Faulty) else ()
    person = next((p for p in found.people if p.id == found.task.participant_id), None)
    with db.reading() as conn:
        threads = question_readings.of_process(conn, found.process.id, task=found.task.id)
        away = absences.now_away(conn, clock.now())
    questions = forms.questions(found.fields, found.facts, typed, more=more)
    wrong = {one.at: one.message for one in faults}
    page = render_template(
        "staff/task.html",
        asked=found,
        task=found.task,
        process=found.process,
        person=person,
        holder=_holder(found, person),
        late=error if isinstance(error, TaskDone) else None,
        instructions=_instructions(found),
        questions=questions,
        progress=progress.of(found.all_fields, questions, found.facts, typed, faults=wrong),
        typed=typed,
        faults=wrong,
        told=told(wrong, {**answers.labels(found), "reason": "Why"}),
        is_mine=_is_mine(found),
        away=away.get(found.task.holder_id),
        stands_in=_stands_in(found),
        may_manage=may_manage(found.process),
        nonce=forms.new_nonce(),
        passing_on=found.passing_on(person.kind) if person else "no",
        at=beside[0] if beside else None,
        aside={one.at.removeprefix("to."): one.message for one in beside[1].faults}
        if beside
        else {},
        sent=request.form if beside else {},
        threads=threads,
    )
    refused = error or (beside and beside[1])
    return page, (refused.status if refused else 200)


def _holder(found: Asked, person: Any) -> str:
    """Who has the task, as its page names them: of a team whoever claimed it."""
    if found.task.holder_id is not None and found.task.holder_id == me().user_id:
        return "you"
    for held in found.process.waiting:
        if held.get("task") == found.task.id and held.get("who"):
            return str(held["who"].get("name") or held["who"].get("email"))
    return str(person.name or person.email) if person else "somebody"


def _instructions(found: Asked) -> Markup:
    """The instructions with their placeholders filled; nothing filled in becomes markup."""
    text = found.step.instructions
    if text is None:
        return Markup("")
    try:
        return to_html(text.render(found.facts, "markdown"))
    except ExpressionFailed:
        return to_html(str(text))
