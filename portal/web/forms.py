"""What every form has: the definition's fields as questions, and the proof that it is our page.

The portal's own hidden controls are ``_csrf`` (only a page of this session could know it) and
``_nonce`` (the once-number of this page's answer). All other controls are named by
the ids of the definition, and are judged by ``definition.fields`` alone.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask import current_app, request
from itsdangerous import Signer

from portal.definition.tree import Field, Option
from portal.errors import FormTooOld
from portal.language import gettext as _
from portal.language import mark
from portal.readings.filled import filled
from portal.settings import Settings

Typed = Mapping[str, Sequence[str]]

FEWEST_ROWS, SPARE_ROWS, MORE_ROWS, MOST_ROWS = 3, 1, 3, 1000
_NONCE = re.compile(r"[0-9a-f]{32}")
_FROM_ELSEWHERE = mark("This form was sent from another site, so nothing was recorded.")
_NOT_OURS = mark("This form did not come from a page of this session, so nothing was recorded.")


@dataclass(frozen=True, slots=True)
class Question:
    """A field as a page asks it: texts filled in, and how many rows a table shows."""

    id: str
    type: str
    label: str
    help: str
    is_required: bool
    is_conditional: bool = False
    """Required, but only where what it hangs on is answered so."""
    options: tuple[Option, ...] = ()
    columns: "tuple[Question, ...]" = ()
    currencies: tuple[str, ...] = ()
    rows: int = 0
    most: int = 0
    """How many rows there may be."""
    has_condition: bool = False


def questions(
    fields: Iterable[Field],
    facts: Mapping[str, object],
    typed: Typed | None = None,
    *,
    more: str | None = None,
) -> list[Question]:
    """The fields as questions; ``more`` is the table that was asked to show more rows."""
    return [_question(field, facts, typed or {}, more) for field in fields]


def _question(
    field: Field, facts: Mapping[str, object], typed: Typed, more: str | None
) -> Question:
    rows = _rows(field, typed) if field.type == "table" else 0
    most = int(field.max) if field.type == "table" and isinstance(field.max, int) else MOST_ROWS
    if more == field.id:
        rows = min(rows + MORE_ROWS, most)
    return Question(
        id=field.id,
        type=field.type,
        label=filled(field.label, facts),
        help=filled(field.help, facts) if field.help else "",
        is_required=field.required and field.show_if is None,
        is_conditional=field.required and field.show_if is not None,
        options=field.options,
        columns=tuple(_question(one, facts, {}, None) for one in field.columns),
        currencies=field.currencies,
        rows=rows,
        most=most,
        has_condition=field.show_if is not None,
    )


def _rows(field: Field, typed: Typed) -> int:
    """How many rows to show: what was there before, or what is filled in and one to spare."""
    most = int(field.max) if isinstance(field.max, int) else MOST_ROWS
    before = next(iter(typed.get(f"_rows-{field.id}", ())), "")
    if before.isascii() and before.isdigit() and len(before) < 5:
        return max(1, min(int(before), most))
    name = re.compile(rf"{re.escape(field.id)}-([1-9]\d{{0,3}})-")
    filled_in = max((int(m[1]) for key in typed if (m := name.match(key))), default=0)
    least = int(field.min) if isinstance(field.min, int) else 0
    return max(1, min(max(filled_in + SPARE_ROWS, least, FEWEST_ROWS), most))


# Ours, and once


def new_nonce() -> str:
    """The once-number of one page's answer, 32 hex digits."""
    return secrets.token_hex(16)


def sent_nonce() -> str:
    """The once-number of the page that was sent; FormTooOld where it has none."""
    nonce = request.form.get("_nonce", "")
    if not _NONCE.fullmatch(nonce):
        raise FormTooOld(_(_NOT_OURS), _("Open the page again and send it once more."))
    return nonce


def token(*about: str) -> str:
    """What only a page of ours can hold about these things: a session, a task, a nonce."""
    return _signer().get_signature(_named(about)).decode()


def require_ours(*about: str) -> None:
    """Refuse with FormTooOld what was sent from elsewhere or without the page's own token."""
    _require_token(about, request.form.get("_csrf", ""))


def require_ours_beside(*about: str) -> None:
    """The same for what is no form: the token comes in the header ``X-CSRF-Token``."""
    _require_token(about, request.headers.get("X-CSRF-Token", ""))


def _require_token(about: tuple[str, ...], sent: str) -> None:
    require_same_site()
    if not _signer().verify_signature(_named(about), sent):
        raise FormTooOld(_(_NOT_OURS), _("Open the page again and send it once more."))


def require_same_site() -> None:
    """Refuse with FormTooOld a form whose browser says that another site sent it.

    Pages without a referrer send ``Origin: null``, so that is not held against them.
    """
    origin = request.headers.get("Origin", "null")
    if origin not in ("null", request.host_url.rstrip("/"), _settings().base_url):
        raise FormTooOld(_(_FROM_ELSEWHERE))
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        raise FormTooOld(_(_FROM_ELSEWHERE))


def typed() -> dict[str, list[str]]:
    """What was sent, by control; without the row of a table that the button ``_less`` names."""
    sent = request.form.to_dict(flat=False)
    which = request.form.get("_less")
    return _without(sent, which) if which else sent


def changes_rows() -> bool:
    """Whether the page was sent to have rows added to a table, or one taken from it."""
    return "_more" in request.form or "_less" in request.form


def _without(sent: dict[str, list[str]], which: str) -> dict[str, list[str]]:
    """The controls without the row ``TABLE-ROW``; those below it move up."""
    table, _dash, number = which.rpartition("-")
    cell = re.compile(rf"{re.escape(table)}-([1-9]\d{{0,3}})-(.+)", re.DOTALL)
    gone = int(number) if number.isascii() and number.isdigit() and len(number) < 5 else 0
    found: dict[str, list[str]] = {}
    for name, values in sent.items():
        named = cell.fullmatch(name)
        row = int(named[1]) if named and gone else 0
        if named is None or row < gone or not gone:
            found[name] = values
        elif row > gone:
            found[f"{table}-{row - 1}-{named[2]}"] = values
    rows = found.get(f"_rows-{table}", [""])[0]
    if gone and rows.isascii() and rows.isdigit() and len(rows) < 5:
        found[f"_rows-{table}"] = [str(max(1, int(rows) - 1))]
    return found


def _signer() -> Signer:
    """Signs with the newest key, and takes what was signed with any of them."""
    oldest_first = list(reversed(_settings().secret_keys))
    return Signer(
        oldest_first, salt="portal-form/v1", key_derivation="hmac", digest_method=hashlib.sha256
    )


def _named(about: tuple[str, ...]) -> bytes:
    return "\0".join(about).encode()


def _settings() -> Settings:
    found: Settings = current_app.config["SETTINGS"]
    return found
