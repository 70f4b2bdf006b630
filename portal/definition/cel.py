"""CEL's syntax tree to plain functions, with every name, function and macro checked.

Each node becomes one closure `run(Run) -> value`. `Run` counts steps, so the work of an
expression is bounded whatever it loops over.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from portal.definition import operators
from portal.definition.functions import FUNCTIONS, METHODS, Function, compile_pattern
from portal.definition.literals import text_of
from portal.definition.operators import ExpressionFailed, Later, TooMuchWork, kind
from portal.definition.shapes import ANY, NUMBER, RESERVED, ExpressionFault, Shape, suggestion

DEEPEST = 120

_Value = TypeVar("_Value")

_MACROS = ("all", "exists", "exists_one", "map", "filter")
_PASSING = ("expr", "conditionalor", "conditionaland", "relation", "addition", "multiplication")
_WRAPPERS = frozenset([*_PASSING, "unary", "member", "primary", "paren_expr"])
_BINARY: Mapping[str, tuple[Callable[[Any, Any], Any], str, bool]] = {
    # rule: (what it does, its sign, whether it takes null)
    "relation_eq": (operators.equal, "==", True),
    "relation_ne": (lambda left, right: not operators.equal(left, right), "!=", True),
    "relation_lt": (operators.order(operator.lt), "<", False),
    "relation_le": (operators.order(operator.le), "<=", False),
    "relation_gt": (operators.order(operator.gt), ">", False),
    "relation_ge": (operators.order(operator.ge), ">=", False),
    "relation_in": (operators.contains, "in", True),
    "addition_add": (operators.add, "+", False),
    "addition_sub": (operators.subtract, "-", False),
    "multiplication_mul": (operators.multiply, "*", False),
    "multiplication_div": (operators.divide, "/", False),
    "multiplication_mod": (operators.remainder, "%", False),
}


class Run:
    """One evaluation: the names in sight, the zone of its dates, the steps that are left."""

    __slots__ = ("left", "names", "zone")

    def __init__(self, names: Mapping[str, Any], zone: ZoneInfo, left: int) -> None:
        self.names = names
        self.zone = zone
        self.left = left

    def spend(self, steps: int = 1) -> None:
        """Count work. Raises TooMuchWork when the budget is used up."""
        self.left -= steps
        if self.left < 0:
            raise TooMuchWork("it takes more than 20,000 steps")


@dataclass(frozen=True, slots=True)
class Node:
    """A translated part: what it does, what it gives, its text, and its path if it is just one."""

    run: Callable[[Run], Any]
    shape: Shape
    text: str
    path: str | None = None


def translate(tree: Any, scope: Mapping[str, Shape], source: str) -> tuple[Node, frozenset[str]]:
    """The node of a syntax tree and the root names it reads. Raises ExpressionFault."""
    translator = _Translator(source)
    node = translator.node(tree, scope, 0)
    return node, frozenset(translator.roots)


class _Translator:
    def __init__(self, source: str) -> None:
        self.source = source
        self.roots: set[str] = set()

    def node(self, tree: Any, scope: Mapping[str, Shape], depth: int) -> Node:
        while tree.data in _WRAPPERS and len(tree.children) == 1:
            tree = tree.children[0]
        if depth > DEEPEST:
            raise ExpressionFault("the expression is nested too deeply")
        rule = getattr(self, f"_{tree.data}", None)
        if rule is None:
            raise ExpressionFault(f"`{self._text(tree)}` can't be used in an expression")
        node: Node = rule(tree, scope, depth + 1)
        return node

    def _text(self, tree: Any) -> str:
        begin, end = tree.meta.start_pos, tree.meta.end_pos
        return " ".join(self.source[begin:end].split())

    def _expr(self, tree: Any, scope: Mapping[str, Shape], depth: int) -> Node:
        condition, yes, no = (self.node(child, scope, depth) for child in tree.children)

        def run(run: Run) -> Any:
            run.spend()
            return yes.run(run) if _bool(condition, condition.run(run)) else no.run(run)

        shape = yes.shape if yes.shape.kind == no.shape.kind and yes.shape.kind != "record" else ANY
        return Node(run, Shape(shape.kind, item=shape.item), self._text(tree))

    def _conditionalor(self, tree: Any, scope: Mapping[str, Shape], depth: int) -> Node:
        return self._logic(tree, scope, depth, decides=True)

    def _conditionaland(self, tree: Any, scope: Mapping[str, Shape], depth: int) -> Node:
        return self._logic(tree, scope, depth, decides=False)

    def _logic(self, tree: Any, scope: Mapping[str, Shape], depth: int, *, decides: bool) -> Node:
        """CEL's && and ||: a side that decides makes a failure of the other side harmless."""
        left, right = (self.node(child, scope, depth) for child in tree.children)

        def run(run: Run) -> Any:
            run.spend()
            try:
                if _bool(left, left.run(run)) is decides:
                    return decides
            except TooMuchWork:
                raise
            except ExpressionFailed:
                if _bool(right, right.run(run)) is decides:
                    return decides
                raise
            return _bool(right, right.run(run))

        return Node(run, Shape("yes_no"), self._text(tree))

    def _binary(self, tree: Any, scope: Mapping[str, Shape], depth: int) -> Node:
        head = tree.children[0]
        apply, sign, takes_null = _BINARY[head.data]
        left = self.node(head.children[0], scope, depth)
        right = self.node(tree.children[1], scope, depth)

        def run(run: Run) -> Any:
            run.spend()
            first, second = left.run(run), right.run(run)
            if not takes_null:
                _require(left, first, sign)
                _require(right, second, sign)
            run.spend(_weight(first) + _weight(second))
            return _grown(run, apply(first, second))

        kinds = {left.shape.kind, right.shape.kind}
        if head.data.startswith("relation"):
            shape = Shape("yes_no")
        else:
            shape = NUMBER if kinds == {"number"} else ANY
        return Node(run, shape, self._text(tree))

    _relation = _addition = _multiplication = _binary

    def _unary(self, tree: Any, scope: Mapping[str, Shape], depth: int) -> Node:
        sign, operand = tree.children
        inner = self.node(operand, scope, depth)

        def negative(run: Run) -> Any:
            run.spend()
            value = inner.run(run)
            _require(inner, value, "-")
            return operators.negate(value)

        def opposite(run: Run) -> bool:
            run.spend()
            return not _bool(inner, inner.run(run))

        if sign.data == "unary_not":
            return Node(opposite, Shape("yes_no"), self._text(tree))
        return Node(negative, inner.shape, self._text(tree))

    def _ident(self, tree: Any, scope: Mapping[str, Shape], depth: int) -> Node:
        name = str(tree.children[0])
        if name not in scope:
            raise ExpressionFault(f"`{name}` is not known here{suggestion(name, scope)}")
        self.roots.add(name)

        def run(run: Run) -> Any:
            run.spend()
            return run.names.get(name)

        return Node(run, scope[name], name, name)

    def _member_dot(self, tree: Any, scope: Mapping[str, Shape], depth: int) -> Node:
        subject = self.node(tree.children[0], scope, depth)
        name = str(tree.children[1])
        shape = subject.shape.member(name, subject.text)
        is_known = subject.shape.keys is not None

        def run(run: Run) -> Any:
            run.spend()
            value = subject.run(run)
            if value is None:
                return None
            if isinstance(value, dict) and (is_known or name in value):
                found = value.get(name)
                return found.value if isinstance(found, Later) else found
            raise ExpressionFailed(f"`{subject.text}` has no `{name}`")

        path = f"{subject.path}.{name}" if subject.path else None
        return Node(run, shape, self._text(tree), path)

    def _member_index(self, tree: Any, scope: Mapping[str, Shape], depth: int) -> Node:
        subject, index = (self.node(child, scope, depth) for child in tree.children)

        def run(run: Run) -> Any:
            run.spend()
            value, at = subject.run(run), index.run(run)
            found = _item(subject, value, at)
            return found.value if isinstance(found, Later) else found

        return Node(run, subject.shape.item or ANY, self._text(tree))

    def _list_lit(self, tree: Any, scope: Mapping[str, Shape], depth: int) -> Node:
        items = self._arguments(tree.children, scope, depth)

        def run(run: Run) -> Any:
            run.spend()
            return _grown(run, [item.run(run) for item in items])

        item = items[0].shape if len({one.shape.kind for one in items}) == 1 else ANY
        return Node(run, Shape("list", item=Shape(item.kind)), self._text(tree))

    def _map_lit(self, tree: Any, scope: Mapping[str, Shape], depth: int) -> Node:
        parts = [
            self.node(child, scope, depth) for inits in tree.children for child in inits.children
        ]
        pairs = list(zip(parts[::2], parts[1::2], strict=True))

        def run(run: Run) -> Any:
            run.spend()
            return _grown(run, {_key(key, key.run(run)): value.run(run) for key, value in pairs})

        return Node(run, Shape("record"), self._text(tree))

    def _literal(self, tree: Any, scope: Mapping[str, Shape], depth: int) -> Node:
        token = tree.children[0]
        value, shape = _literal(token.type, str(token))

        def run(run: Run) -> Any:
            run.spend()
            return value

        return Node(run, shape, self._text(tree))

    def _ident_arg(self, tree: Any, scope: Mapping[str, Shape], depth: int) -> Node:
        name = str(tree.children[0])
        if name == "has":
            return self._has(tree, scope, depth)
        if name not in FUNCTIONS:
            raise ExpressionFault(
                f"`{name}()` is not a function{suggestion(name, {**FUNCTIONS, 'has': 0})}"
            )
        arguments = self._arguments(tree.children[1:], scope, depth)
        return self._call(tree, name, FUNCTIONS[name], arguments)

    def _member_dot_arg(self, tree: Any, scope: Mapping[str, Shape], depth: int) -> Node:
        subject = self.node(tree.children[0], scope, depth)
        name = str(tree.children[1])
        if name in _MACROS:
            return self._macro(tree, subject, name, scope, depth)
        if name not in METHODS:
            known = {**METHODS, **dict.fromkeys(_MACROS)}
            raise ExpressionFault(f"`.{name}()` is not a function{suggestion(name, known)}")
        arguments = self._arguments(tree.children[2:], scope, depth)
        return self._call(tree, name, METHODS[name], [subject, *arguments])

    def _call(self, tree: Any, name: str, function: Function, arguments: list[Node]) -> Node:
        if not function.least <= len(arguments) <= function.most:
            raise ExpressionFault(f"`{name}()` is called with the wrong number of arguments")
        if name == "matches":
            _check_pattern(arguments[1])

        def run(run: Run) -> Any:
            run.spend()
            values = [argument.run(run) for argument in arguments]
            for argument, value in zip(arguments, values, strict=True):
                _require(argument, value, f"{name}()")
                run.spend(_weight(value))
            return function.run(run.zone, values)

        return Node(run, Shape(function.gives), self._text(tree))

    def _has(self, tree: Any, scope: Mapping[str, Shape], depth: int) -> Node:
        arguments = self._arguments(tree.children[1:], scope, depth)
        if len(arguments) != 1:
            raise ExpressionFault("`has()` takes one name, such as `has(inputs.company)`")
        [inner] = arguments

        def run(run: Run) -> bool:
            run.spend()
            try:
                return inner.run(run) is not None
            except TooMuchWork:
                raise
            except ExpressionFailed:
                return False

        return Node(run, Shape("yes_no"), self._text(tree))

    def _macro(
        self, tree: Any, subject: Node, name: str, scope: Mapping[str, Shape], depth: int
    ) -> Node:
        parts = tree.children[2].children if len(tree.children) > 2 else []
        if len(parts) != 2 and not (name == "map" and len(parts) == 3):
            raise ExpressionFault(f"`.{name}()` takes a name and an expression")
        if subject.shape.kind not in ("any", "list", "record"):
            raise ExpressionFault(f"`{subject.text}` is not a list, so it has no `.{name}()`")
        variable = self._text(parts[0])
        if not variable.isidentifier() or variable in RESERVED:
            raise ExpressionFault(f"`{variable}` can't be the name of an item")
        inside = {**scope, variable: subject.shape.item or ANY}
        had_root = variable in self.roots
        bodies = [self.node(part, inside, depth) for part in parts[1:]]
        if not had_root:
            self.roots.discard(variable)
        gather = _GATHER[name]

        def run(run: Run) -> Any:
            run.spend()
            items = _items(subject, subject.run(run))
            outer, names = run.names, dict(run.names)
            run.names = names
            try:
                return gather(run, names, variable, items, bodies)
            finally:
                run.names = outer

        shape = Shape("list", item=bodies[-1].shape) if name == "map" else _MACRO_SHAPES.get(name)
        return Node(run, shape or Shape("list", item=subject.shape.item), self._text(tree))

    def _arguments(self, children: list[Any], scope: Mapping[str, Shape], depth: int) -> list[Node]:
        return [self.node(child, scope, depth) for some in children for child in some.children]


