"""What a person does, and what decides it: every key of those steps, seen through the API."""

# ruff: noqa: E501 (definitions, a step a line)

import io
from typing import Any

import pytest

from tests.journeys.readers import GUESTS, Reader, staff

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def pdf(name: str = "a.pdf", more: bytes = b"") -> Any:
    return (io.BytesIO(PDF + more), name)


def told(answer: Any) -> list[str]:
    """The places of the faults of a refusal."""
    assert answer.status_code == 422, answer.text
    return [one["at"] for one in answer.json["errors"]]


def test_a_form_takes_every_type_and_gives_it_back(reader: Reader) -> None:
    fields = """\
  - id: f
    assign: vendor
    form:
      fields:
        - {id: t, type: text, label: T, min_length: 2, max_length: 5, pattern: "[a-z]+"}
        - {id: m, type: multiline, label: M, required: false}
        - {id: e, type: email, label: E}
        - {id: p, type: phone, label: P}
        - {id: u, type: url, label: U}
        - {id: n, type: number, label: N, min: 1, max: 10, decimals: 2}
        - {id: y, type: money, label: Y, min: 1, max: 10, currencies: [EUR, NOK]}
        - {id: d, type: date, label: D, min: today, max: 2026-12-31}
        - {id: b, type: yes_no, label: B}
        - {id: c, type: choice, label: C, options: [one, {value: two, label: Second}]}
        - {id: s, type: choices, label: S, options: [x, y, z], min: 1, max: 2}
        - id: r
          type: table
          label: R
          min: 1
          max: 2
          columns:
            - {id: w, type: text, label: W}
            - {id: v, type: number, label: V, show_if: "w == 'many'"}
"""
    good = {
        "t": "abc", "e": "a@b.example", "p": "+47 22 22 22 22", "u": "https://x.example/a",
        "n": "9.50", "y": {"amount": "9.90", "currency": "NOK"}, "d": "2026-12-01", "b": False,
        "c": "two", "s": ["x", "z"], "r": [{"w": "many", "v": 3}, {"w": "one", "v": 7}],
    }  # fmt: skip
    case = reader.start(fields)
    wrong = {
        "t": ["a", "abcdef", "ABC", "ab1", 7, "", None], "e": ["a", "a@", 7], "p": ["x"],
        "u": ["x", "javascript:alert(1)"], "n": ["0.99", "10.01", "1.234", "one", True, "NaN"],
        "y": [{"amount": "0.99", "currency": "EUR"}, {"amount": "5", "currency": "USD"}, "5"],
        "d": ["2026-11-22", "2027-01-01", "2026-02-30", "27.11.2026"], "b": ["maybe", None],
        "c": ["three", None], "s": [[], ["x", "y", "z"], ["q"]], "r": [[], [{"w": ""}] * 3],
    }  # fmt: skip
    for name, values in wrong.items():
        for value in values:
            places = told(case.try_to("f", {**good, name: value}))
            assert all(place.split("-")[0] == name for place in places), (name, value, places)
            assert places
    case.do("f", good)
    found = case.step("f")
    assert found.pop("outcome") == "completed"
    assert found == {
        **good, "m": None, "r": [{"w": "many", "v": "3"}, {"w": "one", "v": None}],
    }  # fmt: skip


def test_a_hidden_field_is_not_required_and_what_is_sent_for_it_is_dropped(reader: Reader) -> None:
    case = reader.start("""\
  - id: f
    assign: vendor
    form:
      fields:
        - {id: abroad, type: yes_no, label: A, required: false}
        - {id: land, type: text, label: L, show_if: abroad == true}
        - {id: town, type: text, label: T, show_if: "land != 'NO'"}
  - {id: g, assign: buyer, when: steps.f.land == null && steps.f.town == null, task: {}}
""")
    assert told(case.try_to("f", {"abroad": True})) == ["land"]
    case.do("f", {"abroad": False, "land": "SE", "town": "Oslo"})
    assert case.step("f") == {"outcome": "completed", "abroad": False, "land": None, "town": None}
    assert case.open == ["g"]
    empty = reader.start_again()
    empty.do("f", {"land": "SE"})
    assert empty.step("f")["land"] is None


