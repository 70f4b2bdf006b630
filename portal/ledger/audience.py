"""For whom each type of event is: what staff read, what the trail prints, what state follows from.

A type that is missing here fails a test, so that nothing is forgotten by not being thought of.
"""

from portal.ledger import catalogue as c

TIMELINE = "timeline"  # staff read it in the history of a process
TRAIL = "trail"  # the audit trail prints it
STATUS = "status"  # the state of the process follows from it

_TOLD = frozenset({TIMELINE, TRAIL})
_MOVES = frozenset({TIMELINE, TRAIL, STATUS})

TOPICS: dict[type[c.Event], frozenset[str]] = {
    c.ProcessStarted: _MOVES,
    c.ProcessCompleted: _MOVES,
    c.ProcessRejected: _MOVES,
    c.ProcessCancelled: _MOVES,
    c.ParticipantNamed: _MOVES,
    c.ProcessOwnerChanged: _TOLD,
    c.SightGranted: _TOLD,
    c.SightWithdrawn: _TOLD,
    c.CommentAdded: _TOLD,
    # The answer's own event tells staff; the trail has it for the ledger's sake.
    c.StepCompleted: frozenset({TRAIL, STATUS}),
    c.StepSkipped: _MOVES,
    c.StepAdded: _TOLD,
    c.StepReturned: _MOVES,
    c.ValuesSet: _MOVES,
    c.BranchesOpened: _TOLD,
    c.WaitBegan: _TOLD,
    c.RunStarted: _TOLD,
    c.CallSucceeded: _TOLD,
    c.CallFailed: _TOLD,
    c.SignalReceived: _TOLD,
    c.TaskOpened: _MOVES,
    c.TaskPickedUp: _MOVES,
    c.TaskDone: _MOVES,
    c.TaskWithdrawn: _MOVES,
    c.TaskExpired: _MOVES,
    c.TaskReassigned: _MOVES,
    c.TaskDelegated: _MOVES,
    c.DelegationAsked: _TOLD,
    c.DelegationRefused: _TOLD,
    c.HandoffMissed: _TOLD,
    c.TaskEscalated: _TOLD,
    c.DeadlineMissed: _TOLD,
    c.TaskPromised: _TOLD,
    c.TaskBlocked: _TOLD,
    c.TaskUnblocked: _TOLD,
    c.DoubtRaised: _TOLD,
    c.DoubtSettled: _TOLD,
    c.TaskDeclined: _TOLD,
    c.TaskSnoozed: _TOLD,
    c.QuestionAsked: _TOLD,
    c.QuestionAnswered: _TOLD,
    c.QuestionClosed: _TOLD,
    c.FormSubmitted: _MOVES,
    c.FileReceived: _TOLD,
    c.FileChecked: _TOLD,
    c.UploadSubmitted: _MOVES,
    c.ApprovalApproved: _MOVES,
    c.ApprovalChangesRequested: _MOVES,
    c.ApprovalRejected: _MOVES,
    c.SignatureMade: _MOVES,
    c.SignatureDeclined: _MOVES,
    c.LinkSent: _TOLD,
    c.CodeSent: _TOLD,
    c.LinkMade: _TOLD,
    c.LinkEntered: _TOLD,
    c.LinkRenewed: _TOLD,
    c.LinkRevoked: _TOLD,
    c.ReminderAsked: _TOLD,
    c.ReminderSent: _TOLD,
    c.ReceiptSent: _TOLD,
    c.MessageSent: _TOLD,
    c.NoticeSent: _TOLD,
    c.MailBounced: _TOLD,
    c.ExceptionOpened: _MOVES,
    c.ExceptionResolved: _MOVES,
    c.ExceptionProposed: _TOLD,
    c.ExceptionEscalated: _TOLD,
    c.DataEdited: _MOVES,
    c.ProcessMigrated: _MOVES,
    # A trail covers the ledger up to the last event that is not about trails.
    c.TrailBuilt: frozenset({TIMELINE}),
    c.DisclosureErased: _TOLD,
    c.HoldPlaced: _TOLD,
    c.HoldLifted: _TOLD,
}

_BY_TYPE = {event.TYPE: topics for event, topics in TOPICS.items()}


def is_for(type_: str, topic: str) -> bool:
    """Whether events of a type belong to a topic; False for an unknown type."""
    return topic in _BY_TYPE.get(type_, frozenset())


def on_timeline(type_: str) -> bool:
    """Whether staff read events of this type in the history of a process."""
    return is_for(type_, TIMELINE)