def _all(
    run: Run, names: dict[str, Any], variable: str, items: list[Any], bodies: list[Node]
) -> bool:
    return not _some(run, names, variable, items, bodies[0], wanted=False)


def _exists(
    run: Run, names: dict[str, Any], variable: str, items: list[Any], bodies: list[Node]
) -> bool:
    return _some(run, names, variable, items, bodies[0], wanted=True)


def _some(
    run: Run, names: dict[str, Any], variable: str, items: list[Any], body: Node, *, wanted: bool
) -> bool:
    failed: ExpressionFailed | None = None
    for names[variable] in items:
        run.spend()
        try:
            if _bool(body, body.run(run)) is wanted:
                return True
        except TooMuchWork:
            raise
        except ExpressionFailed as failure:
            failed = failure
    if failed:
        raise failed
    return False


def _exists_one(
    run: Run, names: dict[str, Any], variable: str, items: list[Any], bodies: list[Node]
) -> bool:
    return len(_filter(run, names, variable, items, bodies)) == 1


def _filter(
    run: Run, names: dict[str, Any], variable: str, items: list[Any], bodies: list[Node]
) -> list[Any]:
    kept = []
    for item in items:
        run.spend()
        names[variable] = item
        if _bool(bodies[0], bodies[0].run(run)):
            kept.append(item)
    return kept


