"""The sheet before a person: a task, told from rows at hand, with all that its page shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from portal import clock, language
from portal.definition import drawings, scopes, sections, statements, ways
from portal.definition import facts as definition_facts
from portal.definition.fields import default_value, show, typed_of, visible
from portal.definition.operators import ExpressionFailed
from portal.definition.text import Text
from portal.definition.tree import (
    ApprovalStep,
    ChooseStep,
    Definition,
    Document,
    Field,
    FormStep,
    PersonStep,
    SignStep,
    Step,
    TaskStep,
    UploadStep,
)
from portal.errors import Conflict, Unknown
from portal.language import gettext as _
from portal.language import mark, ngettext
from portal.models.files import brought
from portal.models.tasks import MOST_PASSED_ON
from portal.readings import prose, trees, twins, words
from portal.readings.filled import filled
from portal.readings.owners import Asker

Row = Any

_DECIDED = {
    "approved": mark("%(who)s approved"),
    "changes_requested": mark("%(who)s asked for changes"),
    "rejected": mark("%(who)s rejected"),
}
_YOU_DECIDED = {
    "approved": mark("You approved"),
    "changes_requested": mark("You asked for changes"),
    "rejected": mark("You rejected"),
}

_YOU_DID = mark("You decided")
_FROM, _DONE_BY = mark("From %(who)s"), mark("Done by %(who)s")
YOU = mark("you")
"""Whoever reads, among the names of others."""


@dataclass(frozen=True, slots=True)
class Item:
    """One answer or document that was sent: shown, and to be marked where ``may_mark``.

    ``drawing`` is the path of a drawn signature.
    """

    id: str
    label: str
    value: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    files: Sequence[Row] = ()
    drawing: str = ""
    may_mark: bool = False
    part: str = ""
    """The heading of the part of a form that it belongs to."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What one earlier step brought."""

    step: str
    name: str
    by: str
    at: datetime | None
    items: Sequence[Item]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One document that is asked for, with the files that are here already."""

    document: Document
    name: str
    help: str
    staged: Sequence[Row]
    standing: Sequence[Row]
    twins: Mapping[str, Row | None]
    """For each staged file's id an earlier one of the same sender with the same content."""
    refused: Sequence[Row]
    """What the malware scanner refused before it was part of an answer."""


@dataclass(frozen=True, slots=True)
class Signing:
    """What is put before a signer: a statement (Markdown) or files, and what stands for it."""

    sha256: str
    statement: str = ""
    files: Sequence[Row] = ()


