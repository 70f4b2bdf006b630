"""Blocks and waits in a definition: what is taken, and every fault at its place."""

import pytest

from portal.definition import load
from portal.definition.load import DefinitionFaults
from portal.definition.tree import ChooseStep, EachStep, ParallelStep, WaitStep

HEAD = """\
key: demo
name: Demo
owner: dana@example.com
roles: {vendor: {kind: external}, buyer: {kind: staff}}
inputs: [{id: amount, type: number, label: Amount}]
steps:
"""
GOOD = """\
  - id: list
    assign: vendor
    form:
      fields:
        - {id: sites, type: table, label: S, columns: [{id: town, type: text, label: Town}]}
  - id: both
    name: Side by side
    when: inputs.amount > 1
    parallel:
      finish: 1
      branches:
        - {name: Papers, steps: [{id: papers, assign: vendor, task: {}}]}
        - steps: [{id: credit, set: {rate: inputs.amount * 2}}]
  - id: how
    choose:
      - {when: values.rate > 5, steps: [{id: large, assign: buyer, task: {}}]}
      - {otherwise: true, steps: []}
  - id: every
    each:
      in: steps.list.sites
      as: site
      finish: any
      steps:
        - {id: look, name: "{{ site.town }} {{ site_index }}", assign: buyer, task: {}}
        - {id: note, set: {far: steps.look.outcome}}
        - id: judge
          assign: buyer
          approval: {on_changes: {return_to: list}}
  - {id: pause, wait: {for: 3 days}}
  - {id: day, wait: {until: today + days(3)}}
  - {id: paid, wait: {signal: payment, timeout: 2 business days}}
  - {id: inner, run: {definition: other, inputs: {n: inputs.amount}}}
  - {id: sum, set: {looks: "steps.look.map(one, one.outcome)", data: steps.paid.data.amount}}
"""


def test_blocks_and_waits_become_their_classes() -> None:
    tree = load.load(HEAD + GOOD)
    both, how, every = tree.step("both"), tree.step("how"), tree.step("every")
    assert isinstance(both, ParallelStep)
    assert (both.finish, [branch.name for branch in both.branches]) == (1, ["Papers", "Branch 2"])
    assert isinstance(how, ChooseStep)
    assert [branch.when is None for branch in how.branches] == [False, True]
    assert isinstance(every, EachStep)
    assert (every.item, every.finish, [step.id for step in every.steps]) == (
        "site", "any", ["look", "note", "judge"],
    )  # fmt: skip
    paid = tree.step("paid")
    assert isinstance(paid, WaitStep)
    assert (paid.signal, str(paid.timeout)) == ("payment", "2 business days")
    assert [block.id for block in tree.blocks_around("look")] == ["every"]
    assert [step.id for step in tree.steps_before("judge")] == [
        "list", "both", "how", "look", "note",
    ]  # fmt: skip


CHOOSE = GOOD[GOOD.index("    choose:") : GOOD.index("  - id: every")]
FAULTS = [
    # what stands in the good one, what stands there instead, line, key, part of the sentence
    ("finish: 1\n", "finish: 3\n", 16, "finish", "from 1 to 2"),
    ("finish: 1\n", "finish: most\n", 16, "finish", "all, any or a number"),
    ("finish: 1\n", "finish: 0\n", 16, "finish", "all, any or a number"),
    ("      branches:\n", "      branch:\n", 17, "branch", "did you mean branches"),
    ("{name: Papers,", "{nam: Papers,", 18, "nam", "did you mean name"),
    ("- steps: [{id: credit,", "- step: [{id: credit,", 19, "step", "did you mean steps"),
    ("{id: note, set", "{id: papers, set", 31, "id", "twice (first on line 18)"),
    ("{id: papers, assign: vendor,", "{id: papers, due: soon, assign: vendor,", 18, "due",
     "duration"),
    ("{id: papers, assign: vendor, task: {}}", "{id: papers, set: {rate: 1}}", 19, "rate",
     "set in branch 1 too"),
    ("when: values.rate > 5", "when: values.rat > 5", 22, "when", "did you mean `rate`"),
    ("when: values.rate > 5", "when: inputs.amount", 22, "when", "not a condition"),
    ("{when: values.rate > 5, ", "{", 22, "when", "otherwise: true"),
    ("{otherwise: true, steps: []}", "{otherwise: false, steps: []}", 23, "otherwise", "true"),
    ("{otherwise: true, steps: []}", "{otherwise: true}", 23, "steps", "missing"),
    ("{otherwise: true, steps", "{otherwise: true, when: true, steps", 23, "otherwise", "beside"),
    ("{when: values.rate > 5, steps", "{otherwise: true, steps", 22, "otherwise", "not the last"),
    (CHOOSE, "    choose: []\n", 21, "choose", "at least one"),
    ("in: steps.list.sites", "in: inputs.amount", 26, "in", "not a list"),
    ("in: steps.list.sites", "in: steps.list.site", 26, "in", "did you mean `sites`"),
    ("as: site\n", "as: inputs\n", 27, "as", "something else already"),
    ("as: site\n", "as: Site\n", 27, "as", "not an id"),
    ("{{ site.town }}", "{{ site.city }}", 30, "name", "expected one of `town`"),
    ("far: steps.look.outcome", "far: steps.look.outcom", 31, "far", "`outcome`"),
    ("return_to: list", "return_to: papers", 34, "return_to", "inside another block"),
    ("return_to: list", "return_to: every", 34, "return_to", "not an earlier step"),
    ("return_to: list", "return_to: pause", 34, "return_to", "not an earlier step"),
    ("{for: 3 days}", "{for: 3}", 35, "for", "duration"),
    ("{for: 3 days}", "{}", 35, "wait", "one of for, until, signal"),
    ("{for: 3 days}", "{for: 3 days, until: today}", 35, "until", "second thing"),
    ("{for: 3 days}", "{for: 3 days, timeout: 1 day}", 35, "timeout", "only with signal"),
    ("until: today + days(3)", "until: inputs.amount", 36, "until", "not a date"),
    ("signal: payment", "signal: Payment!", 37, "signal", "not an id"),
    ("looks: \"steps.look.map(one, one.outcome)\"", "looks: steps.look.outcome", 39, "looks",
     "is a list"),
    ("data: steps.paid.data.amount", "data: values.far", 39, "data", "has no `far`"),
    ("data: steps.paid.data.amount", "data: site.town", 39, "data", "not known here"),
    ("definition: other", "definition: Other", 38, "definition", "not a key"),
    ("{definition: other, inputs", "{inputs", 38, "definition", "missing"),
    ("{n: inputs.amount}", "{n: inputs.amont}", 38, "n", "did you mean `amount`"),
    ("id: pause, wait", "id: pause, due: 3 days, wait", 35, "due", "a person does"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "key", "part"), FAULTS)
def test_a_wrong_block_gets_one_fault_at_its_place(
    old: str, new: str, line: int, key: str, part: str
) -> None:
    assert GOOD.count(old) == 1, f"{old!r} is no single place"
    with pytest.raises(DefinitionFaults) as refused:
        load.load(HEAD + GOOD.replace(old, new))
    faults = [one for one in refused.value.faults if not _follows(one.message, key)]
    [fault] = faults
    assert (fault.line, fault.key) == (line, key), str(fault)
    assert part in fault.message, str(fault)


def _follows(message: str, key: str) -> bool:
    """A misspelled key is also a missing one, and what it would have held is not known."""
    lost = ("is missing", "has no", "not known here")
    return key in ("branch", "step", "as") and any(words in message for words in lost)
