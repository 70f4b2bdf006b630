"""What somebody outside chooses for themselves: once, for all that they are ever asked here."""

from portal import language
from portal.db import Tx, action
from portal.engine import preferences
from portal.errors import Faulty
from portal.language import gettext as _


@action
def choose_language(tx: Tx, spoken: str, *, email: str) -> None:
    """Speak and write to that address in that language from now on. Faulty at ``language``."""
    if spoken not in language.known():
        raise Faulty.one("language", _("Choose one of the languages of the list."))
    preferences.keep(tx, email, {"language": spoken})
