"""What a process is found by: documents of places and their words, and the index over them.

Words are folded here and not by a database, so that both find the same: without case, without
diacritics, whatever punctuation stands between them.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from portal.db import Base

PREFIX_FROM = 3  # letters: a shorter word of a query is looked up as a whole
_LONGEST_WORD = 40
# Letters that Unicode does not take apart, and people type without their stroke.
_BARE = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "þ": "th",
                       "æ": "ae", "œ": "oe"})  # fmt: skip
# Of scripts that put no spaces between words each sign is a word.
_SIGNS = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff"
_WORD = re.compile(rf"[{_SIGNS}]|[^\W_{_SIGNS}]+")


def folded(text: str) -> list[str]:
    """The words of a text as they are looked up: ``Größe, São`` is ``grosse``, ``sao``."""
    if not text.isascii():
        apart = unicodedata.normalize("NFKD", text.casefold()).casefold()
        text = "".join(one for one in apart if not unicodedata.combining(one))
        text = text.translate(_BARE)
    return [word[:_LONGEST_WORD] for word in _WORD.findall(text.lower())]


def places_of_words(text: str) -> Iterator[tuple[int, int, str]]:
    """Where each word of a text begins and ends, with the word as it is looked up."""
    for found in _WORD.finditer(text):
        yield found.start(), found.end(), "".join(folded(found[0]))


class Places(TypeDecorator[dict[str, Any]]):
    """Text by place, as JSON that the database can merge."""

    impl = sa.JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """SQLite merges JSON in plain text."""
        return dialect.type_descriptor(JSONB() if dialect.name == "postgresql" else sa.Text())

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> Any:
        """Letters stand as they are: the words are also looked for by LIKE."""
        if dialect.name == "postgresql" or value is None:
            return value
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Text by place."""
        return json.loads(value) if isinstance(value, str) else value


class SearchDocument(Base):
    """What one process is found by.

    ``part`` is empty for the process itself; each item of an outermost `each` has a document of
    its own, and so have every fifty remarks, so that none grows with the length of the process.
    ``told`` holds what is shown, by place, ``words`` the same folded: each word between spaces.
    ``n`` grows with every document: newest first is by ``n``.
    """

    __tablename__ = "search_documents"
    __table_args__ = (sa.UniqueConstraint("process_id", "part", name="search_documents_part"),)

    n: Mapped[int] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(sa.ForeignKey("processes.id"))
    part: Mapped[str] = mapped_column(default="")
    told: Mapped[dict[str, Any]] = mapped_column(Places())
    words: Mapped[dict[str, Any]] = mapped_column(Places())


VECTOR = "jsonb_to_tsvector('simple', words, '[\"string\"]')"
"""The expression of PostgreSQL's index; a query has to spell it in the same way."""


# Nobody asks where in a document a word stands, how long the document is or how well it fits, and
# the words come folded: so the index keeps only which documents hold a word. Kept with all that,
# it took twice the time to write and twice the pages.
_SQLITE = """\
CREATE VIRTUAL TABLE search_index USING fts5(
  words, content='', tokenize='ascii', prefix='3 4', detail=none, columnsize=0
)
CREATE TRIGGER search_add AFTER INSERT ON search_documents BEGIN
  INSERT INTO search_index(rowid, words) VALUES (new.n, NEW); END
CREATE TRIGGER search_change AFTER UPDATE OF words ON search_documents
  WHEN old.words IS NOT new.words BEGIN
  INSERT INTO search_index(search_index, rowid, words) VALUES ('delete', old.n, OLD);
  INSERT INTO search_index(rowid, words) VALUES (new.n, NEW); END
CREATE TRIGGER search_drop AFTER DELETE ON search_documents BEGIN
  INSERT INTO search_index(search_index, rowid, words) VALUES ('delete', old.n, OLD); END"""
_FLAT = "(SELECT group_concat(value, ' ') FROM json_each({}.words))"


def ddl(dialect: str) -> list[str]:
    """The index over the words, which follows the table by itself. Run once, after the table."""
    if dialect == "postgresql":
        return [f"CREATE INDEX search_index ON search_documents USING gin (({VECTOR}))"]
    text = _SQLITE.replace("OLD", _FLAT.format("old")).replace("NEW", _FLAT.format("new"))
    return [f"CREATE {one}" for one in re.split(r"(?:^|\n)CREATE ", text) if one]


def ddl_anew() -> list[str]:
    """The same on SQLite where there was one made in another way: it is filled again."""
    drops = [f"DROP TRIGGER search_{name}" for name in ("add", "change", "drop")]
    words = _FLAT.format("search_documents")
    fill = f"INSERT INTO search_index(rowid, words) SELECT n, {words} FROM search_documents"  # noqa: S608
    return [*drops, "DROP TABLE search_index", *ddl("sqlite"), fill]
