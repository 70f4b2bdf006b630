"""Signatures in the language: what may be signed, how, and every way to get it wrong."""

import pytest

from portal.definition.load import DefinitionFaults, load
from portal.definition.tree import DocumentOf, FormStep, SignStep

HEAD = """\
key: contract
name: Contract
owner: dana@example.com
roles:
  client: {kind: external}
  buyer: {kind: staff}
inputs: [{id: company, type: text, label: Company}, {id: sites, type: choices, options: [a, b], label: S}]
steps:
  - id: details
    assign: client
    form: {fields: [{id: city, type: text, label: City}]}
  - id: papers
    assign: buyer
    upload: {documents: [{id: contract, name: Contract}, {id: annex, name: Annex, max: 3}]}
  - id: seal
    assign: client
    sign:
      document: papers.contract
      methods: [typed, drawn]
  - id: promise
    assign: client
    verify: link
    sign: {statement: "**{{ inputs.company }}** keeps it secret."}
  - parallel:
      branches:
        - steps: [{id: left, assign: buyer, upload: {documents: [{id: scan, name: Scan}]}}]
        - steps: [{id: right, assign: client, sign: {statement: Yes I do.}}]
    id: both
  - id: sites
    each: {in: inputs.sites, as: site, steps: [{id: plan, assign: buyer, upload: {documents: [{id: map, name: Map}]}}, {id: agree, assign: client, sign: {document: plan.map}}]}
"""  # noqa: E501


def step(name: str, source: str = HEAD) -> SignStep:
    found = load(source).step(name)
    assert isinstance(found, SignStep)
    return found


def test_a_signature_stands_under_a_document_or_a_statement() -> None:
    assert step("seal").document == DocumentOf("papers", "contract")
    assert step("seal").methods == ("typed", "drawn")
    assert str(step("promise").statement) == "**{{ inputs.company }}** keeps it secret."
    assert step("agree").document == DocumentOf("plan", "map")


def test_a_signature_takes_a_code_unless_it_says_otherwise_and_a_form_does_not() -> None:
    assert (step("seal").verify, step("promise").verify) == ("code", "link")
    tree = load(HEAD.replace("    form:", "    verify: code\n    form:"))
    form = tree.step("details")
    assert isinstance(form, FormStep)
    assert form.verify == "code"
    assert load(HEAD).step("details").verify == "link"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "sentence"),
    [
        ("document: papers.contract", "document: papers", 18, "document", "STEP.DOCUMENT"),
        ("document: papers.contract", "document: [a]", 18, "document", "a list"),
        ("papers.contract", "paper.contract", 18, "document", "did you mean papers?"),
        ("papers.contract", "details.city", 18, "document", "is not an upload"),
        ("papers.contract", "papers.contact", 18, "document", "did you mean contract?"),
        ("papers.contract", "left.scan", 18, "document", "not an earlier step"),
        ("papers.contract", "plan.map", 18, "document", "not an earlier step"),
        ("{statement: Yes I do.}", "{document: left.scan}", 27, "document", "not an earlier step"),
        ("[typed, drawn]", "[scrawled]", 19, "methods", "one of typed, drawn"),
        ("[typed, drawn]", "[typed, typed]", 19, "methods", "twice"),
        (
            "      methods:",
            "      statement: Mine.\n      methods:",
            18,
            "document",
            "second thing",
        ),
        ("{statement: Yes I do.}", "{methods: [typed]}", 27, "sign", "says not what is signed"),
        ("{statement: Yes I do.}", "{statement: ''}", 27, "statement", "empty"),
        ("inputs.company }}*", "inputs.compny }}*", 23, "statement", "did you mean"),
        ("{statement: Yes I do.}", "{statment: Yes.}", 27, "statment", "did you mean statement?"),
        ("id: right, assign: client,", "id: right,", 27, "assign", "missing"),
        ("verify: link", "verify: face", 22, "verify", "one of link, code"),
    ],
)
def test_every_fault_is_told_at_its_line(
    old: str, new: str, line: int, key: str, sentence: str
) -> None:
    assert old in HEAD
    with pytest.raises(DefinitionFaults) as refused:
        load(HEAD.replace(old, new))
    told = [(one.line, one.key, one.message) for one in refused.value.faults]
    assert any(one[:2] == (line, key) and sentence in one[2] for one in told), told
