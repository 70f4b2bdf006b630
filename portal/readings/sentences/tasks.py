"""What happened to a task, and what was said of it, but for the answers themselves."""

from datetime import date

from portal.language import gettext as _
from portal.language import mark
from portal.ledger import catalogue as c
from portal.readings import words
from portal.readings.sentences.base import In, Sentence, quoted, say


@say.register
def opened(event: c.TaskOpened, in_: In) -> str:
    """Somebody was asked."""
    facts = {
        "thing": quoted(event.name) if event.name else in_.thing,
        "person": in_.person("person"),
        "round": event.round,
        "due": in_.moment(event.due_at) if event.due_at else None,
    }
    if event.round > 1 and event.due_at:
        return _("%(thing)s went to %(person)s (round %(round)s), due %(due)s.", **facts)
    if event.round > 1:
        return _("%(thing)s went to %(person)s (round %(round)s).", **facts)
    if event.due_at:
        return _("%(thing)s went to %(person)s, due %(due)s.", **facts)
    return _("%(thing)s went to %(person)s.", **facts)


@say.register
def picked_up(event: c.TaskPickedUp, in_: In) -> str:
    """Somebody took it up."""
    return _("%(who)s took up %(thing)s.", who=in_.who, thing=in_.thing)


@say.register
def done(event: c.TaskDone, in_: In) -> Sentence:
    """A to-do was ticked off."""
    return Sentence(_("%(who)s ticked off %(thing)s.", who=in_.who, thing=in_.thing), event.note)


@say.register
def withdrawn(event: c.TaskWithdrawn, in_: In) -> str:
    """Nobody needs it any more."""
    why = words.withdrawn(event.why)
    return _("%(thing)s is no longer needed: %(why)s.", thing=in_.thing, why=why)


@say.register
def expired(event: c.TaskExpired, in_: In) -> str:
    """Its time is over."""
    return _("The time for %(thing)s is over; nobody did it.", thing=in_.thing)


@say.register
def reassigned(event: c.TaskReassigned, in_: In) -> Sentence:
    """Staff gave it to somebody else."""
    text = _(
        "%(who)s gave %(thing)s from %(before)s to %(person)s.",
        who=in_.who, thing=in_.thing, before=in_.person("from_person"),
        person=in_.person("person"),
    )  # fmt: skip
    return Sentence(text, event.reason)


@say.register
def delegated(event: c.TaskDelegated, in_: In) -> Sentence:
    """The assignee passed it on, or it was passed on for them."""
    told = (
        mark("%(who)s passed %(thing)s on to %(person)s.")
        if in_.entry.actor_ref == event.from_participant
        else mark("%(who)s had %(thing)s pass from %(before)s on to %(person)s.")
    )
    text = _(
        told, who=in_.who, thing=in_.thing, before=in_.person("from_person"),
        person=in_.person("person"),
    )  # fmt: skip
    return Sentence(text, event.reason)


@say.register
def delegation_asked(event: c.DelegationAsked, in_: In) -> Sentence:
    """The assignee would pass it on."""
    text = _(
        "%(who)s asked to pass %(thing)s on to %(person)s.",
        who=in_.who, thing=in_.thing, person=in_.person("person"),
    )  # fmt: skip
    return Sentence(text, event.reason)


@say.register
def delegation_refused(event: c.DelegationRefused, in_: In) -> Sentence:
    """It stays where it is."""
    told = _("%(who)s did not agree that %(thing)s is passed on.", who=in_.who, thing=in_.thing)
    return Sentence(told, event.reason)


@say.register
def handoff_missed(event: c.HandoffMissed, in_: In) -> str:
    """Nobody took it up in time."""
    return _(
        "%(thing)s should have been taken up by %(when)s; %(person)s had not done so.",
        thing=in_.thing, person=in_.person("person"), when=in_.moment(event.pick_up_by),
    )  # fmt: skip


@say.register
def escalated(event: c.TaskEscalated, in_: In) -> str:
    """Somebody else was told that it is late."""
    told = in_.person("person")
    return _("%(thing)s is overdue; %(person)s was told.", thing=in_.thing, person=told)


