"""What each test's app and database compile from the same sources: done once in a run.

An app of a test's own has its own templates and addresses, a database of its own its statements.
Turning those into code took more than half of the time of a test of a page, and gives the same
each time: it depends on the text of the template, which is compared, on the address, and on the
statement and the kind of database alone.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from portal import db


class Templates(BytecodeCache):
    """Templates' code by name and file; Jinja drops it where the text is no longer the same."""

    def __init__(self) -> None:
        self.known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give the code of a template that was compiled before."""
        if bucket.key in self.known:
            bucket.bytecode_from_string(self.known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a template that was just compiled."""
        self.known[bucket.key] = bucket.bytecode_to_string()


class Statements(LRUCache[Any, Any]):
    """Statements' code for one kind of database; the portal has one dialect of each kind."""

    def get(self, key: Any, default: Any = None) -> Any:
        """The code of a statement; what comes first in the key is the one database's dialect."""
        return super().get(key[1:], default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key[1:], value)


def once() -> None:
    """Have every app and database that is made from here on share what it compiles."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Templates()}
    _build_addresses_once()
    _write_statements_once()


def _write_statements_once() -> None:
    make: Callable[..., Engine] = db.Database._make_engine
    known = {name: Statements(5000) for name in ("sqlite", "postgresql")}

    def sharing(database: db.Database, pool_size: int) -> Engine:
        engine = make(database, pool_size)
        engine.update_execution_options(compiled_cache=known[engine.dialect.name])
        return engine

    db.Database._make_engine = sharing  # type: ignore[method-assign, assignment]


def _build_addresses_once() -> None:
    """Share the functions that write addresses: what they convert by is asked of their rule."""
    compile_one: Callable[..., Any] = Rule._compile_builder
    known: dict[tuple[Any, ...], Any] = {}

    def shared(rule: Rule, append_unknown: bool = True) -> Any:
        if rule.defaults:
            return compile_one(rule, append_unknown)
        told = (rule.rule, *rule._trace, append_unknown)
        if told not in known:
            known[told] = compile_one(rule, append_unknown)
        return known[told]

    Rule._compile_builder = shared  # type: ignore[method-assign, assignment]
