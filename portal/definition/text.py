"""Text with `{{ expression }}`, filled in the language of expressions and escaped for its place."""

import re
from collections.abc import Callable, Mapping
from html import escape as escape_html
from typing import Any, Literal
from urllib.parse import quote

from portal.definition.expressions import Expression, ExpressionFault, compile_expression
from portal.definition.functions import plain
from portal.definition.shapes import Shape
from portal.definition.shown import show, show_value

Escape = Literal["text", "plain", "html", "markdown", "url"]

_MARK = re.compile(r"(?<!\\)(\*{1,3}|_{1,3}|`{1,3})\Z")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


class Text(str):
    """A text of the definition: itself its source, `.render(facts)` what a reader sees.

    `sole` is the expression where the whole text is one placeholder.
    """

    __slots__ = ("parts", "sole")

    parts: tuple[str | Expression, ...]
    sole: Expression | None

    def __new__(cls, source: str, parts: tuple[str | Expression, ...] | None = None) -> "Text":
        """A text without placeholders, or with the parts that `compile_text` found."""
        text = super().__new__(cls, source)
        text.parts = (source,) if parts is None else parts
        first = text.parts[0] if len(text.parts) == 1 else None
        text.sole = first if isinstance(first, Expression) else None
        return text

    @property
    def is_constant(self) -> bool:
        """Whether it holds no placeholder."""
        return all(isinstance(part, str) for part in self.parts)

    def render(self, facts: Mapping[str, Any], escape: Escape = "text", locale: str = "en") -> str:
        """The filled text. Raises ExpressionFailed.

        `text` shows values as their type is shown, unescaped; `html` and `markdown` escape what
        was shown; `plain` writes numbers with `.` and dates ISO; `url` percent-encodes that.
        """
        shown = [
            part if isinstance(part, str) else _filled(part, facts, escape, locale)
            for part in self.parts
        ]
        return "".join(_without_empty_marks(shown) if escape == "markdown" else shown)


def _without_empty_marks(shown: list[str]) -> list[str]:
    """Without the marks around what shows as nothing: ``**`` and ``**`` would stand there."""
    for place in range(1, len(shown) - 1):
        before, after = shown[place - 1], shown[place + 1]
        mark = _MARK.search(before)
        if not shown[place] and mark and after.startswith(mark[0]):
            shown[place - 1] = before[: mark.start()]
            shown[place + 1] = after[len(mark[0]) :]
    return shown


def compile_text(source: str, scope: Mapping[str, Shape]) -> Text:
    """Check and compile a text. Raises ExpressionFault with a sentence."""
    parts: list[str | Expression] = []
    rest = source
    while "{{" in rest:
        before, _, rest = rest.partition("{{")
        expression, rest = _placeholder(rest, scope)
        parts += [before, expression] if before else [expression]
    if rest or not parts:
        parts.append(rest)
    return Text(source, tuple(parts))


def _placeholder(rest: str, scope: Mapping[str, Shape]) -> tuple[Expression, str]:
    """The expression up to the `}}` that ends it: a record or a text may hold `}}` itself."""
    end = rest.find("}}")
    if end < 0:
        raise ExpressionFault("the text has `{{` without `}}`")
    fault: ExpressionFault | None = None
    for _ in range(5):
        try:
            return compile_expression(rest[:end].strip(), scope), rest[end + 2 :]
        except ExpressionFault as error:
            fault = fault or error
        end = rest.find("}}", end + 1)
        if end < 0:
            break
    assert fault is not None
    raise fault


def _filled(part: Expression, facts: Mapping[str, Any], escape: Escape, locale: str) -> str:
    value = part.evaluate(facts)
    if escape in ("plain", "url"):
        return _ESCAPES[escape](plain(value))
    if value is None:
        return ""
    field = part.shape.field if part.is_path else None
    shown = show(field, value, locale) if field else show_value(value, locale)
    return _ESCAPES[escape](shown)


def _for_markdown(text: str) -> str:
    """Nothing in the value can start markup: every sign is escaped, lines stay in one block."""
    escaped = _PUNCTUATION.sub(r"\\\1", text)
    return re.sub(r"\s*\n\s*", "  \n", escaped.strip())


_ESCAPES: Mapping[str, Callable[[str], str]] = {
    "text": str,
    "plain": str,
    "html": escape_html,
    "markdown": _for_markdown,
    "url": lambda text: quote(text, safe=""),
}
