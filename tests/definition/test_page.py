"""Wrong definitions as a reader of the page alone would write them: each line has one fault."""

# ruff: noqa: E501 (a table, one wrong step a line)

import pytest

from portal.definition.load import DefinitionFaults, load
from tests.definition.test_schema import valid

HEAD = """\
key: page
name: Page
owner: dana@example.com
roles: {vendor: {kind: external}, buyer: {kind: staff}, finance: {kind: staff, team: finance}}
inputs: [{id: n, type: number, label: N}, {id: word, type: text, label: W}, {id: tags, type: choices, label: T, options: [a, b]}]
steps:
  - {id: f, assign: vendor, form: {fields: [{id: a, type: text, label: A}, {id: d, type: date, label: D}]}}
  - {id: u, assign: vendor, upload: {documents: [{id: tax, name: Tax}]}}
  - {id: p, parallel: {branches: [{steps: [{id: x, assign: buyer, task: {}}]}, {steps: [{id: y, assign: buyer, task: {}}]}]}}
"""
# the wrong step (line 10), the key of the fault, part of the sentence
BY_SHAPE = [
    ("{id: s, assign: vendor, form: {}}", "fields", "missing"),
    ("{id: s, assign: vendor, form: {fields: []}}", "fields", "at least one"),
    ("{id: s, assign: vendor, form: [a]}", "form", "a list"),
    ("{id: s, assign: vendor, form: {fields: [{id: a, label: A, type: text, options: [x]}]}}", "options", "one of choice, choices"),
    ("{id: s, assign: vendor, form: {fields: [{id: a, label: A, type: number, pattern: x}]}}", "pattern", "only with"),
    ("{id: s, assign: vendor, form: {fields: [{id: a, label: A, type: date, min: soon}]}}", "min", "today"),
    ("{id: s, assign: vendor, form: {fields: [{id: items, label: A, type: text}]}}", "id", "reserved"),
    ("{id: s, assign: vendor, form: {fields: [{id: a-b, label: A, type: text}]}}", "id", "not an id"),
    ("{id: s, assign: vendor, form: {fields: [{id: a, label: A, type: text}], title: x}}", "title", "not a known key"),
    ("{id: s, assign: vendor, upload: {documents: [{id: a, name: A, max_size: 5}]}}", "max_size", "25 MB"),
    ("{id: s, assign: vendor, upload: {documents: [{id: a, name: A, accept: pdf}]}}", "accept", "a list"),
    ("{id: s, assign: vendor, upload: {documents: []}}", "documents", "at least one"),
    ("{id: s, assign: buyer, approval: {on_changes: {to: f}}}", "to", "return_to"),
    ("{id: s, assign: buyer, approval: {on_changes: end}}", "on_changes", "mapping"),
    ("{id: s, assign: buyer, approval: {on_reject: skip}}", "on_reject", "continue"),
    ("{id: s, assign: buyer, approval: {separate_from: starter}}", "separate_from", "a list"),
    ("{id: s, assign: buyer, approval: {show: f}}", "show", "a list"),
    ("{id: s, assign: vendor, sign: {statement: S, methods: []}}", "methods", "at least one"),
    ("{id: s, assign: vendor, sign: {document: u}}", "document", "STEP.DOCUMENT"),
    ("{id: s, assign: vendor, task: {checklist: one}}", "checklist", "a list"),
    ("{id: s, assign: vendor, task: {checklist: []}}", "checklist", "at least one"),
    ("{id: s, assign: vendor, task: {steps: []}}", "steps", "not a known key"),
    ("{id: s, message: {to: [owner], subject: S, body: B}}", "to", "not a role"),
    ("{id: s, message: {to: [], subject: S, body: B}}", "to", "at least one"),
    ("{id: s, message: {to: [vendor], subject: S}}", "body", "missing"),
    ("{id: s, assign: vendor, message: {to: [vendor], subject: S, body: B}}", "assign", "a person does"),
    ("{id: s, call: {url: https://a.example, timeout: 5 seconds}}", "timeout", "not a known key"),
    ("{id: s, call: {url: https://a.example, method: get}}", "method", "one of GET"),
    ("{id: s, call: {url: https://a.example, retry: 5}}", "retry", "mapping"),
    ("{id: s, call: {url: https://a.example, save: [x]}}", "save", "mapping"),
    ("{id: s, call: {url: https://a.example, headers: {X: [1]}}}", "X", "a text"),
    ("{id: s, set: [x]}", "set", "mapping"),
    ("{id: s, set: {outcome: 1}}", "outcome", "reserved"),
    ("{id: s, wait: {for: tomorrow}}", "for", "duration"),
    ("{id: s, wait: {signal: go, timeout: never}}", "timeout", "duration"),
    ("{id: s, wait: {signal: Go}}", "signal", "not an id"),
    ("{id: s, wait: {until: now, signal: go}}", "signal", "second thing"),
    ("{id: s, wait: 3 days}", "wait", "mapping"),
    ("{id: s, run: {definition: other, inputs: [n]}}", "inputs", "mapping"),
    ("{id: s, run: {definition: other, version: 2}}", "version", "not a known key"),
    ("{id: s, run: other}", "run", "mapping"),
    ("{id: s, parallel: {branches: [{name: A}]}}", "steps", "missing"),
    ("{id: s, parallel: {branches: []}}", "branches", "at least one"),
    ("{id: s, parallel: [{steps: []}]}", "parallel", "mapping"),
    ("{id: s, parallel: {finish: some, branches: [{steps: []}]}}", "finish", "all, any or a number"),
    ("{id: s, choose: {when: 'true', steps: []}}", "choose", "a list"),
    ("{id: s, choose: [{when: inputs.n > 1}]}", "steps", "missing"),
    ("{id: s, choose: [{if: inputs.n > 1, when: 'true', steps: []}]}", "if", "not a known key"),
    ("{id: s, each: {in: inputs.tags, steps: [{id: z, set: {q: 1}}]}}", "as", "missing"),
    ("{id: s, each: {in: inputs.tags, as: now, steps: []}}", "as", "something else"),
    ("{id: s, each: {in: inputs.tags, as: i, steps: [{id: z, assign: buyer, task: {}, on_timeout: {after: 1 day, do: {return_to: u}}, needs: 2}]}}", "needs", "not a known key"),
    ("{id: s, each: {in: inputs.tags, as: i, over: 3, steps: []}}", "over", "not a known key"),
    ("{id: s, assign: {name: inputs.word}, task: {}}", "email", "missing"),
    ("{id: s, assign: vendor@example.com, task: {}}", "assign", "not a role"),
    ("{id: s, assign: vendor, due: next week, task: {}}", "due", "duration"),
    ("{id: s, assign: vendor, due: 0.5 business days, task: {}}", "due", "whole"),
    ("{id: s, assign: vendor, due: 3 months, task: {}}", "due", "duration"),
    ("{id: s, assign: vendor, escalate: [{after: 1 day, to: owner, then: notify}], task: {}}", "escalate", "due"),
    ("{id: s, assign: vendor, due: 1 day, escalate: [{to: owner, then: notify}], task: {}}", "after", "missing"),
    ("{id: s, assign: vendor, due: 1 day, escalate: [{after: 1 day, to: owner, then: cry}], task: {}}", "then", "notify"),
    ("{id: s, assign: vendor, due: 1 day, remind: [daily], task: {}}", "remind", "not a reminder"),
    ("{id: s, assign: vendor, due: 1 day, remind: {at_most: 3}, task: {}}", "every", "missing"),
    ("{id: s, assign: vendor, on_timeout: skip, task: {}}", "on_timeout", "mapping"),
    ("{id: s, assign: vendor, verify: sms, task: {}}", "verify", "link, code"),
    ("{id: s, assign: vendor, delegate: yes, task: {}}", "delegate", "allowed"),
    ("{id: s, assign: vendor, control: 1, task: {}}", "control", "true or false"),
    ("{id: s, assign: vendor, why: [a], task: {}}", "why", "a text"),
    ("{id: s, name: '', assign: vendor, task: {}}", "name", "empty"),
    ("{id: S1, set: {q: 1}}", "id", "not an id"),
    ("{id: true, set: {q: 1}}", "id", "small letter"),
    ("{set: {q: 1}}", "id", "missing"),
    ("{id: s}", "steps", "no kind"),
    ("{id: s, delay: {for: 3 days}}", "delay", "step kind"),
    ("{id: s, set: {q: 1}, wait: {for: 1 day}}", "wait", "second kind"),
    ("{id: s, set: {q: 1}, retry: 3}", "retry", "known key"),
]  # fmt: skip
BY_MEANING = [
    ("{id: s, assign: vendor, form: {fields: [{id: a, label: A, type: number, min: 5, max: 1}]}}", "max", "at least min"),
    ("{id: s, assign: vendor, form: {fields: [{id: a, label: A, type: choice, options: [x], default: y}]}}", "default", "does not fit"),
    ("{id: s, assign: vendor, form: {fields: [{id: a, label: A, type: yes_no, default: maybe}]}}", "default", "does not fit"),
    ("{id: s, assign: vendor, form: {fields: [{id: a, label: A, type: text, show_if: b == 'x'}]}}", "show_if", "`b` is not known"),
    ("{id: s, assign: vendor, form: {fields: [{id: a, label: A, type: text, show_if: a == 'x'}]}}", "show_if", "never shown"),
    ("{id: s, assign: vendor, form: {fields: [{id: b, label: A, type: text, show_if: c == 'x'}, {id: c, label: A, type: text, show_if: b == 'x'}]}}", "show_if", "never shown"),
    ("{id: s, assign: vendor, form: {fields: [{id: a, label: A, type: table, columns: [{id: b, label: B, type: text}], min: 3, max: 2}]}}", "max", "at least min"),
    ("{id: s, assign: vendor, upload: {documents: [{id: a, name: A}, {id: a, name: B}]}}", "id", "twice"),
    ("{id: s, assign: buyer, approval: {needs: 2}}", "needs", "from 1 to 1"),
    ("{id: s, assign: buyer, approval: {on_reject: {return_to: x}}}", "return_to", "inside another block"),
    ("{id: s, assign: buyer, approval: {separate_from: [s]}}", "separate_from", "itself"),
    ("{id: s, assign: buyer, approval: {show: [s]}}", "show", ""),
    ("{id: s, assign: buyer, approval: {question: 'Is {{ f.a }} right?'}}", "question", "`f` is not known"),
    ("{id: s, assign: vendor, sign: {document: u.tex}}", "document", "did you mean tax?"),
    ("{id: s, assign: vendor, sign: {document: f.a}}", "document", "not an upload"),
    ("{id: s, call: {url: https://a.example, retry: {times: 5, first: 0 seconds}}}", "first", "more than nothing"),
    ("{id: s, call: {url: https://a.example, save: {x: json.id}}}", "x", "`json` is not known"),
    ("{id: s, set: {x: response.status}}", "x", "`response` is not known"),
    ("{id: s, set: {x: inputs.m}}", "x", "expected one of `n`"),
    ("{id: s, set: {x: steps.f.b}}", "x", "no `b`"),
    ("{id: s, set: {x: steps.z.a}}", "x", "no `z`"),
    ("{id: s, set: {x: values.q}}", "x", "no `q`"),
    ("{id: s, set: {x: participants.boss.email}}", "x", "no `boss`"),
    ("{id: s, set: {x: participants.buyer.phone}}", "x", "no `phone`"),
    ("{id: s, set: {x: steps.x.result}}", "x", "no `result`"),
    ("{id: s, set: {x: inputs.word.upper()}}", "x", "not a function"),
    ("{id: s, set: {x: 1 +}}", "x", "missing at its end"),
    ("{id: s, set: {x: 'inputs.n ='}}", "x", "single ="),
    ("{id: s, set: {x: \"'open\"}}", "x", "read as an expression"),
    ("{id: s, wait: {until: soon}}", "until", "`soon` is not known"),
    ("{id: s, wait: {until: inputs.word}}", "until", "not a date"),
    ("{id: s, run: {definition: other, participants: {who: participants.boss}}}", "who", "no `boss`"),
    ("{id: s, parallel: {finish: 2, branches: [{steps: []}]}}", "finish", "from 1 to 1"),
    ("{id: s, choose: [{when: inputs.word, steps: []}]}", "when", "not a condition"),
    ("{id: s, each: {in: inputs.n, as: i, steps: []}}", "in", "not a list"),
    ("{id: s, each: {in: inputs.tags, as: i, steps: [{id: z, set: {q: i.name}}]}}", "q", "a text"),
    ("{id: s, assign: [vendor, nobody], task: {}}", "assign", "not a role"),
    ("{id: s, assign: {email: inputs.n}, task: {}}", "email", "text"),
    ("{id: s, set: {x: 2026-12-01}}", "x", "date("),
    ("{id: s, assign: vendor, due: {at: inputs.n}, task: {}}", "at", "not a date"),
    ("{id: s, assign: vendor, due: {at: 2026-12-01}, task: {}}", "at", "date("),
    ("{id: s, assign: vendor, on_timeout: {after: 1 day, do: {return_to: s}}, task: {}}", "return_to", "itself"),
    ("{id: s, assign: vendor, on_timeout: {after: 1 day, do: {return_to: y}}, task: {}}", "return_to", "inside another block"),
    ("{id: s, assign: vendor, link_for: 100 days, task: {}}", "link_for", "at most 90 days"),
    ("{id: s, assign: vendor, instructions: '{{ inputs.x }}', task: {}}", "instructions", "no `x`"),
    ("{id: s, assign: vendor, when: inputs.n, task: {}}", "when", "not a condition"),
    ("{id: s, assign: vendor, when: 'i > 1', task: {}}", "when", "`i` is not known"),
    ("{id: s, name: '{{ nothing }}', assign: vendor, task: {}}", "name", "not known"),
    ("{id: f, set: {q: 1}}", "id", "first on line 7"),
]  # fmt: skip


@pytest.mark.parametrize(("step", "key", "part"), [*BY_SHAPE, *BY_MEANING])
def test_a_wrong_step_gets_one_fault_that_says_what_to_do(step: str, key: str, part: str) -> None:
    with pytest.raises(DefinitionFaults) as refused:
        load(f"{HEAD}  - {step}\n")
    [fault] = refused.value.faults
    assert (fault.line, fault.key) == (10, key), str(fault)
    assert part in fault.message, str(fault)
    assert "expected" in fault.message or "did you mean" in fault.message, str(fault)


@pytest.mark.parametrize("step", [one[0] for one in BY_SHAPE])
def test_what_is_wrong_by_its_shape_does_not_fit_the_schema(step: str) -> None:
    assert not valid(f"{HEAD}  - {step}\n")
