"""What people answered: forms, files, decisions, signatures."""

from portal.language import gettext as _
from portal.language import mark, ngettext
from portal.ledger import catalogue as c
from portal.readings import words
from portal.readings.sentences.base import In, Sentence, quoted, say


@say.register
def submitted(event: c.FormSubmitted, in_: In) -> str:
    """A form was sent."""
    return _("%(who)s sent %(thing)s.", who=in_.who, thing=in_.thing)


@say.register
def received(event: c.FileReceived, in_: In) -> str:
    """A file came."""
    facts = {"who": in_.who, "thing": in_.thing, "name": event.file_name}
    if not event.file_name and "file_name" in in_.entry.gone:
        return _("%(who)s sent a file whose name was erased for %(thing)s.", **facts)
    if not event.file_name:
        return _("%(who)s sent a file whose name is not recorded for %(thing)s.", **facts)
    if event.size is None:
        return _("%(who)s sent the file “%(name)s” for %(thing)s.", **facts)
    size = words.size(event.size)
    return _("%(who)s sent the file “%(name)s” (%(size)s) for %(thing)s.", size=size, **facts)


_SCANNED = {
    "refused": mark("The malware scanner refused %(name)s, which came for %(thing)s."),
    "passed": mark("The malware scanner found nothing in %(name)s, which came for %(thing)s."),
}
_NOT_JUDGED = mark("The malware scanner could not judge %(name)s, which came for %(thing)s.")


@say.register
def scanned(event: c.FileChecked, in_: In) -> str:
    """The malware scanner looked at a file."""
    is_gone = "file_name" in in_.entry.gone
    none = _("a file whose name was erased") if is_gone else _("a file whose name is not recorded")
    name = quoted(event.file_name) if event.file_name else none
    return _(_SCANNED.get(event.scan, _NOT_JUDGED), name=name, thing=in_.thing)


@say.register
def uploaded(event: c.UploadSubmitted, in_: In) -> str:
    """The documents of a step were sent; those sent before are told from them."""
    who, thing, standing, sent = in_.who, in_.thing, len(event.files), event.sent
    if sent is None:
        return ngettext(
            "%(who)s sent the files for %(thing)s: %(n)s file in all.",
            "%(who)s sent the files for %(thing)s: %(n)s files in all.",
            standing, who=who, thing=thing,
        )  # fmt: skip
    if sent and standing > len(sent):
        return ngettext(
            "%(who)s sent %(n)s file for %(thing)s; with those sent before %(standing)s stand.",
            "%(who)s sent %(n)s files for %(thing)s; with those sent before %(standing)s stand.",
            len(sent), who=who, thing=thing, standing=standing,
        )  # fmt: skip
    if sent:
        return ngettext(
            "%(who)s sent %(n)s file for %(thing)s.",
            "%(who)s sent %(n)s files for %(thing)s.",
            len(sent), who=who, thing=thing,
        )  # fmt: skip
    if not standing:
        return _("%(who)s sent no new file for %(thing)s.", who=who, thing=thing)
    return ngettext(
        "%(who)s sent no new file for %(thing)s; %(n)s file sent before stands.",
        "%(who)s sent no new file for %(thing)s; %(n)s files sent before stand.",
        standing, who=who, thing=thing,
    )  # fmt: skip


@say.register
def approved(event: c.ApprovalApproved, in_: In) -> Sentence:
    """The decision was yes."""
    text = _("%(who)s approved %(thing)s.", who=in_.who, thing=in_.thing)
    return Sentence(text, event.comment)


@say.register
def changes_requested(event: c.ApprovalChangesRequested, in_: In) -> Sentence:
    """The decision was to ask again."""
    if not event.items:
        text = _("%(who)s asked for changes in %(thing)s.", who=in_.who, thing=in_.thing)
        return Sentence(text, event.comment)
    text = _(
        "%(who)s asked for changes to %(items)s in %(thing)s.",
        who=in_.who, items=in_.items(event.items), thing=in_.thing,
    )  # fmt: skip
    return Sentence(text, event.comment)


@say.register
def rejected(event: c.ApprovalRejected, in_: In) -> Sentence:
    """The decision was no."""
    text = _("%(who)s rejected %(thing)s.", who=in_.who, thing=in_.thing)
    return Sentence(text, event.comment)


@say.register
def signed(event: c.SignatureMade, in_: In) -> str:
    """Somebody signed."""
    if not event.signature:
        return _("%(who)s signed %(thing)s.", who=in_.who, thing=in_.thing)
    return _(
        "%(who)s signed %(thing)s as “%(signature)s”.",
        who=in_.who, thing=in_.thing, signature=event.signature,
    )  # fmt: skip


@say.register
def declined(event: c.SignatureDeclined, in_: In) -> Sentence:
    """Somebody did not sign."""
    text = _("%(who)s declined to sign %(thing)s.", who=in_.who, thing=in_.thing)
    return Sentence(text, event.comment)
