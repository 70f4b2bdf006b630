"""How an e-mail address is kept and compared: everywhere alike."""


def plain(email: str) -> str:
    """The address in small letters, without blanks around it.

    Not case-folded: that would make ``straße@…`` and ``strasse@…``, two mailboxes, one person. And
    not left to a database: SQLite knows no small letters but the English ones.
    """
    return email.strip().lower()
