"""Expressions: CEL with exact decimals, every name checked when the definition is loaded.

The text is parsed by cel-python's grammar; `cel.py` turns the syntax tree into plain functions,
once, which then run in microseconds and count their steps.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from celpy.celparser import CELParseError, CELParser

from portal.definition.cel import Node, Run, translate
from portal.definition.operators import ExpressionFailed, TooMuchWork, kind
from portal.definition.shapes import ExpressionFault, Shape

__all__ = ["Expression", "ExpressionFailed", "ExpressionFault", "TooMuchWork", "compile_expression"]

BUDGET = 20_000
LONGEST = 10_000
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression. `names` are the roots it reads; `shape` is what it gives."""

    source: str
    names: frozenset[str]
    shape: Shape = field(repr=False, compare=False)
    is_path: bool
    _node: Node = field(repr=False, compare=False)

    def evaluate(self, facts: Mapping[str, Any]) -> Any:
        """Its value: None, bool, str, Decimal, datetime, timedelta, list or dict.

        `facts` as built by `facts.build`. Raises ExpressionFailed with a sentence.
        """
        run = Run(facts, facts.get("zone") or ZoneInfo("UTC"), BUDGET)
        try:
            return self._node.run(run)
        except ExpressionFailed as failed:
            raise type(failed)(
                f"`{self.source}` could not be computed: {failed.sentence}."
            ) from None

    def truth(self, facts: Mapping[str, Any]) -> bool:
        """Its value as a condition. Raises ExpressionFailed if it is not true or false."""
        value = self.evaluate(facts)
        if not isinstance(value, bool):
            raise self._unfit(value, "true or false")
        return value

    def moment(self, facts: Mapping[str, Any]) -> datetime:
        """Its value as a point in time. Raises ExpressionFailed if it is none."""
        value = self.evaluate(facts)
        if not isinstance(value, datetime):
            raise self._unfit(value, "a date")
        return value

    def text(self, facts: Mapping[str, Any]) -> str:
        """Its value as a text with something in it. Raises ExpressionFailed if it is none."""
        value = self.evaluate(facts)
        if not isinstance(value, str) or not value.strip():
            raise self._unfit(value, "a text")
        return value

    def items(self, facts: Mapping[str, Any]) -> list[Any]:
        """Its value as a list; a table, choices or documents left empty are an empty one.

        Raises ExpressionFailed if it is none.
        """
        value = self.evaluate(facts)
        if value is None and self.is_path and self.shape.kind == "list":
            return []
        if not isinstance(value, list):
            raise self._unfit(value, "a list")
        return value

    def _unfit(self, value: Any, expected: str) -> ExpressionFailed:
        return ExpressionFailed(f"`{self.source}` gives {kind(value)}, expected {expected}.")


def compile_expression(source: object, scope: Mapping[str, Shape]) -> Expression:
    """Check and compile an expression, or a plain YAML boolean or number.

    `scope` are the names it may use. Raises ExpressionFault with a sentence.
    """
    if isinstance(source, bool | Decimal):
        source = format(source, "f") if isinstance(source, Decimal) else str(source).lower()
    if not isinstance(source, str):
        raise ExpressionFault("expected an expression")
    if len(source) > LONGEST:
        raise ExpressionFault(f"the expression is longer than {LONGEST} characters")
    if _DATE.fullmatch(source.strip()):
        raise ExpressionFault(
            f"`{source.strip()}` would be computed as a number, expected a date written as "
            f'date("{source.strip()}")'
        )
    node, names = translate(_parse(source), scope, source)
    return Expression(source.strip(), names, node.shape, node.path is not None, node)


def _parse(source: str) -> Any:
    if not source.strip():
        raise ExpressionFault("the expression is empty")
    try:
        return CELParser().parse(source)
    except CELParseError as error:
        token = getattr(error.__context__, "token", None)
        is_at_end = getattr(token, "type", None) == "$END"
        raise ExpressionFault(_where(source, error, is_at_end=is_at_end)) from None
    except RecursionError:
        raise ExpressionFault("the expression is nested too deeply") from None


def _where(source: str, error: CELParseError, *, is_at_end: bool) -> str:
    rest = ""
    lines = source.splitlines()
    if not is_at_end and error.line and error.column and error.line <= len(lines):
        rest = lines[error.line - 1][error.column - 1 :].strip()
    if not rest:
        return f"`{_short(source)}` is not a whole expression, something is missing at its end"
    if rest.startswith("=") and not rest.startswith("=="):
        return f"`{_short(source)}` has a single =, expected == to compare"
    return f"`{_short(source)}` can't be read as an expression from `{_short(rest)}` on"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:57]}..."
