"""``portal doctor``: is everything there that the portal leans on, and what to do where not."""

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Literal, NamedTuple

import click

from portal import clock, db
from portal.certificates import Certificate, Expired, Unusable
from portal.cli.main import Outside
from portal.delivery import secrets
from portal.errors import PortalError
from portal.logs import scrub
from portal.readings import calls, trail, words
from portal.settings import NAMES, Settings, SettingsError

KNOWN_BESIDE = {"PORTAL_FAULT", "PORTAL_CLOCK_SHIFT_FILE", "PORTAL_PARENT"}
_SOON = 60  # days before a certificate ends
_RENEW = (
    "Put a new one where PORTAL_SEAL_CERT says; of the portal's own move keys/seal.pem aside, and "
    "the next trail makes one."
)
REMARK = {"ok": "ok  ", "note": "note", "bad": "BAD "}


class Finding(NamedTuple):
    """One line of the report; ``remedy`` says what to do."""

    verdict: Literal["ok", "note", "bad"]
    part: str
    told: str
    remedy: str = ""


@click.command
@click.pass_obj
def doctor(outside: Outside) -> int:
    """Check settings, database, Redis, mail, storage, PDF libraries and the roles.

    One line each, with the remedy. The exit status is 1 where anything is bad.
    """
    worst = 0
    for finding in examine(outside.ask_redis):
        remedy = f" {finding.remedy}" if finding.remedy else ""
        click.echo(f"{REMARK[finding.verdict]}  {finding.part:<10} {finding.told}{remedy}")
        worst |= finding.verdict == "bad"
    return int(worst)


def examine(ask_redis: Callable[[Settings], object]) -> Iterator[Finding]:
    """Every finding, in the order in which one mends things."""
    try:
        settings = Settings.load()
    except SettingsError as error:
        for fault in error.faults:
            yield Finding("bad", "settings", fault)
        return
    yield from _settings(settings)
    yield from _database(settings)
    yield _redis(settings, ask_redis)
    yield _mail(settings)
    yield _storage(settings)
    yield _scanner(settings)
    yield _pdf()
    yield from _seal(settings)
    yield _address(settings)


def _settings(settings: Settings) -> Iterator[Finding]:
    yield Finding("ok", "settings", f"are sound; data lies in {settings.data_dir}.")
    known = {*NAMES, *KNOWN_BESIDE}
    names = (n for n in os.environ if n.startswith("PORTAL_") and not n.startswith(secrets.PREFIX))
    for name in sorted(n for n in names if n not in known):
        yield Finding("note", "settings", f"{name} is not a setting of ours.", "Is it misspelt?")


def _database(settings: Settings) -> Iterator[Finding]:
    from portal.migrations import missing_revisions

    kind = "SQLite" if settings.is_sqlite else "PostgreSQL"
    db.bind(db.Database(settings.database_url))
    try:
        missing = missing_revisions(db.current())
    except Exception as error:  # noqa: BLE001, RUF100 - each driver has its own way to say no
        told = f"{kind} does not answer: {_short(error)}."
        yield Finding("bad", "database", told, "Start it, or correct PORTAL_DATABASE_URL.")
        return
    if missing:
        told = f"{kind} answers, its schema is not current."
        yield Finding("bad", "database", told, "Run `portal migrate`; `portal up` does it too.")
        return
    yield Finding("ok", "database", f"{kind} answers, its schema is current.")
    yield from _roles(clock.now())
    yield from _search()
    yield from _lacking()
    yield from _secrets(settings)


def _roles(now: datetime) -> Iterator[Finding]:
    from portal.readings.gauges import is_silent, signs_of_life

    found = signs_of_life(now)
    for role in ("worker", "scheduler"):
        remedy = f"Start `portal up` or `portal {role}`."
        if role not in found:
            yield Finding("note", role, "has never run on this database.", remedy)
        elif is_silent(found[role]):
            told = f"gave its last sign of life {_ago(found[role])} ago."
            yield Finding("bad", role, told, remedy)
        else:
            yield Finding("ok", role, f"gave a sign of life {_ago(max(0, found[role]))} ago.")


def _search() -> Iterator[Finding]:
    """Where processes are there that cannot be found yet, as after an update from before search."""
    from portal.readings import search

    with db.reading() as conn:
        missing = search.not_yet(conn)
    if missing:
        many = "1000+" if missing >= search.MOST else str(missing)
        told = f"does not find {many} {'process' if missing == 1 else 'processes'} yet."
        remedy = "The scheduler makes up for it, a few at a time; let it run."
        yield Finding("note", "search", told, remedy)


def _secrets(settings: Settings) -> Iterator[Finding]:
    """A line for each secret that a definition names and this environment does not have."""
    with db.reading() as conn:
        named = list(calls.secrets(conn))
    for name in dict.fromkeys(name for name, _ in named):
        if secrets.value_of(settings, name) is None:
            users = words.listed([key for one, key in named if one == name])
            told = f"{name}, which {users} needs for its calls, is not known here."
            remedy = f"Set {secrets.PREFIX}{name.upper()}, or write the file secrets/{name}."
            yield Finding("note", "secrets", told, remedy)


