"""What the audit trail tells a second time, sorted: mails, what was said of tasks, interventions.

Every event stands once in the full list. An auditor asks by what it is about: did the mails
arrive, was anybody reminded, who stepped in and why. These are the same events, picked out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.ledger import catalogue as c
from portal.readings.entries import ANSWERS, Told

MAILS = "mails"
REMINDERS = "reminders"
INTERVENTIONS = "interventions"

# The mail server took it.
TAKEN: frozenset[type[c.Event]] = frozenset((
    c.LinkSent, c.CodeSent, c.ReminderSent, c.ReceiptSent, c.MessageSent, c.NoticeSent,
))  # fmt: skip
_MAILS = TAKEN | {c.MailBounced, c.LinkMade, c.LinkEntered, c.LinkRenewed}
_REMINDERS: frozenset[type[c.Event]] = frozenset((
    c.ReminderAsked, c.ReminderSent, c.DeadlineMissed, c.TaskEscalated, c.HandoffMissed,
    c.TaskPromised, c.TaskBlocked, c.TaskUnblocked, c.TaskDeclined, c.TaskSnoozed,
    c.DelegationAsked, c.DelegationRefused, c.QuestionAsked, c.QuestionAnswered, c.QuestionClosed,
))  # fmt: skip
_INTERVENTIONS: frozenset[type[c.Event]] = frozenset((
    c.ExceptionOpened, c.ExceptionProposed, c.ExceptionEscalated, c.ExceptionResolved,
    c.CallFailed, c.ProcessCancelled, c.ProcessOwnerChanged, c.ProcessMigrated, c.StepAdded,
    c.DataEdited, c.TaskReassigned, c.LinkRevoked, c.DoubtRaised, c.DoubtSettled,
    c.DisclosureErased, c.HoldPlaced, c.HoldLifted, c.SightGranted, c.SightWithdrawn,
))  # fmt: skip
_REGISTERS: Mapping[str, frozenset[type[c.Event]]] = {
    MAILS: _MAILS,
    REMINDERS: _REMINDERS,
    INTERVENTIONS: _INTERVENTIONS,
}


def holds(register: str, entry: Told) -> bool:
    """Whether an event is told again there. What was done in somebody's place always steps in."""
    event = entry.event
    if register == INTERVENTIONS and (entry.on_behalf or _is_skipped_by_hand(event)):
        return True
    return type(event) in _REGISTERS[register]


def _is_skipped_by_hand(event: c.Event) -> bool:
    return isinstance(event, c.StepSkipped) and event.why != "condition"


@dataclass(slots=True)
class Counts:
    """How much there is of what the summary tells."""

    answers: int = 0
    files: int = 0
    signatures: int = 0
    mails: int = 0
    bounces: int = 0
    reminders: int = 0
    exceptions: int = 0
    open_exceptions: int = 0
    interventions: int = 0
    erased: int = 0

    def note(self, entry: Told) -> None:
        """The next event."""
        event = entry.event
        self.answers += isinstance(event, ANSWERS)
        self.files += isinstance(event, c.FileReceived)
        self.signatures += isinstance(event, c.SignatureMade)
        self.mails += type(event) in TAKEN
        self.bounces += isinstance(event, c.MailBounced)
        self.reminders += isinstance(event, c.ReminderSent)
        self.exceptions += isinstance(event, c.ExceptionOpened)
        self.open_exceptions += isinstance(event, c.ExceptionOpened)
        self.open_exceptions -= isinstance(event, c.ExceptionResolved)
        self.interventions += holds(INTERVENTIONS, entry)
        self.erased += isinstance(event, c.DisclosureErased)
