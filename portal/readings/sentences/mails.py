"""What left the house by mail, the links in it, and what came back."""

from portal.language import gettext as _
from portal.language import mark
from portal.ledger import catalogue as c
from portal.readings import words
from portal.readings.sentences.base import In, Sentence, say


@say.register
def link_sent(event: c.LinkSent, in_: In) -> str:
    """A mail that asks for something was taken."""
    to = _address(event.to, in_)
    if in_.is_about_the_process:
        return _("A fresh link to the process went to %(to)s.", to=to)
    if event.task is None:
        return _("A fresh link to %(thing)s went to %(to)s.", thing=in_.thing, to=to)
    return _("The mail asking for %(thing)s went to %(to)s.", thing=in_.thing, to=to)


@say.register
def code_sent(event: c.CodeSent, in_: In) -> str:
    """A one-time code was sent."""
    to = _address(event.to, in_)
    return _("A one-time code for %(thing)s went to %(to)s.", thing=in_.thing, to=to)


@say.register
def link_made(event: c.LinkMade, in_: In) -> str:
    """A link was made to be handed out."""
    return _(
        "%(who)s made a link to %(thing)s to pass on by another channel.",
        who=in_.who, thing=in_.thing,
    )  # fmt: skip


@say.register
def link_entered(event: c.LinkEntered, in_: In) -> str:
    """Somebody came in."""
    if in_.is_about_the_process:
        return _("%(who)s opened the link to the process.", who=in_.who)
    return _("%(who)s opened the link to %(thing)s.", who=in_.who, thing=in_.thing)


@say.register
def link_renewed(event: c.LinkRenewed, in_: In) -> str:
    """A fresh link was asked for."""
    if in_.is_about_the_process:
        return _("A fresh link to the process was asked for; it goes to the address on file.")
    return _(
        "A fresh link to %(thing)s was asked for; it goes to the address on file.",
        thing=in_.thing,
    )  # fmt: skip


@say.register
def links_revoked(event: c.LinkRevoked, in_: In) -> Sentence:
    """Every link to a task ended."""
    text = _("%(who)s withdrew every link to %(thing)s.", who=in_.who, thing=in_.thing)
    return Sentence(text, event.reason)


@say.register
def reminder_asked(_event: c.ReminderAsked, in_: In) -> str:
    """Staff had a reminder go out."""
    return _("%(who)s had a reminder of %(thing)s sent.", who=in_.who, thing=in_.thing)


@say.register
def reminded(event: c.ReminderSent, in_: In) -> str:
    """A reminder was taken."""
    return _(
        "A reminder of %(thing)s (%(which)s) went to %(to)s.",
        thing=in_.thing, which=words.rung(event.label), to=_address(event.to, in_),
    )  # fmt: skip


@say.register
def receipt_sent(event: c.ReceiptSent, in_: In) -> str:
    """A receipt was taken."""
    return _("A receipt for %(thing)s went to %(to)s.", thing=in_.thing, to=_address(event.to, in_))


@say.register
def message_sent(event: c.MessageSent, in_: In) -> str:
    """The mail of a message step was taken."""
    to = _address(event.to, in_)
    if not event.subject:
        return _("The message went to %(to)s.", to=to)
    return _("The message “%(subject)s” went to %(to)s.", subject=event.subject, to=to)


_NOTICES = {
    "escalation": mark("A note that %(thing)s is overdue went to %(to)s."),
    "withdrawn": mark("A note that %(thing)s is no longer needed went to %(to)s."),
    "reassigned": mark("A note that %(thing)s went to somebody else went to %(to)s."),
    "delegated": mark("A note that %(thing)s was passed on went to %(to)s."),
    "delegation": mark("A note that %(thing)s is to be passed on went to %(to)s."),
    "refusal": mark("A note that %(thing)s is not passed on went to %(to)s."),
    "claimed": mark("A note that a colleague took %(thing)s went to %(to)s."),
    "handoff": mark("A note that nobody took %(thing)s up went to %(to)s."),
    "doubt": mark("A note of what does not match reality in %(thing)s went to %(to)s."),
    "settled": mark("A note of what came of a note on %(thing)s went to %(to)s."),
    "promise": mark("A note of the day by which %(thing)s will be done went to %(to)s."),
    "declined": mark("A note that the refusal to do %(thing)s was received went to %(to)s."),
    "asked_again": mark("A note that %(thing)s is asked for again went to %(to)s."),
    "question": mark("A note of a question about %(thing)s went to %(to)s."),
    "answer": mark("A note of an answer about %(thing)s went to %(to)s."),
    "trouble": mark("A note that something needs a person went to %(to)s."),
}


@say.register
def notice_sent(event: c.NoticeSent, in_: In) -> str:
    """A notice was taken."""
    told, to = _NOTICES.get(event.about), _address(event.to, in_)
    if told is None:
        return _("A note (%(about)s) went to %(to)s.", about=event.about, to=to)
    return _(told, thing=in_.thing, to=to)


_BOUNCED = {
    "invite": mark("The mail asking for %(thing)s could not be delivered to %(to)s."),
    "renewal": mark("The fresh link to %(thing)s could not be delivered to %(to)s."),
    "reminder": mark("The reminder of %(thing)s could not be delivered to %(to)s."),
    "receipt": mark("The receipt for %(thing)s could not be delivered to %(to)s."),
    "code": mark("The one-time code for %(thing)s could not be delivered to %(to)s."),
    "message": mark("A message could not be delivered to %(to)s."),
}
_NOTICE_BOUNCED = mark("A notice could not be delivered to %(to)s.")


@say.register
def bounced(event: c.MailBounced, in_: In) -> Sentence:
    """A mail was refused or came back."""
    told = _BOUNCED.get(event.about, _NOTICE_BOUNCED)
    return Sentence(_(told, thing=in_.thing, to=_address(event.to, in_)), event.said)


def _address(to: str | None, in_: In) -> str:
    if not to and "to" in in_.entry.gone:
        return _("an address that was erased")
    return to or _("an address that is not recorded")