def test_a_default_is_a_value_or_a_text_with_placeholders(reader: Reader) -> None:
    case = reader.start("""\
  - id: f
    assign: vendor
    form:
      fields:
        - {id: a, type: text, label: A, default: "{{ inputs.word }}"}
        - {id: b, type: number, label: B, default: 3}
        - {id: c, type: number, label: C, default: "{{ inputs.n * 2 }}"}
""", inputs={"word": "Sea & <Sons>", "n": "2.5"})  # fmt: skip
    case.do("f", {"c": 2})
    assert case.step("f") == {"outcome": "completed", "a": "Sea & <Sons>", "b": "3", "c": "2"}


def test_an_upload_takes_what_it_asks_for(reader: Reader) -> None:
    case = reader.start("""\
  - id: u
    assign: vendor
    upload:
      documents:
        - {id: tax, name: Tax, accept: [pdf], max_size: 1 KB, max: 2}
        - {id: plan, name: Plan, required: false}
  - id: s
    set:
      n: size(steps.u.tax)
      name: steps.u.tax[0].name
      bytes: steps.u.tax[0].size
      type: steps.u.tax[0].type
      sha: size(steps.u.tax[0].sha256)
      none: steps.u.plan == null || size(steps.u.plan) == 0
  - {id: z, assign: buyer, task: {}}
""")
    assert told(case.try_to("u", {"files": {}})) == ["tax"]
    assert told(case.try_to("u", {"files": {"tax": (io.BytesIO(b"text"), "a.txt")}})) == ["tax"]
    large = case.try_to("u", {"files": {"tax": pdf(more=b" " * 1000)}})
    assert (large.status_code, large.json["errors"][0]["at"]) == (413, "tax")
    three = {"files": {"tax": [pdf("a.pdf"), pdf("b.pdf", b"b"), pdf("c.pdf", b"c")]}}
    assert told(case.try_to("u", three)) == ["tax"]
    case.do("u", {"files": {"tax": [pdf("a.pdf"), pdf("b.pdf", b"b")]}})
    assert case.outcome("u") == "completed"
    assert case.troubles() == []
    assert case.values == {
        "n": "2", "name": "a.pdf", "bytes": str(len(PDF)), "type": "application/pdf", "sha": "64",
        "none": True,
    }  # fmt: skip


def test_a_task_is_ticked_and_its_checklist_is_ticked_by_done(reader: Reader) -> None:
    case = reader.start(
        "  - {id: t, assign: buyer, task: {instructions: 'Call {{ inputs.word }}', "
        "checklist: [one, two]}}\n",
        inputs={"word": "Ann"},
    )
    assert case.try_to("t", {"done": False}).status_code == 422
    assert case.try_to("t", {}).status_code == 422
    assert case.do("t", {"done": True, "note": "Easy."})["state"] == "done"
    assert case.outcome("t") == "completed"


REVIEW = """\
  - {id: f, assign: vendor, form: {fields: [{id: a, type: text, label: A}, {id: b, type: text, label: B}]}}
  - {id: u, assign: vendor, upload: {documents: [{id: tax, name: Tax}, {id: plan, name: Plan}]}}
  - {id: s, set: {both: steps.f.a + steps.f.b}}
  - {id: m, message: {to: [vendor], subject: "Got {{ values.both }}", body: "Thanks."}}
  - {id: r, assign: boss, approval: {show: [f, u], on_changes: {return_to: f}}}
"""


def to_review(reader: Reader) -> Any:
    case = reader.start(REVIEW)
    case.do("f", {"a": "x", "b": "y"})
    case.do("u", {"files": {"tax": pdf("tax.pdf"), "plan": pdf("plan.pdf", b"p")}})
    assert case.open == ["r"]
    return case


