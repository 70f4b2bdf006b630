"""What the steps of a process came to, those that no person does among them."""

from portal.definition import calls
from portal.language import gettext as _
from portal.language import mark, ngettext
from portal.ledger import catalogue as c
from portal.readings import words
from portal.readings.sentences.base import In, Sentence, say, spaced


@say.register
def ended(event: c.StepCompleted, in_: In) -> str:
    """A round of a step ended."""
    outcome = words.ending(event.outcome)
    return _("The step “%(step)s” ended: %(outcome)s.", step=in_.step(event.step), outcome=outcome)


_SKIPPED = {
    "condition": mark("its condition did not hold"),
    "migrated": mark("the process had gone past it when it was moved to this version"),
}


@say.register
def skipped(event: c.StepSkipped, in_: In) -> Sentence:
    """A step was left out."""
    step = in_.step(event.step)
    if event.why == "staff":
        return Sentence(_("%(who)s skipped the step “%(step)s”.", who=in_.who, step=step),
                        event.reason)  # fmt: skip
    why = _(_SKIPPED.get(event.why, event.why))
    return Sentence(_("The step “%(step)s” was skipped: %(why)s.", step=step, why=why))


@say.register
def added(event: c.StepAdded, in_: In) -> Sentence:
    """A step was put into this process alone."""
    told = (
        mark("%(who)s added the step “%(step)s” before “%(near)s”, to this process alone.")
        if event.side == "before"
        else mark("%(who)s added the step “%(step)s” after “%(near)s”, to this process alone.")
    )
    facts = {"step": event.name or in_.step(event.step), "near": in_.step(event.near)}
    return Sentence(_(told, who=in_.who, **facts), event.reason)


@say.register
def returned(event: c.StepReturned, in_: In) -> Sentence:
    """Work went back."""
    step = in_.step(event.to)
    if event.why == "reopened":
        return Sentence(_("%(who)s asked “%(step)s” again.", who=in_.who, step=step), event.comment)
    if not event.items:
        return Sentence(_("Work went back to “%(step)s”.", step=step), event.comment)
    text = ngettext(
        "Work went back: %(items)s is asked for again.",
        "Work went back: %(items)s are asked for again.",
        len(event.items),
        items=in_.items(event.items),
    )
    return Sentence(text, event.comment)


@say.register
def worked_out(event: c.ValuesSet, in_: In) -> str:
    """Values were computed."""
    return _("The portal worked out %(names)s.", names=spaced(event.names))


@say.register
def branched(event: c.BranchesOpened, in_: In) -> str:
    """A block began."""
    thing = in_.thing
    if event.kind == "choose" and event.chosen is None:
        return _("No branch of %(thing)s applies; it goes on without one.", thing=thing)
    if event.kind == "choose":
        return _("%(thing)s takes branch %(chosen)s.", thing=thing, chosen=event.chosen)
    if not event.count:
        return _("%(thing)s has nothing to run for.", thing=thing)
    if event.kind == "each":
        return ngettext(
            "%(thing)s began with %(n)s item side by side.",
            "%(thing)s began with %(n)s items side by side.",
            event.count,
            thing=thing,
        )
    return ngettext(
        "%(thing)s began with %(n)s branch side by side.",
        "%(thing)s began with %(n)s branches side by side.",
        event.count,
        thing=thing,
    )


@say.register
def waits(event: c.WaitBegan, in_: In) -> str:
    """A step waits."""
    thing, signal = in_.thing, event.signal
    until = in_.moment(event.ends_at) if event.ends_at else None
    if signal is None and until is None:
        return _("%(thing)s: the process waits until further notice.", thing=thing)
    if signal is None:
        return _("%(thing)s: the process waits until %(until)s.", thing=thing, until=until)
    if until is None:
        return _("%(thing)s: the process waits for “%(signal)s”.", thing=thing, signal=signal)
    return _(
        "%(thing)s: the process waits for “%(signal)s”, until %(until)s at the latest.",
        thing=thing, signal=signal, until=until,
    )  # fmt: skip


@say.register
def runs(event: c.RunStarted, in_: In) -> str:
    """A step runs another process."""
    return _(
        "%(thing)s began to run another process (%(process)s).",
        thing=in_.thing, process=event.process,
    )  # fmt: skip


@say.register
def called(event: c.CallSucceeded, in_: In) -> str:
    """Another system answered."""
    facts = {"thing": in_.thing, "host": calls.host(event.url), "status": event.status}
    if event.attempt == 1:
        return _("%(thing)s: %(host)s was called and answered %(status)s.", **facts)
    return _(
        "%(thing)s: %(host)s was called and answered %(status)s, at attempt %(attempt)s.",
        attempt=event.attempt, **facts,
    )  # fmt: skip


_NO_ANSWER = {
    "address": mark("its address is not one that may be called"),
    "dns": mark("its name leads to no address"),
    "connection": mark("it could not be reached"),
    "tls": mark("it did not prove who it is"),
    "timeout": mark("it took too long"),
    "answer": mark("its answer could not be read"),
    "request": mark("the request could not be sent"),
    "secret": mark("its secret is not known"),
    "fault": mark("the call was not finished"),
    "save": mark("what is to be saved could not be computed from its answer"),
}


@say.register
def call_failed(event: c.CallFailed, in_: In) -> Sentence:
    """Another system did not answer as it should."""
    text = _(
        "%(thing)s: the call to %(host)s failed at attempt %(attempt)s: %(why)s.",
        thing=in_.thing, host=calls.host(event.url), attempt=event.attempt, why=_why(event),
    )  # fmt: skip
    return Sentence(text, event.said)


def _why(event: c.CallFailed) -> str:
    if event.error in _NO_ANSWER:
        return _(_NO_ANSWER[event.error])
    if event.status is None:
        return _("it gave no answer")
    return _("it answered %(status)s", status=event.status)
