"""Sets a letter: what `readings.letters` tells, in the templates of `templates/mail`."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from portal import language
from portal.access import codes, links
from portal.actions import messages
from portal.brand import Brand
from portal.delivery import diary
from portal.delivery.mail import Attachment, Message
from portal.installation import Sender
from portal.language import gettext as _
from portal.language import straight
from portal.readings import prose, words
from portal.readings.letters import LINK, Letter

_TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
# An English letter of plain signs alone travels as it is, its link in one piece for every mail
# program.
_STRAIGHT = str.maketrans("“”‘’", "\"\"''")
_LOGO = "logo"
_USUAL = Sender()
_PREVIEW = 140  # letters; inboxes show about as many
_QUOTES = re.compile(r"[“”\"]")


def message(
    letter: Letter, id_: str, *, at: datetime, brand: Brand, sender: Sender = _USUAL
) -> Message:
    """The mail; the same letter, id, moment and sender give the same bytes on every attempt."""
    with language.speaking(letter.to.language):
        return _message(letter, id_, at=at, brand=brand, sender=sender)


def _message(letter: Letter, id_: str, *, at: datetime, brand: Brand, sender: Sender) -> Message:
    facts = {**letter.facts, **_more(letter, at, brand)}
    facts["answers_go_there"] = sender.replies == "owner"
    subject = _line(letter.template, facts)
    facts["subject"] = subject
    told = _plain().get_template(f"mail/{letter.template}/body.txt").render(facts)
    if facts["for_whom"]:
        told = f"{facts['for_whom']}\n\n{told}"
    facts["preview"] = preview(told, leaving={facts["greeting"], _row(facts["closing"])})
    html = _environment().get_template(f"mail/{letter.template}/body.html").render(facts)
    return Message(
        to=letter.to.email,
        to_name=straight(letter.to.name) if letter.to.name != letter.to.email else "",
        subject=straight(subject),
        text=straight(_text(told)),
        html=straight(html),
        message_id=f"<{id_}@{_host()}>",
        date=at,
        attachments=_attached(letter, facts, at),
        reply_to=_replies(letter, sender),
        from_name=straight(_from(letter, brand, sender) or "") or None,
        pictures=_pictures(brand),
    )


def mail_id(outbox_id: str, letter: Letter) -> str:
    """What names a letter on every attempt."""
    return f"{outbox_id}.{letter.key}" if letter.key else outbox_id


def _from(letter: Letter, brand: Brand, sender: Sender) -> str | None:
    """Who asks, for somebody outside; the house by its own name writes to its own people."""
    owner = letter.facts.get("owner")
    if owner and letter.to.user is None and sender.shows == "owner":
        return f"{owner} ({sender.name or brand})"
    return sender.name


def _replies(letter: Letter, sender: Sender) -> tuple[str, ...]:
    """Where an answer to the mail goes; empty for where it came from."""
    if sender.replies == "address" and sender.address:
        return (sender.address,)
    return letter.reply_to if sender.replies == "owner" else ()


def _pictures(brand: Brand) -> tuple[Attachment, ...]:
    """The logo, carried by the letter itself: reading it fetches nothing and tells nobody."""
    if brand.logo is None or not brand.logo.fits_mail:
        return ()
    return (Attachment(_LOGO, brand.logo.media_type, brand.logo.content),)


def _attached(letter: Letter, facts: Mapping[str, Any], at: datetime) -> tuple[Attachment, ...]:
    """When it is due, for the reader's calendar, with the mail that asks first."""
    task = letter.facts.get("task")
    if letter.template != "invite" or task is None or task.due_at is None:
        return ()
    who = facts["owner"] or facts["brand"]
    asked = _("%(who)s asks you for it.", who=who)
    if facts["is_part"]:
        matter = facts["matter"]
        asked = _("%(who)s asks you for it, as part of %(matter)s.", who=who, matter=matter)
    where = _("The link is in the e-mail.")
    text = f"{asked}\n{where}"
    title = _("Due: %(what)s", what=facts["what"])
    uid = f"{task.id}@{_host()}"
    entry = diary.Entry(uid, task.due_at, title, text)
    return (diary.attachment(entry, "due.ics", at),)


def _more(letter: Letter, at: datetime, brand: Brand) -> dict[str, Any]:
    """What every template may ask beside the facts of its letter."""
    task = letter.facts.get("task")
    told = {
        "brand": brand.name,
        "look": brand.palette,
        "logo": _LOGO if _pictures(brand) else None,
        "is_wordmark": brand.logo is not None and brand.logo.is_wordmark,
        "to": letter.to,
        "for_whom": _for_whom(letter),
        "tz": letter.tz,
        "url": _url(letter),
        "owner": letter.facts.get("owner"),
        "greeting": _greeting(letter.to.name),
        "is_late": bool(task is not None and task.due_at and task.due_at <= at),
        "closing": f"{letter.facts.get('owner') or ''}\n{brand}".strip(),
    }
    return {**told, **_about(letter.facts), **_own(letter, task)}


def _for_whom(letter: Letter) -> str:
    """What stands at the head of a letter to a deputy."""
    away = letter.to.stands_for
    if away is None:
        return ""
    return f"For {away.name}, who is away until {words.short_date(away.until_on)}."


def _greeting(name: str) -> str:
    return _("Hello,") if "@" in name else _("Hello %(name)s,", name=name)


