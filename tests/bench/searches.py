"""Finding, beside a bare query of the index: as many processes as are asked for, with words."""

import random
import secrets

import sqlalchemy as sa

from portal import db
from portal.models import Process, SearchDocument
from portal.models.searching import VECTOR, folded
from tests import makers
from tests.bench import world

_WORDS = 4_000  # different ones, as in a language
_RARE = 40  # one process of so many holds the word that is looked for

_SQLITE = (
    "select p.*, d.told from search_documents d join processes p on p.id = d.process_id"
    " where d.n in (select rowid from search_index where search_index match 'pier'"
    " order by rowid desc limit 26) order by d.n desc"
)
_POSTGRES = (
    f"with hits as materialized (select n from search_documents where ({VECTOR}) @@"
    " to_tsquery('simple', 'pier')) select p.*, d.told from search_documents d"
    " join processes p on p.id = d.process_id where d.n in (select n from hits)"
    " order by d.n desc limit 26"
)


def found(count: int) -> None:
    """That many processes with their documents: all of vendors, some at a pier."""
    chance = random.Random(7)
    words = ["".join(chance.choices("aeioulnrstmkdp", k=chance.randint(4, 9)))
             for _ in range(_WORDS)]  # fmt: skip
    pattern = makers.process(makers.start(world.LOOP))._mapping
    with db.transaction() as tx:
        for first in range(0, count, 500):
            rows, documents = [], []
            for n in range(first, min(first + 500, count)):
                title = f"Process {n} {secrets.token_hex(4)}"
                rows.append({**pattern, "id": db.new_id(), "title": title})
                told = {
                    "title": title,
                    "who:1": f"Vera Vendor vera{n}@vendor{n % 500}.example",
                    "details.company": " ".join(chance.choices(words, k=4)),
                    "details.note": " ".join(chance.choices(words, k=20)),
                }
                if n % _RARE == 0:
                    told["details.street"] = "Pier 7"
                documents.append(
                    {
                        "process_id": rows[-1]["id"], "part": "", "told": told,
                        "words": {key: f" {' '.join(folded(of))} " for key, of in told.items()},
                    }
                )  # fmt: skip
            tx.execute(sa.insert(Process), rows)
            tx.execute(sa.insert(SearchDocument), documents)


def bare(conn: sa.Connection) -> int:
    """The rows of a page of results, as one statement brings them; how many."""
    text = _SQLITE if conn.dialect.name == "sqlite" else _POSTGRES
    return len(conn.execute(sa.text(text)).all())