def test_after_changes_only_what_is_marked_is_asked_again(reader: Reader) -> None:
    case = to_review(reader)
    case.decide("r", "request_changes", items=["f.b"])
    assert case.open == ["f"]
    case.do("f", {"b": "z"})
    assert case.step("f") == {"outcome": "completed", "a": "x", "b": "z"}
    # the system steps between run again; the upload had nothing marked and stands
    assert case.open == ["r"]
    assert case.values["both"] == "xz"
    assert [mail.subject for mail in reader.mails("vera") if "Got" in mail.subject] == [
        "Got xy", "Got xz",
    ]  # fmt: skip
    assert [one["round"] for one in case.tasks("f", "done")] == [1, 2]


def test_after_changes_to_a_document_only_that_one_is_asked_again(reader: Reader) -> None:
    case = to_review(reader)
    before = case.step("u")["plan"][0]["sha256"]
    case.decide("r", "request_changes", items=["tax"])
    assert case.open == ["u"]
    case.do("u", {"files": {"tax": pdf("new.pdf", b"new")}})
    assert case.step("u")["tax"][0]["name"] == "new.pdf"
    assert case.step("u")["plan"][0]["sha256"] == before
    assert case.open == ["r"]


def test_after_changes_a_post_without_a_new_file_keeps_what_stands(reader: Reader) -> None:
    case = to_review(reader)
    case.decide("r", "request_changes", items=["tax"])
    case.do("u", {"files": {}})
    assert case.step("u")["tax"][0]["name"] == "tax.pdf"


def test_after_changes_with_nothing_marked_everything_is_asked_again(reader: Reader) -> None:
    case = to_review(reader)
    case.decide("r", "request_changes")
    assert case.open == ["f"]
    case.do("f", {"a": "p"})  # the last answers are filled in
    assert case.step("f") == {"outcome": "completed", "a": "p", "b": "y"}
    assert case.open == ["u"]
    case.do("u", {"files": {}})
    assert case.open == ["r"]
    assert [one["outcome"] for one in [case.step("f"), case.step("u")]] == ["completed"] * 2


def test_changes_and_rejections_always_carry_a_comment(reader: Reader) -> None:
    case = to_review(reader)
    assert told(case.try_to("r", {"decision": "request_changes"})) == ["comment"]
    assert told(case.try_to("r", {"decision": "reject", "comment": " "})) == ["comment"]
    assert told(case.try_to("r", {"decision": "maybe", "comment": "x"})) == ["decision"]
    assert told(case.try_to("r", {"decision": "request_changes", "comment": "x",
                                  "items": ["nothing"]})) == ["items"]  # fmt: skip
    assert case.try_to("r", {"decision": "approve"}).status_code == 200
    assert case.outcome("r") == "approved"


def test_changes_are_offered_only_where_it_is_said(reader: Reader) -> None:
    case = reader.start("  - {id: r, assign: boss, approval: {}}\n")
    answer = case.try_to("r", {"decision": "request_changes", "comment": "x"})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("rule", "state", "opens"),
    [("end", "rejected", []), ("continue", "running", ["z"]), ("{return_to: a}", "running", ["a"])],
)
def test_a_rejection_ends_goes_on_or_returns(
    rule: str, state: str, opens: list[str], reader: Reader
) -> None:
    case = reader.start(
        "  - {id: a, assign: buyer, task: {}}\n"
        f"  - {{id: r, assign: boss, approval: {{on_reject: {rule}}}}}\n"
        "  - {id: z, assign: buyer, when: steps.r.outcome == 'rejected', task: {}}\n"
    )
    case.tick("a")
    case.decide("r", "reject")
    assert (case.state, case.open) == (state, opens)


NEEDS = (
    "  - {id: r, assign: [buyer, boss, vendor], approval: {needs: NEEDS, on_reject: continue, "
    "on_changes: {return_to: a}}}\n  - {id: z, assign: buyer, task: {}}\n"
)


