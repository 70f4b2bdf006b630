"""Text literals of an expression: quotes, raw texts and escapes, after the CEL specification."""

import re

from portal.definition.shapes import ExpressionFault

_ESCAPE = re.compile(
    r"\\(?:[xX](?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>[0-9a-fA-F]{8})"
    r"|(?P<o>[0-3][0-7]{2})|(?P<c>.))",
    re.DOTALL,
)
_PLAIN = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", "'": "'", '"': '"', "`": "`", "?": "?",
}  # fmt: skip


def text_of(literal: str) -> str:
    """The text a literal stands for. Raises ExpressionFault for an escape that CEL has not."""
    raw = literal[0] in "rR"
    body = literal[1:] if raw else literal
    quotes = 3 if len(body) >= 6 and body[:3] in ("'''", '"""') else 1
    body = body[quotes:-quotes]
    return body if raw else _ESCAPE.sub(_character, body)


def _character(match: re.Match[str]) -> str:
    if match["c"]:
        if match["c"] not in _PLAIN:
            raise ExpressionFault(f"`{match[0]}` is not an escape that a text may hold")
        return _PLAIN[match["c"]]
    code = int(match["o"], 8) if match["o"] else int(match["x"] or match["u"] or match["U"], 16)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise ExpressionFault(f"`{match[0]}` is not a character")
    return chr(code)
