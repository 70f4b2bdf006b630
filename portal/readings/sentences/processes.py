"""What happened to a process as a whole, and to what is known of it."""

from babel import Locale

from portal import language
from portal.language import gettext as _
from portal.ledger import catalogue as c
from portal.readings import gone, words
from portal.readings.sentences.base import In, Sentence, say, spaced


@say.register
def started(event: c.ProcessStarted, in_: In) -> str:
    """A process began."""
    if event.title:
        return _("%(who)s started “%(title)s”.", who=in_.who, title=event.title)
    return _("%(who)s started a process.", who=in_.who)


@say.register
def completed(event: c.ProcessCompleted, in_: In) -> str:
    """It came to its end."""
    return _("The last step ended: the process is completed.")


@say.register
def rejected(event: c.ProcessRejected, in_: In) -> str:
    """A decision ended it."""
    if event.step is None:
        return _("A rejection ended the process.")
    return _("The rejection in %(thing)s ended the process.", thing=in_.thing)


@say.register
def cancelled(event: c.ProcessCancelled, in_: In) -> Sentence:
    """Somebody ended it."""
    return Sentence(_("%(who)s cancelled the process.", who=in_.who), event.reason)


@say.register
def named(event: c.ParticipantNamed, in_: In) -> str:
    """Somebody was named for a role."""
    return _(
        "%(who)s named %(person)s as %(role)s.",
        who=in_.who, person=in_.person("person"), role=event.role.replace("_", " "),
    )  # fmt: skip


@say.register
def handed_over(event: c.ProcessOwnerChanged, in_: In) -> Sentence:
    """Somebody else answers for it."""
    text = _(
        "%(who)s handed the process over from %(before)s to %(person)s, who answers for it now.",
        who=in_.who, before=in_.person("from_person"), person=in_.person("person"),
    )  # fmt: skip
    return Sentence(text, event.reason)


@say.register
def let_in(event: c.SightGranted, in_: In) -> str:
    """Somebody may see it from now on."""
    return _("%(who)s let %(person)s see the process.", who=in_.who, person=in_.person("person"))


@say.register
def shut_out(event: c.SightWithdrawn, in_: In) -> str:
    """Somebody no longer may."""
    return _(
        "%(who)s withdrew that %(person)s may see the process.",
        who=in_.who, person=in_.person("person"),
    )  # fmt: skip


@say.register
def commented(event: c.CommentAdded, in_: In) -> Sentence:
    """Somebody wrote a remark."""
    return Sentence(_("%(who)s wrote a comment.", who=in_.who), event.text)


@say.register
def moved(event: c.ProcessMigrated, in_: In) -> Sentence:
    """It goes on under another version."""
    text = _(
        "%(who)s moved the process from version %(before)s of its definition"
        " to version %(version)s.",
        who=in_.who, before=event.from_version, version=event.version,
    )  # fmt: skip
    return Sentence(text, event.reason)


@say.register
def signalled(event: c.SignalReceived, in_: In) -> str:
    """Word came from outside."""
    return _("%(who)s told that “%(signal)s” has happened.", who=in_.who, signal=event.signal)


@say.register
def edited(event: c.DataEdited, in_: In) -> str:
    """Somebody changed what is known."""
    what, before, after = spaced(event.names), event.before, event.after
    if before is None or after is None:
        return _("%(who)s changed %(what)s.", who=in_.who, what=what)
    changes = words.listed([_changed(before.get(name), after.get(name)) for name in event.names])
    return _("%(who)s changed %(what)s: %(changes)s.", who=in_.who, what=what, changes=changes)


def _changed(before: object, after: object) -> str:
    return _(
        "“%(before)s” is now “%(after)s”",
        before="" if before is None else before, after="" if after is None else after,
    )  # fmt: skip


@say.register
def trail_built(event: c.TrailBuilt, in_: In) -> str:
    """An audit trail is there."""
    if event.language in (None, language.SOURCE):
        return _("An audit trail up to event %(seq)s was built.", seq=event.upto)
    return _(
        "An audit trail in the language %(language)s up to event %(seq)s was built.",
        language=_called(str(event.language)), seq=event.upto,
    )  # fmt: skip


def _called(code: str) -> str:
    """A language by its name; of one that is no longer spoken here the code."""
    if code not in language.known():
        return code
    return str(Locale.parse(code).get_language_name(language.current()))


@say.register
def erased(event: c.DisclosureErased, in_: In) -> str:
    """Values are gone; of many at once only how many is told."""
    basis = gone.basis(event.basis)
    if event.erasure is None:
        return _(
            "%(who)s erased %(fields)s of event %(seq)s (%(basis)s).",
            who=in_.who, fields=words.listed(event.fields), seq=event.seq, basis=basis,
        )  # fmt: skip
    n = len(event.fields) + sum(len(names) for names in (event.also or {}).values())
    if event.whose is None:
        return _("%(who)s erased the personal data, %(n)s values (%(basis)s).",
                 who=in_.who, n=n, basis=basis)  # fmt: skip
    return _("%(who)s erased the personal data of one person, %(n)s values (%(basis)s).",
             who=in_.who, n=n, basis=basis)  # fmt: skip


@say.register
def hold_placed(event: c.HoldPlaced, in_: In) -> Sentence:
    """Nothing may be erased."""
    return Sentence(_("%(who)s put a legal hold on the process.", who=in_.who), event.reason)


@say.register
def hold_lifted(event: c.HoldLifted, in_: In) -> Sentence:
    """It may be erased again."""
    return Sentence(_("%(who)s lifted the legal hold.", who=in_.who), event.reason)
