"""What needed a person, and how it was dealt with."""

from portal.language import gettext as _
from portal.language import mark
from portal.ledger import catalogue as c
from portal.readings.sentences.base import In, Sentence, say


@say.register
def opened(event: c.ExceptionOpened, in_: In) -> Sentence:
    """Something needs a person."""
    return Sentence(_("Something needs a person before this can go on."), event.message)


_RESOLVED = {
    "retry": mark("%(who)s tried again after an exception."),
    "cancel": mark("%(who)s cancelled the process because of an exception."),
    "reassign": mark("%(who)s settled an exception by saying who does the work."),
    "complete": mark("%(who)s closed an exception: what it was about is done."),
    "skip": mark("%(who)s resolved an exception by going on without the step."),
    "edit": mark("%(who)s resolved an exception by changing data."),
    "return_to": mark("%(who)s resolved an exception by going back to an earlier step."),
    "withdrawn": mark("%(who)s closed an exception: what it was about is no longer needed."),
}


@say.register
def resolved(event: c.ExceptionResolved, in_: In) -> Sentence:
    """What needed a person was dealt with."""
    if event.how == "cancel" and in_.entry.actor_kind == "system":
        return Sentence(_("An exception was closed with the process, which was cancelled."))
    told = _RESOLVED.get(event.how, mark("%(who)s resolved an exception (%(how)s)."))
    return Sentence(_(told, who=in_.who, how=event.how.replace("_", " ")), event.reason)


@say.register
def escalated(event: c.ExceptionEscalated, in_: In) -> str:
    """It stood open for too long."""
    if event.to == "owner":
        return _("Nobody has resolved what needs a person; the owner was told once more.")
    return _("Nobody has resolved what needs a person; the admins were told, too.")


@say.register
def proposed(event: c.ExceptionProposed, in_: In) -> Sentence:
    """A second person has to agree."""
    told = (
        mark("%(who)s proposed to skip %(thing)s; a second person has to agree.")
        if event.how == "skip"
        else mark(
            "%(who)s proposed a way out for %(thing)s (%(how)s); a second person has to agree."
        )
    )
    text = _(told, who=in_.who, thing=in_.thing, how=event.how.replace("_", " "))
    return Sentence(text, event.reason)
