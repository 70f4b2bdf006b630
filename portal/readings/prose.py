"""Markdown that people wrote, as HTML that is safe to show and as plain text for a letter."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

_PARSER = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
_TAGS = {
    "p", "br", "hr", "em", "strong", "code", "pre", "blockquote", "ul", "ol", "li", "a",
    "h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip


@lru_cache(maxsize=512)
def to_html(text: str | None) -> Markup:
    """The text as HTML; raw HTML in it is shown as written, images and scripts never pass."""
    if not text:
        return Markup("")
    clean = nh3.clean(
        _PARSER.render(text),
        tags=_TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(clean)  # noqa: S704 - cleaned by the allow list above


def to_text(text: str | None) -> str:
    """The text as one would type it in a plain letter: paragraphs, lists, addresses spelled out."""
    typed = _Typed()
    for token in _PARSER.parse(text or ""):
        typed.take(token)
    return typed.text()


class _Typed:
    """Blocks as they are typed one below the other; items of one list stand close."""

    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._marks: list[str] = []  # what the list items that we are in begin with
        self._counts: list[int] = []  # the next number of each list; below 0 where it has none
        self._is_next = False  # whether an item of the same list stands before

    def take(self, token: Token) -> None:
        """Type what a token says."""
        if token.type.endswith("_list_open"):
            is_numbered = token.type.startswith("ordered")
            self._counts.append(int(token.attrs.get("start", 1)) if is_numbered else -1)
            self._is_next = False
        elif token.type.endswith("_list_close"):
            self._counts.pop()
        elif token.type == "list_item_open":
            self._marks.append(("\0" if self._is_next else "") + self._mark())
            self._is_next = True
        elif token.type == "list_item_close":
            self._marks.pop()
        else:
            self._say(token)

    def text(self) -> str:
        """All of it."""
        return "\n\n".join(self._blocks).replace("\n\n\0", "\n").replace("\0", "")

    def _say(self, token: Token) -> None:
        if token.type == "inline":
            self._add("".join(_inline(token.children or [])))
        elif token.type in ("fence", "code_block"):
            self._add(token.content.rstrip())
        elif token.type == "hr":
            self._add("* * *")

    def _mark(self) -> str:
        if self._counts[-1] < 0:
            return "- "
        self._counts[-1] += 1
        return f"{self._counts[-1] - 1}. "

    def _add(self, text: str) -> None:
        """One block; the first of a list item carries its mark and follows the last one closely."""
        if not self._marks:
            self._blocks.append(text)
            return
        indent = "  " * len(self._marks)
        mark, self._marks[-1] = self._marks[-1], ""
        close = "\0" if mark.startswith("\0") else ""
        first = close + indent[2:] + mark.removeprefix("\0") if mark else indent
        self._blocks.append(first + text.replace("\n", f"\n{indent}"))


def _inline(tokens: Sequence[Token]) -> Iterator[str]:
    target = ""
    shown = ""
    for token in tokens:
        if token.type == "link_open":
            target, shown = str(token.attrs.get("href", "")), ""
        elif token.type == "link_close":
            yield f" ({target})" if target and target != shown else ""
            target = ""
        elif token.type in ("softbreak", "hardbreak"):
            yield "\n"
        else:
            shown += token.content
            yield token.content