def _about(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the letter is about, as its sentences name it.

    ``matter`` is the process in quotation marks, with its reference; ``what`` and ``title`` are
    the task and what it is part of, which a task of its own is not called twice.
    """
    process, reference, task = facts.get("process"), facts.get("reference"), facts.get("task")
    matter = _("“%(process)s”", process=process)
    if reference:
        matter = _("“%(process)s” (%(reference)s)", process=process, reference=reference)
    name = task.name if task is not None else process
    what = title = name
    if name != process:
        what = _("%(task)s, %(process)s", task=name, process=process)
        title = _("%(task)s: %(process)s", task=name, process=process)
    is_part = name != process or bool(reference)
    return {"matter": matter, "what": what, "title": title, "is_part": is_part}


def _own(letter: Letter, task: Any) -> dict[str, Any]:
    """What one template alone asks."""
    if letter.template == "receipt":
        when = words.moment(task.done_at, letter.tz, seconds=True)
        return {"received": words.received(task.kind, task.outcome, when)}
    if letter.template in ("code", "own_code", "room_code"):
        return {"code": codes.of(letter.facts["code_id"])}
    if letter.template in ("room", "room_answer"):
        return {"room_url": links.room_url(*letter.facts["room"])}
    if letter.template == "withdrawn":
        return {"reason": words.withdrawn(letter.facts["why"])}
    if letter.template == "alarm":
        return {"headline": words.alarm(letter.name)}
    if letter.template == "message":
        return _written(letter)
    return {}


def _written(letter: Letter) -> dict[str, Any]:
    """The words of a message step, with the reader's own link where they ask for it."""
    body = str(letter.facts["body"])
    if LINK in body:
        # Angle brackets make it a link of its own, and may stand in `[words](…)` as well.
        body = body.replace(f"<{LINK}>", LINK).replace(LINK, f"<{_standing_url(letter)}>")
    return {
        "subject_line": letter.facts["subject"],
        "text": prose.to_text(body),
        "html": prose.to_html(body),
    }


def _standing_url(letter: Letter) -> str:
    if not letter.wants_link:
        return f"{links.base_url()}{letter.place or '/'}"
    assert letter.process_id is not None
    assert letter.to.participant is not None
    return links.url(*messages.standing_link(letter.process_id, letter.to.participant))


def _url(letter: Letter) -> str | None:
    if letter.link is not None:
        return links.url(*letter.link)
    if letter.wants_link:
        return _standing_url(letter)
    return f"{links.base_url()}{letter.place}" if letter.place else None


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9.-]", "-", urlsplit(links.base_url()).hostname or "localhost")


def _line(template: str, facts: Mapping[str, Any]) -> str:
    return " ".join(_plain().get_template(f"mail/{template}/subject.txt").render(facts).split())


def preview(told: str, *, leaving: Collection[str] = ()) -> str:
    """What an inbox shows beside the subject: the first paragraphs that fit, before any link.

    ``leaving`` are paragraphs that say nothing of the matter. Of a first one that is too long the
    beginning is taken.
    """
    found = ""
    parts = [_row(part) for part in re.split(r"\n\s*\n", told.strip())]
    for said, after in pairwise([*parts, ""]):
        if said in leaving:
            continue
        leads_to_link = _is_linked(after) and (bool(found) or said.endswith(":"))
        if _is_linked(said) or leads_to_link or (found and len(found + said) >= _PREVIEW):
            break
        found = f"{found} {said}".strip()
    if len(found) <= _PREVIEW:
        return found
    return f"{found[:_PREVIEW].rpartition(' ')[0].rstrip(',;:–-')}…"


def _is_linked(text: str) -> bool:
    return f"{links.base_url()}/" in text


def _row(text: str) -> str:
    """The text in one line, what it lists behind points."""
    return " ".join(re.sub(r"(?m)^- ", "· ", text).split())


def _text(told: str) -> str:
    if language.current() == language.SOURCE:
        told = "\n".join(_unnested(line) for line in told.split("\n")).translate(_STRAIGHT)
    return re.sub(r"\n{3,}", "\n\n", told).strip() + "\n"


def _unnested(line: str) -> str:
    """The line with single quotation marks within double ones, so that straight ones still pair."""
    depth = 0

    def turned(mark: re.Match[str]) -> str:
        nonlocal depth
        depth += mark[0] == "“"
        within = depth > 1 or (depth == 1 and mark[0] == '"')
        depth = max(0, depth - (mark[0] == "”"))
        return "'" if within else mark[0]

    return _QUOTES.sub(turned, line)


@cache
def _environment(*, is_html: bool = True) -> Environment:
    env = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=is_html,  # noqa: S701 - plain text has nothing to escape
        undefined=StrictUndefined,
        trim_blocks=not is_html,
        lstrip_blocks=not is_html,
        extensions=["jinja2.ext.i18n"],
    )
    env.install_gettext_callables(  # type: ignore[attr-defined]
        language.gettext, language.plural, newstyle=True
    )
    env.globals.update(
        moment=words.moment,
        short_day=words.short_day,
        size=words.size,
        listed=words.listed,
        ordinal=words.nth_reminder,
        rung=words.rung,
        language=language.current,
        direction=language.direction,
    )
    env.filters["quoted"] = _quoted
    env.filters["strong"] = _strong if is_html else str
    return env


def _plain() -> Environment:
    return _environment(is_html=False)


def _strong(text: str) -> Markup:
    return Markup("<strong>{}</strong>").format(text)


def _quoted(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
