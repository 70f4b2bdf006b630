"""A task that its person will not do: an exception holds it, and what became of that."""

from portal.engine import reminders, troubles
from portal.engine.rows import Asked, Person
from portal.engine.running import Running
from portal.models.troubles import Kind

KIND: Kind = "declined"
"""The exceptions by which the owner learns of it."""


def stop(running: Running, task: Asked, person: Person, reason: str) -> None:
    """Have the owner decide how it goes on; nobody is reminded of the task until then."""
    if task.declined_at is None:  # else another of those who may do it said so first
        _set(running, task, is_declined=True)
    who = person.name or person.email or "Whoever has it"
    message = f"{who} will not do “{task.name}”: {reason}"
    troubles.open_trouble(
        running, KIND, message, step=task.step, scope=task.scope, task=task.id,
        about=f"{task.id}:{person.id}",
    )  # fmt: skip


def ask_again(running: Running, task_id: str | None, trouble_id: str) -> None:
    """Have whoever declined a task asked once more, in the owner's words; it is open still."""
    task = running.tasks.get(task_id or "")
    if task is None or task.state != "open" or task.declined_at is None:
        return
    _set(running, task, is_declined=False)
    ref = {"task": task.id, "trouble": trouble_id}
    running.chain.send("mail.asked_again", ref, once=f"asked-again:{trouble_id}")


def _set(running: Running, task: Asked, *, is_declined: bool) -> None:
    before = task.declined_at
    task.declined_at = running.now if is_declined else None
    running.keep_task(task)
    step = running.tree.person_step(task.step)
    reminders.set_anew(running, step, task, since=before)
