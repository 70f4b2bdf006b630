"""What one person is known by in a process, looked for in what others wrote."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from portal.models import addresses

_SHORTEST_NAME = 3
_SHORTEST_WORDS = 5
"""Letters of an answer below which it names nobody: “yes”, “no”, a country."""


class Names:
    """An address, a name and its parts, and every longer text that the person wrote themself."""

    def __init__(self) -> None:
        self._addresses: set[str] = set()
        self._whole: set[str] = set()
        self._parts: set[str] = set()
        self._found: re.Pattern[str] | None = None

    def add_person(self, email: str | None, name: str | None) -> None:
        """Who it is: found as a whole, and by each part of the name where it stands as a word."""
        if email:
            self._addresses.add(addresses.plain(email))
            self._whole.add(email.casefold())
        for part in re.findall(r"\w+", (name or "").casefold()):
            if len(part) >= _SHORTEST_NAME:
                self._parts.add(part)
        if name and len(name.strip()) >= _SHORTEST_NAME:
            self._whole.add(name.strip().casefold())
        self._found = None

    def add_words(self, value: Any) -> None:
        """What they wrote: found wherever else it stands."""
        for text in _texts(value):
            plain = text.strip().casefold()
            if len(plain) >= _SHORTEST_WORDS:
                self._whole.add(plain)
        self._found = None

    def is_address(self, email: str | None) -> bool:
        """Whether it is the person's own address."""
        return addresses.plain(email or "") in self._addresses

    def are_in(self, value: Any) -> bool:
        """Whether any text in a value names them."""
        pattern = self._pattern()
        return any(pattern.search(text.casefold()) for text in _texts(value))

    def without(self, value: Any) -> Any:
        """The value with nothing in the places that name them."""
        if isinstance(value, str):
            return None if self.are_in(value) else value
        if isinstance(value, Mapping):
            return {key: self.without(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.without(one) for one in value]
        return value

    def _pattern(self) -> re.Pattern[str]:
        if self._found is None:
            whole = [re.escape(one) for one in sorted(self._whole, key=len, reverse=True)]
            parts = [rf"\b{re.escape(one)}\b" for one in sorted(self._parts)]
            self._found = re.compile("|".join((*whole, *parts)) or r"(?!)")
        return self._found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
