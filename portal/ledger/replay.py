"""Check 11 of a verification: tasks and links, told again event by event. Standard library only."""

from typing import Any

from portal.ledger.findings import ALTERED, Report

_CLOSING = {"task.withdrawn": "withdrawn", "task.expired": "expired"}
_OUTCOMES = {
    *("form.submitted", "upload.submitted", "task.done"),
    *("signature.made", "signature.declined"),
    *("approval.approved", "approval.rejected", "approval.changes_requested"),
}


class Replay:
    """Check 11: what the events say must have been possible in this order."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.tasks: dict[str, str] = {}
        self.entered: dict[str, str] = {}  # link → task, by the person's own entry
        self.links: dict[str, list[str]] = {}  # task → the links that were entered to it
        self.whose: dict[str, str] = {}  # link → participant
        self.dead: set[str] = set()

    def event(self, body: dict[str, Any]) -> None:
        """Take the next event; what is impossible after those before is a finding."""
        kind, task = body["type"], body["data"].get("task")
        if not isinstance(task, str):
            return
        if kind == "link.entered":
            link = str(body["data"].get("link"))[:8]
            if self.entered.get(link) != task:
                self.links.setdefault(task, []).append(link)
            self.entered[link], self.whose[link] = task, str(body["actor"].get("ref"))
            self.dead.discard(link)
        elif kind in ("link.revoked", "task.reassigned"):
            self.dead.update(self._links_to(task))
        elif kind == "task.delegated":
            passed_on_by = body["data"].get("from_participant")
            theirs = (one for one in self._links_to(task) if self.whose[one] == passed_on_by)
            self.dead.update(theirs)
        elif kind == "task.opened":
            self._move(body, task, "unknown", "open")
        elif kind in _OUTCOMES:
            self._link(body, task)
            self._move(body, task, "open", "done")
        elif kind in _CLOSING:
            self._move(body, task, "open", _CLOSING[kind])

    def _links_to(self, task: str) -> list[str]:
        return [link for link in self.links.get(task, ()) if self.entered[link] == task]

    def _move(self, body: dict[str, Any], task: str, needed: str, to: str) -> None:
        state = self.tasks.get(task, "unknown")
        if state != needed:
            text = f"event {body['seq']}: {body['type']} for task {task}, which is {state}"
            self.report.find(11, ALTERED, text)
        self.tasks[task] = to

    def _link(self, body: dict[str, Any], task: str) -> None:
        link = body["actor"].get("link")
        if isinstance(link, str) and link in self.dead and self.entered.get(link) == task:
            text = f"event {body['seq']}: {body['type']} by a link that was withdrawn before"
            self.report.find(11, ALTERED, text)
