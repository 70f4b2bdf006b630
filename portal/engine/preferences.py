"""How somebody outside wants to be spoken to: kept by address, whoever it was that said so."""

from typing import Any

import sqlalchemy as sa

from portal import language
from portal.db import Tx
from portal.models import Preference


def keep(tx: Tx, email: str, told: dict[str, Any]) -> None:
    """Keep what the person chose themselves: it goes before whatever else is known of them."""
    row = {"email": email, "language": None, "timezone": None, **told}
    row |= {"is_chosen": True, "changed_at": tx.now}
    insert = tx.insert(Preference).values(row)
    change = {**told, "is_chosen": True, "changed_at": tx.now}
    tx.execute(insert.on_conflict_do_update(index_elements=["email"], set_=change))


def note_language(tx: Tx, email: str | None, spoken: str | None) -> None:
    """Keep what a browser tells of its reader, until they choose for themselves."""
    if email is None or spoken not in language.known():
        return
    row = {"email": email, "language": spoken, "is_chosen": False, "changed_at": tx.now}
    insert = tx.insert(Preference).values(row)
    change = {"language": spoken, "changed_at": tx.now}
    unlike = sa.and_(sa.not_(Preference.is_chosen), Preference.language.is_distinct_from(spoken))
    tx.execute(insert.on_conflict_do_update(index_elements=["email"], set_=change, where=unlike))