@pytest.mark.parametrize(
    ("needs", "decisions", "outcome"),
    [
        ("all", ["approve", "approve", "approve"], "approved"),
        ("all", ["approve", "reject"], "rejected"),
        ("any", ["reject", "approve"], "approved"),
        ("any", ["reject", "reject", "reject"], "rejected"),
        ("2", ["approve", "reject", "approve"], "approved"),
        ("2", ["reject", "approve", "reject"], "rejected"),
        ("1", ["approve"], "approved"),
        ("3", ["reject"], "rejected"),
    ],
)
def test_several_decide_under_needs(
    needs: str, decisions: list[str], outcome: str, reader: Reader
) -> None:
    first = "  - {id: a, assign: buyer, task: {}}\n"
    case = reader.start(first + NEEDS.replace("NEEDS", needs))
    case.tick("a")
    assert case.open == ["r", "r", "r"]
    for n, decision in enumerate(decisions):
        assert case.open == ["r"] * (3 - n)
        case.decide("r", decision)
    assert case.outcome("r") == outcome
    assert case.open == ["z"]
    assert len(case.tasks("r", "withdrawn")) == 3 - len(decisions)


def test_the_first_request_for_changes_decides(reader: Reader) -> None:
    case = reader.start("  - {id: a, assign: buyer, task: {}}\n" + NEEDS.replace("NEEDS", "any"))
    case.tick("a")
    case.decide("r", "request_changes")
    assert case.open == ["a"]
    assert len(case.tasks("r", "withdrawn")) == 2
    case.tick("a")
    assert case.open == ["r", "r", "r"]


def test_other_kinds_with_several_roles_are_one_task_any_may_do(reader: Reader) -> None:
    case = reader.start("  - {id: a, assign: [buyer, boss], task: {}}\n")
    assert case.open == ["a"]
    case.do("a", {"done": True}, who="ada")
    assert case.state == "completed"
    other = reader.start_again()
    other.do("a", {"done": True}, who="olga")
    assert other.state == "completed"


def test_a_team_is_asked_as_a_whole_and_one_of_them_does_it(reader: Reader) -> None:
    case = reader.start("  - {id: a, assign: finance, task: {}}\n")
    assert case.try_to("a", {"done": True}, who="olga").status_code == 403
    assert reader.mails("finn")
    assert reader.mails("fay")
    case.do("a", {"done": True}, who="fay")
    assert case.state == "completed"


def test_whoever_did_it_may_not_decide_it(reader: Reader) -> None:
    case = reader.start(
        "  - {id: a, assign: finance, task: {}}\n"
        "  - {id: r, assign: finance, approval: {separate_from: [starter, a]}}\n"
    )
    case.do("a", {"done": True}, who="finn")
    no = case.try_to("r", {"decision": "approve"}, who="finn")
    assert no.status_code == 403
    assert case.try_to("r", {"decision": "approve"}, who="fay").status_code == 200
    alone = reader.start(
        "  - {id: a, assign: buyer, task: {}}\n"
        "  - {id: r, assign: buyer, approval: {separate_from: [a]}}\n"
    )
    alone.tick("a")
    assert [one["step"] for one in alone.troubles()] == ["r"]
    mine = reader.start(
        "  - {id: r, assign: buyer, approval: {separate_from: [starter]}}\n",
        participants={"buyer": staff("dana")},
    )
    assert [one["step"] for one in mine.troubles()] == ["r"]


def test_a_signature_is_made_or_refused(reader: Reader) -> None:
    sign = (
        "  - {id: s, assign: buyer, verify: link, sign: {statement: 'I, **{{ inputs.word }}**.', "
        "methods: [typed]}}\n  - {id: z, assign: buyer, task: {}}\n"
    )
    case = reader.start(sign, inputs={"word": "Ann"})
    assert "agree" in told(case.try_to("s", {"signature": "Olga Other"}))
    assert "signature" in told(case.try_to("s", {"agree": True}))
    case.do("s", {"signature": "Olga Other", "agree": True})
    assert (case.outcome("s"), case.open) == ("completed", ["z"])
    [event] = case.events("signature.made")
    assert event["step"] == "s"


