"""One mapping of a definition, read key by key; whatever does not fit is a fault at its line."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from portal.definition.durations import Duration
from portal.definition.expressions import Expression, ExpressionFault, compile_expression
from portal.definition.nodes import Faults, Item, Node
from portal.definition.shapes import RESERVED, Shape, closest, suggestion
from portal.definition.text import Text, compile_text

ID = re.compile(r"[a-z][a-z0-9_]{0,62}")
_KEY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST_KEY = 100
TAKEN = frozenset({"outcome", "owner", "starter", "link", "decision", "comment", "items", "code"})
"""Words with a meaning of their own, which no id may be."""

LOOKS = {
    "approval": "{question: TEXT}",
    "assign": "{email: EXPRESSION}",
    "branches": "{name: TEXT, steps: [...]}",
    "calendar": "{timezone: Europe/Berlin}",
    "call": "{method: GET, url: ADDRESS}",
    "choose": "{when: EXPRESSION, steps: [...]}",
    "columns": "{id: ID, type: text, label: TEXT}",
    "documents": "{id: ID, name: TEXT}",
    "each": "{in: EXPRESSION, as: NAME, steps: [...]}",
    "escalate": "{after: 2 days, to: owner}",
    "fields": "{id: ID, type: text, label: TEXT}",
    "form": "{fields: [...]}",
    "headers": "{NAME: TEXT}",
    "message": "{to: [ROLE], subject: TEXT, body: TEXT}",
    "on_changes": "{return_to: STEP}",
    "on_timeout": "{after: 10 days, do: skip}",
    "parallel": "{branches: [...]}",
    "participants": "{ROLE: EXPRESSION}",
    "retry": "{times: 5, first: 30 seconds}",
    "roles": "{ROLE: {kind: external, name: TEXT}}",
    "run": "{definition: KEY}",
    "save": "{NAME: EXPRESSION}",
    "set": "{NAME: EXPRESSION}",
    "sign": "{statement: TEXT}",
    "steps": "{id: ID, and the kind of step}",
    "task": "{instructions: TEXT}",
    "upload": "{documents: [...]}",
    "wait": "{for: 3 days}",
}
"""How a mapping may look, by the key that it stands at."""

Scope = Mapping[str, Shape]
Read = TypeVar("Read")


class Block:
    """A mapping and what may be read from it. A missing or faulty value reads as None."""

    def __init__(self, node: Node, key: str, faults: Faults, line: int | None = None) -> None:
        self.line = line or node.line
        self.key = key
        self.faults = faults
        self.items: Mapping[str, Item] = node.value if isinstance(node.value, dict) else {}
        self.is_mapping = isinstance(node.value, dict)
        if not self.is_mapping:
            looks = f", such as {LOOKS[key]}" if key in LOOKS else ""
            faults.add(node.line, key, f"is {described(node)}, expected a mapping of keys{looks}")

    def __contains__(self, key: str) -> bool:
        return key in self.items

    def fault(self, key: str, message: str) -> None:
        """A fault at the value of a key, or at the mapping where the key is missing."""
        item = self.items.get(key)
        self.faults.add(item.node.line if item else self.line, key, message)

    def only(self, allowed: Collection[str], refused: Mapping[str, str] | None = None) -> None:
        """Note every key that is not allowed; `refused` has a sentence for some of them."""
        for key, item in self.items.items():
            if refused and key in refused:
                self.faults.add(item.line, key, refused[key])
            elif key not in allowed:
                known = dict.fromkeys(sorted(allowed))
                self.faults.add(item.line, key, f"is not a known key{hint(key, known)}")
                sole = next(iter(known), "") if len(known) == 1 else ""
                self.faults.note_meant(id(self.items), closest(key, known) or sole)

    def require(self, *keys: str) -> None:
        """Note every key of these that is missing."""
        for key in keys:
            if self.is_mapping and key not in self.items:
                expected = f"is missing, expected {EXPECTED.get(key, key)}"
                self.faults.add_missing(self.line, key, expected, id(self.items))

    def node(self, key: str) -> Node | None:
        """The value of a key."""
        item = self.items.get(key)
        return item.node if item else None

    def text(self, key: str) -> str | None:
        """A text with something in it and no placeholders."""
        text = self._written(key)
        if text is not None and "{{" in text:
            self.fault(key, "holds a placeholder {{ }}, expected a fixed text here")
            return None
        return text

    def long_text(self, key: str) -> str | None:
        """A text in which {{ }} stands for itself."""
        return self._written(key)

    def template(self, key: str, scope: Scope) -> Text | None:
        """A text that may hold placeholders."""
        node, text = self.node(key), self._written(key)
        return None if node is None or text is None else self.compiled(key, node, text, scope)

    def compiled(self, key: str, node: Node, text: str, scope: Scope) -> Text | None:
        """A text at a node, its placeholders checked."""
        try:
            return compile_text(text, scope)
        except ExpressionFault as fault:
            self.faults.add(node.line, key, f"{fault}{_expected(fault, 'an expression in {{ }}')}")
            return None

    def expression(self, key: str, scope: Scope) -> Expression | None:
        """An expression, or a plain boolean or number."""
        node = self.node(key)
        if node is None:
            return None
        if not isinstance(node.value, str | bool | Decimal):
            self.fault(key, f"is {described(node)}, expected an expression")
            return None
        try:
            return compile_expression(node.value, scope)
        except ExpressionFault as fault:
            self.fault(key, f"{fault}{_expected(fault, 'an expression')}")
            return None

    def condition(self, key: str, scope: Scope) -> Expression | None:
        """An expression that may give true or false."""
        expression = self.expression(key, scope)
        if expression and expression.shape.kind not in ("any", "yes_no"):
            self.fault(
                key, f"`{expression.source}` is not a condition, expected one that is true or false"
            )
        return expression

    def computed(self, scope: Scope) -> tuple[tuple[str, Expression], ...]:
        """Every key as the name of a value, with the expression that gives it."""
        found = []
        for name, item in self.items.items():
            wrong = wrong_id(name)
            if wrong:
                self.faults.add(item.line, name, wrong)
            expression = self.expression(name, scope)
            if expression:
                found.append((name, expression))
        return tuple(found)

    def json(self, key: str, node: Node, scope: Scope) -> Any:
        """A value at a node as JSON, its texts compiled."""
        value = node.value
        if isinstance(value, str):
            return self.compiled(key, node, value, scope)
        if isinstance(value, list):
            return [self.json(key, one, scope) for one in value]
        if isinstance(value, dict):
            return {name: self.json(key, item.node, scope) for name, item in value.items()}
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        node = self.node(key)
        if node is None:
            return default
        if node.is_plain and node.value in ("yes", "no"):
            return bool(node.value == "yes")
        if not isinstance(node.value, bool):
            self.fault(key, f"is {described(node)}, expected true or false")
            return default
        return node.value

    def number(self, key: str) -> Decimal | None:
        """A number of at most 28 digits."""
        node = self.node(key)
        if node is None:
            return None
        if not isinstance(node.value, Decimal) or abs(node.value.adjusted()) > 28:
            self.fault(key, f"is {described(node)}, expected a number")
            return None
        return node.value

    def whole(self, key: str, least: int, most: int) -> int | None:
        """A whole number within bounds."""
        node = self.node(key)
        number = self.number(key)
        if node is None or number is None:
            return None
        if number % 1 or not least <= number <= most:
            self.fault(key, f"is {described(node)}, expected a whole number from {least} to {most}")
            return None
        return int(number)

    def duration(self, key: str, *, zero: bool = False) -> Duration | None:
        """A duration such as 3 days; more than nothing unless `zero`."""
        duration = self.parsed(key, Duration.parse)
        if duration and not duration.amount and not zero:
            self.fault(key, f"is {duration}, expected more than nothing, such as 3 days")
        return duration

    def parsed(self, key: str, parse: Callable[[Any], Read]) -> Read | None:
        """A text read by a function that raises ValueError with its sentence."""
        node = self.node(key)
        if node is None:
            return None
        try:
            return parse(_scalar(node))
        except ValueError as error:
            self.fault(key, str(error))
            return None

    def choice(self, key: str, choices: Sequence[str]) -> str | None:
        """One word of several."""
        node = self.node(key)
        if node is None:
            return None
        if node.value not in choices or not isinstance(node.value, str):
            self.fault(key, f"is {described(node)}, expected {one_of(choices)}")
            return None
        return node.value

    def id(self, key: str = "id") -> str | None:
        """An id by the rules of ids."""
        node = self.node(key)
        if node is None:
            return None
        is_text = isinstance(node.value, str)
        other = f"is {described(node)}, expected {EXPECTED['id']}"
        wrong = wrong_id(node.value) if is_text else other
        if wrong:
            self.fault(key, wrong)
            return None
        return str(node.value)

    def list(self, key: str, *, empty: bool = False) -> list[Node]:
        """The nodes of a list; a fault where it is none, or is empty."""
        node = self.node(key)
        if node is None:
            return []
        if not isinstance(node.value, list):
            self.fault(key, f"is {described(node)}, expected a list")
            return []
        if not node.value and not empty:
            self.fault(key, "is an empty list, expected at least one item")
        return node.value

    def texts(self, key: str, check: Callable[[str], str | None]) -> tuple[str, ...]:
        """A list of words, each without fault by `check` (which says what is wrong), none twice."""
        words: list[str] = []
        for node in self.list(key):
            wrong = f"{described(node)} is not a word, expected a text"
            if isinstance(node.value, str):
                repeated = f"{node.value!r} is given twice, expected it once"
                wrong = check(node.value) or (repeated if node.value in words else "")
            if wrong:
                self.faults.add(node.line, key, wrong)
            else:
                words.append(node.value)
        return tuple(words)

    def _written(self, key: str) -> str | None:
        node = self.node(key)
        if node is None:
            return None
        if not isinstance(node.value, str):
            self.fault(key, f"is {described(node)}, expected a text (in quotes if need be)")
            return None
        if not node.value.strip():
            self.fault(key, "is empty, expected a text")
            return None
        return node.value


EXPECTED = {
    "id": "a small letter, then small letters, digits or _ (at most 63)",
    "key": "a slug such as vendor-onboarding",
    "name": "a name to show",
    "owner": "the e-mail of a staff user, or {team: NAME}",
    "steps": "a list of steps",
    "type": "the type of the field",
    "options": "a list of options",
    "columns": "a list of fields",
    "fields": "a list of fields",
    "documents": "a list of documents",
    "assign": "a role, a list of roles, or {email, name}",
    "to": "whom to tell",
    "url": "the address to call",
    "kind": "external or staff",
    "definition": "the key of the process to run",
    "subject": "a subject line",
    "body": "the text of the message",
    "return_to": "the id of an earlier step",
    "at": "an expression that gives a date",
    "after": "a duration such as 2 days",
    "every": "a duration such as 2 days",
    "email": "an expression that gives an e-mail address",
    "value": "what is stored",
    "team": "the name of a team",
}


def read_key(text: Any) -> str:
    """The key of a definition. Raises ValueError with a sentence."""
    if not isinstance(text, str) or not _KEY.fullmatch(text) or len(text) > _LONGEST_KEY:
        raise ValueError(
            f"{_short(text)!r} is not a key, expected small letters, digits and single hyphens, "
            "such as vendor-onboarding"
        )
    return text


def wrong_id(text: str) -> str | None:
    """What is wrong with an id and what was expected, if anything is."""
    if not ID.fullmatch(text):
        return f"{text!r} is not an id, expected {EXPECTED['id']}"
    if text in RESERVED or text in TAKEN:
        return f"{text!r} is a reserved word, expected another id"
    return None


def described(node: Node) -> str:
    """A value as words for a sentence: `'abc'`, 12, a list."""
    value = node.value
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, str):
        return repr(_short(value))
    return "a list" if isinstance(value, list) else "a mapping"


def _short(value: Any) -> Any:
    return f"{value[:57]}..." if isinstance(value, str) and len(value) > 60 else value


def one_of(words: Sequence[str]) -> str:
    """`one of a, b, c`, or the only one."""
    return words[0] if len(words) == 1 else f"one of {', '.join(words)}"


def hint(word: str, known: Mapping[str, object]) -> str:
    """The end of a sentence: what may have been meant, without code quotes."""
    return (
        suggestion(word, known).replace("`", "")
        or ", and there is none that could be named here; expected it left out"
    )


def humanized(name: str) -> str:
    """`tax_form` as it is shown where no name is given: Tax form."""
    return name.replace("_", " ").capitalize()


def _expected(fault: ExpressionFault, what: str) -> str:
    """What was expected, unless the fault says so itself."""
    said = str(fault)
    return "" if "expected" in said or "did you mean" in said else f", expected {what}"


def _scalar(node: Node) -> Any:
    """What a parser of texts may look at; lists and mappings are none."""
    if isinstance(node.value, list | dict):
        return described(node)
    if isinstance(node.value, str):
        return node.value
    return "" if node.value is None else described(node)