@dataclass
class Asked:
    """One task with all that its page shows. ``task`` and ``process`` are rows."""

    task: Row
    process: Row
    tree: Definition
    runs: Mapping[tuple[str, str], Row]
    """The current round of each step and scope that has one."""
    latest: Mapping[tuple[str, str], Row]
    """The last round of each step and scope that ended."""
    people: Sequence[Row]
    files: Sequence[Row] = field(default=())
    done: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    """The done tasks of each round (by its id), with who really did them."""
    owner: Asker | None = None
    """Who asks."""
    viewer: str | None = None
    """The participant who reads the page, where it is one."""
    is_barred: bool = False
    """Whether the reader took part in what is decided here, and so may not decide."""

    @cached_property
    def step(self) -> PersonStep:
        """The step that the task belongs to."""
        return self.tree.person_step(self.task.step)

    @cached_property
    def run(self) -> Row | None:
        """The open round the task is of; ``None`` once that is over."""
        run = self.runs.get((self.task.step, self.task.scope))
        return run if run is not None and run.id == self.task.run_id else None

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What the texts of the definition may name."""
        return definition_facts.build(
            self.tree,
            inputs=self.process.inputs,
            steps=definition_facts.seen_from(self.tree, self.task.scope, self._latest, self._count),
            values=definition_facts.values_seen(
                self.tree, self.task.scope, self.process.values, self._kept
            ),
            items=definition_facts.items_seen(self.tree, self.task.scope, self._kept),
            participants={
                one.role: {"email": one.email, "name": one.name} for one in self.people if one.role
            },
            now=clock.now(),
            zone=words.zone(trees.zone(self.tree)),
        )

    def _latest(self, step: str, scope: str) -> Mapping[str, Any]:
        run = self.latest.get((step, scope))
        return {} if run is None else self._brought(run)

    def _kept(self, step: str, scope: str) -> Mapping[str, Any]:
        run = self.runs.get((step, scope)) or self.latest.get((step, scope))
        return {} if run is None else run.answers

    def _count(self, each: str, scope: str) -> int | None:
        count: int | None = self._kept(each, scope).get("count")
        return count

    def passing_on(self, kind: str) -> str:
        """Whether an assignee of that kind may pass it on now: ``allowed``, ``ask`` or ``no``."""
        if len(self.task.passed_on) >= MOST_PASSED_ON:
            return "no"
        return self.step.delegate_by(kind)

    def text(self, text: Text | None) -> str:
        """A text of the definition with its placeholders filled."""
        if text is None or text.is_constant:
            return str(text or "")
        return filled(text, self.facts)

    @property
    def instructions(self) -> str:
        """The step's instructions as Markdown; nothing that is filled in becomes markup."""
        text = self.step.instructions
        if text is None or text.is_constant:
            return str(text or "")
        try:
            return text.render(self.facts, "markdown")
        except ExpressionFailed:
            return str(text)

    # The letter's head

    @property
    def place(self) -> tuple[int, int]:
        """Step n of m, counting what people do."""
        steps = [step.id for step in self.tree.all_steps() if isinstance(step, PersonStep)]
        return steps.index(self.step.id) + 1, len(steps)

    @property
    def comment(self) -> str | None:
        """The reviewer's words that led to this round."""
        return self.run.comment if self.run is not None else None

    @property
    def comment_by(self) -> str | None:
        """Who wrote that comment: ``you``, a name, or ``None`` where it is not known."""
        said = (one for tasks in self.done.values() for one in tasks)
        by = [one for one in said if self.comment and one.answers.get("comment") == self.comment]
        return self._name(by[-1]) if by else None

    @property
    def only(self) -> list[str]:
        """The fields or documents asked again; empty: all."""
        return list(self.run.only) if self.run is not None else []

    @property
    def answers(self) -> Mapping[str, Any]:
        """What this round begins with, and what stands in it."""
        return self.run.answers if self.run is not None else {}

    @property
    def next_sentence(self) -> str:
        """What happens after this step, as far as it can be told."""
        steps = [step for step in self.tree.all_steps() if isinstance(step, PersonStep)]
        beside = {one.id for one in ways.side_branches(self.tree, self.step.id)}
        later = [
            step
            for step in steps[steps.index(self.step) + 1 :]
            if step.id not in beside and not self._stands(step)
        ]
        if not later:
            return _("This is the last step. You get a receipt by e-mail.")
        around = self.tree.blocks_around(later[0].id)
        new = [one for one in around if one not in self.tree.blocks_around(self.step.id)]
        may_be = any(one.when or isinstance(one, ChooseStep) for one in (later[0], *new))
        return _coming(later[0], self.text(later[0].name), self._doers(later[0]), may_be=may_be)

    @property
    def now_sentence(self) -> str:
        """Who has the work now, for somebody who has done their part."""
        if self.process.state != "running":
            return _("The process has ended. There is nothing more for you to do.")
        for held in self.process.waiting:
            step = self.tree.step(held["step"])
            if isinstance(step, PersonStep):
                run = self.runs.get((held["step"], held.get("scope") or ""))
                return _under_way(step, held["name"], self._doers(step, run))
        return _("It goes on from here. You are told by e-mail when you are needed.")

    def _stands(self, step: Step) -> bool:
        """Whether the step was done before and is not asked again."""
        run = self.runs.get(ways.beside(self.tree, step.id, self.task.scope))
        return run is not None and run.state == "done"

    def _doers(self, step: PersonStep, run: Row | None = None) -> list[str]:
        """Who is asked; where a round is given, without those who have done their part of it."""
        if not isinstance(step.assign, tuple):
            return [_("the person in charge")]
        named = {one.role: one for one in self.people}
        ready = {one.participant_id for one in self.done.get(run.id, ())} if run else set()
        found = []
        for role in step.assign:
            person = named.get(role)
            if person is not None and person.id in ready:
                continue
            if person is not None and person.id == self.viewer:
                found.append(_(YOU))
            elif person is not None and person.kind == "external" and person.name:
                found.append(person.name)
            else:
                found.append(self.tree.roles[role].name)
        return list(dict.fromkeys(found)) or [_("the person in charge")]

    def _name(self, done: Row) -> str:
        """Who did a task, as this reader knows them."""
        if self.viewer is not None and done.done_by == self.viewer:
            return _(YOU)
        return str(done.name or _("a program"))

    # What is asked

    @property
    def fields(self) -> list[Field]:
        """The fields of a form that are asked in this round."""
        return [one for one in self.all_fields if not self.only or one.id in self.only]

    @property
    def all_fields(self) -> Sequence[Field]:
        """The fields of a form, also those that stand from an earlier round."""
        return self.step.fields if isinstance(self.step, FormStep) else ()

    @property
    def has_placeholders(self) -> bool:
        """Whether a text of the fields names a value of the process."""
        return any(_has_placeholders(one) for one in self.fields)

    def typed(self) -> dict[str, list[str]]:
        """What the controls of a form begin with: the last answers, else the defaults."""
        found: dict[str, list[str]] = {}
        for one in self.fields:
            value = self.answers.get(one.id)
            if value is None and self.task.round == 1 and one.default is not None:
                value = default_value(one, self.facts)
            found |= typed_of(one, value)
        return found

    @property
    def accepted(self) -> list[Item]:
        """What stands in a round that asks only for some of it again."""
        if not self.only:
            return []
        return [item for item in self._items(self.step, self.answers) if item.id not in self.only]

    def twin(self, file: Row) -> Row | None:
        """An earlier file of the same sender with the same content."""
        return twins.twin(file, self.files)

    @property
    def wanted(self) -> list[Wanted]:
        """The documents of an upload that are asked for in this round."""
        if not isinstance(self.step, UploadStep):
            return []
        return [
            self._wanted(one) for one in self.step.documents if not self.only or one.id in self.only
        ]

    def _wanted(self, document: Document) -> Wanted:
        mine = [one for one in self.files if one.document == document.id]
        standing = set(self.answers.get(document.id) or ())
        staged = [one for one in mine if one.state == "staged" and one.task_id == self.task.id]
        return Wanted(
            document=document,
            name=self.text(document.name),
            help=self.text(document.help),
            staged=staged,
            twins={one.id: self.twin(one) for one in staged},
            standing=[one for one in mine if one.id in standing and one.state != "refused"],
            refused=[one for one in mine if one.state == "dropped" and one.task_id == self.task.id],
        )

    @property
    def checklist(self) -> list[str]:
        """The lines of a to-do."""
        step = self.step
        return [self.text(one) for one in step.checklist] if isinstance(step, TaskStep) else []

    @cached_property
    def signing(self) -> Signing | None:
        """What is to be signed; ``None`` for other kinds. Conflict where it is not there."""
        step = self.step
        if not isinstance(step, SignStep):
            return None
        if step.statement is not None:
            facts = {} if step.statement.is_constant else self.facts
            text = statements.statement(step.statement, facts, self.task.opened_at)
            return Signing(statements.digest_of_statement(text), text)
        assert step.document is not None
        run = self.latest.get(ways.beside(self.tree, step.document.step, self.task.scope))
        files = self._by_ids(run.answers.get(step.document.document, ()) if run else ())
        if not files:
            raise Conflict(_("The document that is to be signed is not there any more."))
        return Signing(statements.digest_of_files([one.sha256 for one in files]), files=files)

    # What is decided on

    @property
    def shown(self) -> list[Sent]:
        """What earlier steps brought: of an approval what it is about, else nothing."""
        step = self.step
        if not isinstance(step, ApprovalStep):
            return []
        return [
            self._sent(one, run) for one in ways.shown(self.tree, step) for run in self._done(one)
        ]

    def _done(self, step: Step) -> list[Row]:
        """The latest done rounds of a step that are in sight: one, or one for each item."""
        eaches = self.tree.eaches_around(step.id)
        depth = scopes.shared(self.task.scope, [each.id for each in eaches])
        around = scopes.outer(self.task.scope, depth)
        found = [
            run
            for (name, scope), run in self.latest.items()
            if name == step.id and run.state == "done" and scopes.is_within(scope, around)
        ]
        return sorted(found, key=lambda run: scopes.order(run.scope))

    def _sent(self, step: PersonStep, run: Row) -> Sent:
        may_mark = run.scope == self.task.scope[: len(run.scope)] and step.id in self._markable
        return Sent(
            step=step.id,
            name=self._named(step, run.scope),
            by="" if isinstance(step, ApprovalStep) else self._by(step, run),
            at=run.done_at,
            items=self._told_of(step, run, may_mark=may_mark),
        )

    def _by(self, step: PersonStep, run: Row) -> str:
        """Who really did a round, and how: ``From Vera Vendor``."""
        names = [self._name(one) for one in self.done.get(run.id, ())]
        who = list(dict.fromkeys(names)) or self._doers(step)
        if who == [_(YOU)]:
            return _("Done by you") if isinstance(step, TaskStep) else _("From you")
        told = _DONE_BY if isinstance(step, TaskStep) else _FROM
        return _(told, who=words.listed(who))

    def _told_of(self, step: PersonStep, run: Row, *, may_mark: bool) -> list[Item]:
        if isinstance(step, ApprovalStep):
            return [self._decision(one) for one in self.done.get(run.id, ())]
        if isinstance(step, TaskStep):
            ticked = [
                Item("", _("Ticked off: %(line)s", line=self.text(line)), _("Yes"))
                for line in step.checklist
            ]
            note = run.answers.get("note") or _("No note was left.")
            return [*ticked, Item("", _("Note"), note)]
        return self._items(step, run.answers, prefix=f"{step.id}.", may_mark=may_mark)

    def _decision(self, done: Row) -> Item:
        who = self._name(done)
        told = done.answers.get("comment") or _("Without a comment.")
        if who == _(YOU):
            return Item("", _(_YOU_DECIDED.get(done.outcome, _YOU_DID)), told)
        did = _DECIDED.get(done.outcome, mark("%(who)s decided"))
        return Item("", _(did, who=f"{who[:1].upper()}{who[1:]}"), told)

    def _named(self, step: Step, scope: str) -> str:
        """A step's name; of another item than the task's with that item's number."""
        eaches = self.tree.eaches_around(step.id)
        if scopes.shared(self.task.scope, [each.id for each in eaches]) == len(eaches):
            return self.text(step.name)
        name = str(step.name) if step.name.is_constant else step.id.replace("_", " ").capitalize()
        return f"{name}, {scopes.index(scope) + 1}"

    @cached_property
    def _markable(self) -> set[str]:
        """The steps whose answers a request for changes may mark."""
        step = self.step
        return (
            {one.id for one in ways.can_mark(self.tree, step)}
            if isinstance(step, ApprovalStep)
            else set()
        )

    # What was answered

    def received(self) -> list[Item]:
        """What a done task brought, for its receipt; a decision is told apart."""
        return [
            item
            for item in self._items(self.step, self.task.answers)
            if item.value or item.rows or item.files
        ]

    def marked(self) -> list[str]:
        """What a request for changes marked, as its form or upload calls it."""
        wanted = self.task.answers.get("items") or ()
        labels = {item.id: item.label for sent in self.shown for item in sent.items}
        return [labels.get(one, one) for one in wanted]

    def file(self, file_id: str) -> Row:
        """A file that this page shows; Unknown for any other."""
        shown = [item for sent in self.shown for item in sent.items]
        shown += [*self.accepted, *self._items(self.step, self.task.answers)]
        ids = {one.id for item in shown for one in item.files}
        if self.task.state == "open" and self.signing is not None:
            ids |= {one.id for one in self.signing.files}
        ids |= {one.id for want in self.wanted for one in (*want.staged, *want.standing)}
        found = next((one for one in self.files if one.id == file_id and one.id in ids), None)
        if found is None:
            raise Unknown(_("There is no such file here."))
        return found

    def _items(
        self, step: Step, answers: Mapping[str, Any], *, prefix: str = "", may_mark: bool = False
    ) -> list[Item]:
        if isinstance(step, FormStep):
            seen = self._seen(step, answers)
            return [
                replace(
                    self._field(one, answers.get(one.id), f"{prefix}{one.id}", may_mark),
                    part=self.text(section.heading),
                )
                for section in sections.of(step.fields)
                for one in section.fields
                if one.id in answers and one.id in seen
            ]
        if isinstance(step, UploadStep):
            return [
                Item(
                    f"{prefix}{one.id}",
                    self.text(one.name),
                    files=self._by_ids(answers.get(one.id, ())),
                    may_mark=may_mark,
                )
                for one in step.documents
                if one.id in answers
            ]
        if isinstance(step, SignStep):
            return self._signed(answers, prefix)
        return []

    def _seen(self, step: FormStep, answers: Mapping[str, Any]) -> set[str]:
        """The fields that were not hidden: a hidden one was never asked, so none can be wrong.

        A round that asks only for some of it again is judged with the rest that stands.
        """
        if any(one.show_if for one in step.fields):
            stands = self.answers if step.id == self.step.id else {}
            return visible(step.fields, {**stands, **answers}, self.facts)
        return {one.id for one in step.fields}

    def _signed(self, answers: Mapping[str, Any], prefix: str) -> list[Item]:
        """A signature and what stands under it, or why there is none."""
        if "signature" not in answers:
            why = answers.get("comment")
            return [Item(f"{prefix}comment", _("Declined to sign"), why)] if why else []
        document = answers.get("document") or ()
        named = words.listed([f"{one['name']} ({words.size(one['size'])})" for one in document])
        return [
            Item(
                f"{prefix}statement",
                _("What was signed"),
                prose.to_text(answers.get("statement")) or named,
                files=self._by_ids([one["file"] for one in document]),
            ),
            Item(
                f"{prefix}signature",
                _("Signature"),
                answers["signature"],
                drawing=drawings.path(answers.get("drawing") or []),
            ),
            Item(f"{prefix}sha256", _("SHA-256 of what was signed"), answers["sha256"]),
        ]

    def _by_ids(self, ids: Sequence[str]) -> list[Row]:
        by_id = {one.id: one for one in self.files}
        return [by_id[id_] for id_ in ids if id_ in by_id]

    def _field(self, one: Field, value: Any, item_id: str, may_mark: bool) -> Item:
        label = self.text(one.label)
        if one.type == "table" and value:
            return Item(
                item_id,
                label,
                columns=[self.text(column.label) for column in one.columns],
                rows=[
                    [_shown(column, row.get(column.id)) for column in one.columns] for row in value
                ],
                may_mark=may_mark,
            )
        return Item(item_id, label, _shown(one, value), may_mark=may_mark)

    def _brought(self, run: Row) -> dict[str, Any]:
        if run.state != "done":
            return {}
        if not isinstance(self.tree.step(run.step), UploadStep):
            return {**run.answers, "outcome": run.outcome}
        files = {one.id: one for one in self.files}
        return {**brought(run.answers, files), "outcome": run.outcome}