@say.register
def missed(event: c.DeadlineMissed, in_: In) -> str:
    """It is late."""
    when = in_.moment(event.due_at)
    return _("%(thing)s was not done by %(when)s.", thing=in_.thing, when=when)


@say.register
def promised(event: c.TaskPromised, in_: In) -> str:
    """A day was named."""
    told = (
        mark("%(who)s said: %(thing)s will be done by %(day)s.")
        if in_.entry.actor_kind == "participant"
        else mark("%(who)s said for %(person)s: %(thing)s will be done by %(day)s.")
    )
    day = words.day(date.fromisoformat(event.promised_on))
    return _(told, who=in_.who, person=in_.person("person"), thing=in_.thing, day=day)


@say.register
def blocked(event: c.TaskBlocked, in_: In) -> Sentence:
    """Something keeps the assignee from it."""
    text = _(
        "%(who)s can’t go on with %(thing)s. Reminders wait until it is answered.",
        who=in_.who, thing=in_.thing,
    )  # fmt: skip
    return Sentence(text, event.text)


@say.register
def unblocked(event: c.TaskUnblocked, in_: In) -> Sentence:
    """Nothing keeps them from it any more, or staff answered what does."""
    facts = {"who": in_.who, "person": in_.person("person"), "thing": in_.thing}
    if event.text is None:
        return Sentence(_("%(person)s can go on with %(thing)s.", **facts))
    text = _("%(who)s answered what keeps %(person)s from %(thing)s.", **facts)
    return Sentence(text, event.text)


@say.register
def doubted(event: c.DoubtRaised, in_: In) -> Sentence:
    """A step does not match reality."""
    told = _("%(who)s said that %(thing)s does not match reality.", who=in_.who, thing=in_.thing)
    return Sentence(told, event.text)


@say.register
def doubt_settled(event: c.DoubtSettled, in_: In) -> Sentence:
    """What came of that."""
    text = _(
        "%(who)s answered what was said of %(thing)s not to match reality.",
        who=in_.who, thing=in_.thing,
    )  # fmt: skip
    return Sentence(text, event.answer)


@say.register
def declined(event: c.TaskDeclined, in_: In) -> Sentence:
    """The assignee will not do it."""
    text = _("%(who)s will not do %(thing)s.", who=in_.who, thing=in_.thing)
    return Sentence(text, event.reason)


@say.register
def snoozed(event: c.TaskSnoozed, in_: In) -> str:
    """No reminder before a day."""
    return _(
        "%(who)s wants to be reminded of %(thing)s on %(day)s, and not before.",
        who=in_.who, thing=in_.thing, day=words.day(date.fromisoformat(event.snoozed_on)),
    )  # fmt: skip


@say.register
def asked(event: c.QuestionAsked, in_: In) -> Sentence:
    """Either side asked the other."""
    is_outside = in_.entry.actor_kind == "participant"
    told = {
        (True, False): mark("%(who)s asked about %(thing)s."),
        (True, True): mark("%(who)s asked about %(thing)s. Reminders wait until it is answered."),
        (False, False): mark("%(who)s asked %(person)s about %(thing)s."),
        (False, True): mark(
            "%(who)s asked %(person)s about %(thing)s. Reminders wait until it is answered."
        ),
    }[is_outside, event.reminders == "held"]
    text = _(told, who=in_.who, person=in_.person("person"), thing=in_.thing)
    return Sentence(text, event.text)


@say.register
def answered(event: c.QuestionAnswered, in_: In) -> Sentence:
    """The side that was asked answered."""
    told = (
        mark("%(who)s answered a question about %(thing)s.")
        if in_.entry.actor_kind == "participant"
        else mark("%(who)s answered what %(person)s asked about %(thing)s.")
    )
    text = _(told, who=in_.who, person=in_.person("person"), thing=in_.thing)
    return Sentence(text, event.text)


@say.register
def closed(event: c.QuestionClosed, in_: In) -> str:
    """A question needs no answer."""
    return _(
        "%(who)s closed what %(person)s asked about %(thing)s: it needs no answer.",
        who=in_.who, person=in_.person("person"), thing=in_.thing,
    )  # fmt: skip
