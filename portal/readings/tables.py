"""Tables for other tools."""


def harmless(cell: str) -> str:
    """A spreadsheet computes what begins like a formula; an apostrophe makes it a text."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