def _coming(step: PersonStep, name: str, who: list[str], *, may_be: bool) -> str:
    """What is asked next, of whom; ``may_be``: it hangs on something."""
    facts = {"who": words.listed(who), "name": name}
    is_decision = isinstance(step, ApprovalStep)
    if may_be and is_decision:
        return _("Next, %(who)s may be asked to decide: “%(name)s”.", **facts)
    if may_be:
        return _("Next, %(who)s may be asked to do the next step: “%(name)s”.", **facts)
    if is_decision:
        return ngettext(
            "Next, %(who)s is asked to decide: “%(name)s”.",
            "Next, %(who)s are asked to decide: “%(name)s”.",
            _number(who),
            **facts,
        )
    return ngettext(
        "Next, %(who)s is asked to do the next step: “%(name)s”.",
        "Next, %(who)s are asked to do the next step: “%(name)s”.",
        _number(who),
        **facts,
    )


def _under_way(step: PersonStep, name: str, who: list[str]) -> str:
    """What is asked now, of whom."""
    facts = {"who": words.listed(who), "name": name}
    if isinstance(step, ApprovalStep):
        return ngettext(
            "Now %(who)s is asked to decide: “%(name)s”.",
            "Now %(who)s are asked to decide: “%(name)s”.",
            _number(who),
            **facts,
        )
    return ngettext(
        "Now %(who)s is asked to do the next step: “%(name)s”.",
        "Now %(who)s are asked to do the next step: “%(name)s”.",
        _number(who),
        **facts,
    )


def _number(who: list[str]) -> int:
    """The number that a verb goes by: somebody who is addressed takes that of several."""
    return 2 if who == [_(YOU)] else len(who)


def _has_placeholders(one: Field) -> bool:
    texts = (one.section, one.label, one.help)
    return any(text is not None and not text.is_constant for text in texts) or any(
        _has_placeholders(column) for column in one.columns
    )


def _shown(one: Field, value: Any) -> str:
    return "" if value is None else show(one, value, language.current())