def _map(
    run: Run, names: dict[str, Any], variable: str, items: list[Any], bodies: list[Node]
) -> list[Any]:
    if len(bodies) == 2:
        items = _filter(run, names, variable, items, bodies)
    results = []
    for names[variable] in items:
        run.spend()
        results.append(bodies[-1].run(run))
    return _grown(run, results)


_GATHER = {
    "all": _all,
    "exists": _exists,
    "exists_one": _exists_one,
    "filter": _filter,
    "map": _map,
}
_MACRO_SHAPES = {name: Shape("yes_no") for name in ("all", "exists", "exists_one")}


def _literal(terminal: str, text: str) -> tuple[Any, Shape]:
    if terminal == "BOOL_LIT":
        return text == "true", Shape("yes_no")
    if terminal == "NULL_LIT":
        return None, Shape("nothing")
    if terminal in ("STRING_LIT", "MLSTRING_LIT"):
        return text_of(text), Shape("text")
    if terminal in ("INT_LIT", "UINT_LIT", "FLOAT_LIT"):
        return _number(text.rstrip("uU")), NUMBER
    raise ExpressionFault(f"`{text}` can't be used in an expression")


def _number(text: str) -> Decimal:
    try:
        value = Decimal(int(text, 16)) if "x" in text else Decimal(text)
        return operators.add(value, Decimal(0)) if abs(value.adjusted()) < 100 else _too_long(text)
    except ExpressionFailed:
        return _too_long(text)