def _redis(settings: Settings, ask: Callable[[Settings], object]) -> Finding:
    try:
        ask(settings)
    except Exception as error:  # noqa: BLE001, RUF100 - away is away, whatever the reason
        if settings.redis_url is None:
            told = "the embedded server is not running."
            return Finding("note", "redis", told, "`portal up` starts it.")
        remedy = "Start it, or correct PORTAL_REDIS_URL; until then the relay does its work."
        return Finding("bad", "redis", f"does not answer: {_short(error)}.", remedy)
    return Finding("ok", "redis", "answers.")


def _mail(settings: Settings) -> Finding:
    from portal.delivery.mail import Mailer

    try:
        with Mailer(settings, connect_seconds=5, answer_seconds=5) as mailer:
            server = mailer.probe()
    except PortalError as error:
        if settings.smtp_url is None:
            told = "the mail catcher is not running."
            return Finding("note", "mail", told, "`portal up` starts it.")
        return Finding("bad", "mail", scrub(error.sentence), error.remedy or "See PORTAL_SMTP_URL.")
    if settings.smtp_url is None:
        told = f"goes to the mail catcher at {server}, not to people."
        return Finding("note", "mail", told, "Set PORTAL_SMTP_URL to reach them.")
    return Finding("ok", "mail", f"the server at {server} takes mail.")


def _storage(settings: Settings) -> Finding:
    from portal.delivery.storage import Store

    try:
        Store(settings.storage_dir).probe()
    except (PortalError, OSError) as error:
        remedy = "Make room or give the folder to this user."
        return Finding("bad", "storage", _short(error), remedy)
    return Finding("ok", "storage", f"files are written and read back in {settings.storage_dir}.")


def _scanner(settings: Settings) -> Finding:
    from portal.delivery import clamd

    if settings.clamd_url is None:
        told = "none is set up: files are recorded as “not scanned”."
        return Finding("note", "scanner", told, "Set PORTAL_CLAMD_URL to have clamd look at them.")
    try:
        version = clamd.probe(settings.clamd_url)
    except PortalError as error:
        remedy = "Start it, or correct PORTAL_CLAMD_URL; until then no new file is handed out."
        return Finding("bad", "scanner", scrub(error.sentence), remedy)
    return Finding("ok", "scanner", f"{version} answers.")


def _pdf() -> Finding:
    from portal.delivery import pdf

    try:
        version = pdf.probe()
    except PortalError as error:
        return Finding("bad", "pdf", error.sentence, error.remedy)
    return Finding("ok", "pdf", f"{version} sets audit trails.")


def _seal(settings: Settings) -> Iterator[Finding]:
    """The certificate of the seal, and who stamps."""
    from portal.delivery import certificate

    try:
        found = certificate.known(settings)
        if found is not None:
            found.require_valid(clock.now())
    except (Expired, Unusable) as refusal:
        yield Finding("bad", "seal", refusal.sentence, _RENEW)
        return
    if found is None:
        yield Finding("ok", "seal", "the workers make a certificate of the portal's own.")
    else:
        yield _sealer(settings, found)
    if settings.sealing.level != "b-b":
        yield from _stamps(settings)


def _sealer(settings: Settings, found: Certificate) -> Finding:
    """Whose certificate it is and for how long, and whether anybody else may read its key."""
    from portal.delivery import certificate

    key = (
        settings.sealing.files[1]
        if settings.sealing.files
        else settings.data_dir / certificate.FILE
    )
    if key.stat().st_mode & 0o077:
        return Finding("bad", "seal", f"others may read the key in {key}.", f"chmod 600 {key}")
    days = (found.ends_at - clock.now()).days
    whose = "which vouches for itself" if found.is_own else f"issued by {found.issuer}"
    told = f"“{found.name}”, {whose}, seals trails for {days} days more."
    return Finding("ok" if days > _SOON else "note", "seal", told, "" if days > _SOON else _RENEW)


def _stamps(settings: Settings) -> Iterator[Finding]:
    from portal.delivery import stamps

    try:
        stamper = stamps.Stamper.of(settings.sealing, settings.outbound_allow)
    except stamps.NoStamp as refusal:
        remedy = "See PORTAL_TSA_URL; until then trails are sealed without and say so."
        yield Finding("bad", "stamps", scrub(refusal.sentence), remedy)
    else:
        pinned = "" if stamper.roots else " It is taken at its word: no PORTAL_TSA_CERT."
        yield Finding("ok", "stamps", f"“{stamper.name}” stamps the time.{pinned}")


def _lacking() -> Iterator[Finding]:
    """How many trails wait for what their seals lack."""
    with db.reading() as conn:
        many = trail.how_many_lack(conn)
    if many:
        told = f"{many} {'trail waits' if many == 1 else 'trails wait'} for a time stamp or proofs."
        yield Finding("note", "stamps", told, "They are asked for again; see the next lines.")


def _address(settings: Settings) -> Finding:
    if settings.base_url.startswith("https://"):
        return Finding("ok", "address", f"{settings.base_url} is what links begin with.")
    told = f"{settings.base_url} is not https: links and cookies can be read on the way."
    return Finding("note", "address", told, "Fine for a trial; else set PORTAL_BASE_URL.")


def _ago(seconds: int) -> str:
    for size, word in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {word}"
    return f"{seconds} seconds"


def _short(error: Exception) -> str:
    return scrub(" ".join(str(error).split()))[:200].rstrip(".")