def test_a_signature_is_under_an_uploaded_document(reader: Reader) -> None:
    case = reader.start(
        "  - {id: u, assign: buyer, upload: {documents: [{id: deal, name: Deal, accept: [pdf]}]}}\n"
        "  - {id: s, assign: buyer, verify: link, sign: {document: u.deal}}\n"
    )
    case.do("u", {"files": {"deal": pdf()}})
    case.do("s", {"signature": "Olga Other", "agree": True})
    assert case.state == "completed"


def test_who_does_it_can_be_computed(reader: Reader) -> None:
    case = reader.start("""\
  - {id: f, assign: buyer, form: {fields: [{id: mail, type: email, label: M}, {id: who, type: text, label: W}]}}
  - {id: t, assign: {email: steps.f.mail, name: steps.f.who}, task: {}}
""")
    case.do("f", {"mail": "gina@guest.example", "who": "Gina"})
    [task] = case.tasks("t")
    assert task["assignee"]["email"] == "gina@guest.example"
    assert task["assignee"]["name"] == "Gina"
    assert len(reader.mails("gina")) == 1


def test_a_role_named_later_that_nobody_named_is_an_exception(reader: Reader) -> None:
    case = reader.start("  - {id: a, assign: second, task: {}}\n")
    [trouble] = case.troubles()
    assert trouble["step"] == "a"
    case.resolve("reassign", to=GUESTS["otto"])
    assert [one["assignee"]["email"] for one in case.tasks("a")] == ["otto@other.example"]
    assert case.now["participants"]["second"]["email"] == "otto@other.example"


def test_a_role_named_later_is_named_by_a_program_before_its_step_opens(reader: Reader) -> None:
    case = reader.start(
        "  - {id: a, assign: buyer, task: {}}\n  - {id: b, assign: second, task: {}}\n"
    )
    place = f"/processes/{case.id}/participants/second"
    refused = reader.ask("POST", place, json={"email": "otto"})
    assert (refused.status_code, refused.json["errors"][0]["at"]) == (422, "participants.second")
    assert reader.ask("POST", place, json=GUESTS["otto"]).status_code == 200
    assert reader.ask("POST", place, json=GUESTS["vera"]).status_code == 409
    case.do("a", {"done": True})
    assert [one["assignee"]["email"] for one in case.tasks("b")] == ["otto@other.example"]
    assert case.troubles() == []


def test_a_staff_role_left_out_is_the_owner_and_a_role_that_is_needed_is_a_fault(
    reader: Reader,
) -> None:
    case = reader.start("  - {id: a, assign: buyer, task: {}}\n", participants={"buyer": None})
    assert case.tasks("a")[0]["assignee"]["email"] == "dana@example.com"
    head = """\
key: {key}
name: P
owner: dana@example.com
roles: {{vendor: {{kind: external}}}}
"""
    reader.publish(head.format(key="needy") + "steps: [{id: a, assign: vendor, task: {}}]\n")
    answer = reader.ask("POST", "/processes", json={"definition": "needy", "inputs": {}})
    assert answer.status_code == 422


def test_skip_by_when_goes_on_and_leaves_null(reader: Reader) -> None:
    case = reader.start(
        "  - {id: a, when: inputs.n > 5, assign: buyer, task: {}}\n"
        "  - {id: b, assign: buyer, when: steps.a.outcome == null, task: {}}\n",
        inputs={"n": 1},
    )
    assert case.open == ["b"]
    assert case.outcome("a") is None


def test_an_approval_shows_only_earlier_steps_and_its_outcome_is_seen(reader: Reader) -> None:
    case = reader.start(
        "  - {id: r, assign: boss, approval: {question: 'OK {{ inputs.word }}?'}}\n"
        "  - {id: s, set: {how: steps.r.outcome, yes: steps.r.outcome == 'approved'}}\n"
        "  - {id: z, assign: buyer, task: {}}\n"
    )
    case.decide("r")
    assert case.values == {"how": "approved", "yes": True}