def _too_long(text: str) -> Decimal:
    raise ExpressionFault(f"`{text[:40]}` has more than 28 digits")


def _bool(node: Node, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value is None:
        raise ExpressionFailed(f"`{node.text}` is empty, where true or false is needed")
    raise ExpressionFailed(f"`{node.text}` is {kind(value)}, where true or false is needed")


def _require(node: Node, value: Any, sign: str) -> None:
    if value is None:
        raise ExpressionFailed(f"`{node.text}` is empty, so `{sign}` can't be computed")


def _weight(value: Any) -> int:
    """Long texts and lists cost more than one step to join or compare."""
    return len(value) // 50 if isinstance(value, str | list | dict) else 0


def _grown(run: Run, value: _Value) -> _Value:
    """A new value, its inner lists and records paid for.

    They may share parts, so that a few steps could make a value which takes forever to walk.
    """
    stack: list[Any] = [value] if isinstance(value, list | dict) else []
    while stack:
        inner = stack.pop()
        parts = inner.values() if isinstance(inner, dict) else inner
        nested = [part for part in parts if isinstance(part, list | dict)]
        run.spend(sum(map(len, nested)))
        stack += nested
    return value


def _key(node: Node, value: Any) -> str:
    if isinstance(value, str):
        return value
    raise ExpressionFailed(f"`{node.text}` is {kind(value)}, but the keys of a record are texts")


def _items(node: Node, value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return list(value)
    if value is None:
        raise ExpressionFailed(f"`{node.text}` is empty, where a list is needed")
    raise ExpressionFailed(f"`{node.text}` is {kind(value)}, where a list is needed")


def _item(node: Node, value: Any, at: Any) -> Any:
    if isinstance(value, list) and isinstance(at, Decimal):
        if at % 1 or not 0 <= at < len(value):
            raise ExpressionFailed(f"`{node.text}` has no item {at}, it has {len(value)}")
        return value[int(at)]
    if isinstance(value, dict) and isinstance(at, str):
        if at in value:
            return value[at]
        raise ExpressionFailed(f"`{node.text}` has no `{at[:60]}`")
    if value is None:
        raise ExpressionFailed(f"`{node.text}` is empty, so it has no items")
    raise ExpressionFailed(f"{kind(value)} has no item at {kind(at)}")


def _check_pattern(argument: Node) -> None:
    if argument.text[:1] in "'\"" or argument.text[:2] in ("r'", 'r"'):
        try:
            compile_pattern(argument.run(Run({}, ZoneInfo("UTC"), 10)))
        except ExpressionFailed:
            return  # a text put together from parts: judged when it is computed
        except ValueError as error:
            raise ExpressionFault(str(error)) from None
