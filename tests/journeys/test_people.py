"""Who does it, who may not, and what becomes of refusals, safeguards and hand-overs."""

# ruff: noqa: E501 (definitions, a step a line)

from typing import Any

import pytest

from tests.journeys.readers import GUESTS, Reader, links, staff
from tests.journeys.strangers import forms

LAST = "  - {id: last, assign: buyer, task: {}}\n"


def test_a_refused_signature_is_a_rejection(reader: Reader) -> None:
    case = reader.start(
        "  - {id: s, assign: buyer, verify: link, sign: {statement: I do.}}\n"
        "  - {id: z, assign: buyer, when: steps.s.outcome == 'rejected', task: {}}\n"
    )
    answer = case.try_to("s", {"decline": True, "comment": "Not mine."})
    assert answer.status_code == 200, answer.text
    assert case.outcome("s") == "rejected"


def test_every_participant_is_of_the_process_and_its_data_can_be_named(reader: Reader) -> None:
    case = reader.start(
        "  - {id: m, message: {to: [vendor, second], subject: 'For {{ participants.second.name }}', body: Hello.}}\n"
        + LAST,
        participants={"second": GUESTS["otto"]},
    )
    assert [one.subject for one in reader.mails("otto")] == ["For Otto Other"]
    assert case.outcome("m") == "succeeded"


def test_a_message_to_nobody_is_an_exception(reader: Reader) -> None:
    case = reader.start("  - {id: m, message: {to: [second], subject: S, body: B}}\n" + LAST)
    assert [one["step"] for one in case.troubles()] == ["m"]


def test_a_bounced_address_is_an_exception_and_the_right_one_gets_the_mail(reader: Reader) -> None:
    reader.smtp.refusals[GUESTS["vera"]["email"]] = "550 5.1.1 No such box"
    case = reader.start("  - {id: a, assign: vendor, task: {}}\n")
    reader.send_mails()
    [trouble] = case.troubles()
    assert (trouble["step"], case.open) == ("a", ["a"])
    assert case.events("mail.bounced")
    case.resolve("reassign", to=GUESTS["otto"])
    assert len(links(reader.mails("otto")[0])) == 1
    assert case.troubles() == []


def test_a_safeguard_is_skipped_by_two_with_a_reason(reader: Reader) -> None:
    case = reader.start(
        "  - {id: s, control: true, why: Money., set: {x: 1 / inputs.n}}\n" + LAST, inputs={"n": 0}
    )
    [trouble] = [one for one in case.troubles() if one["kind"] != "control"]
    body = {"how": "skip", "reason": "It must go on."}
    path = f"/exceptions/{trouble['id']}/resolve"
    assert reader.ask("POST", path, json=body).status_code in (200, 202)
    assert case.open == []
    again = reader.ask("POST", path, json=body)
    assert case.open == [], again.text
    waiting = case.troubles()
    for one in waiting:
        reader.ask("POST", f"/exceptions/{one['id']}/resolve", "ada", json=body)
    assert case.open == ["last"]


def test_work_is_reassigned_and_both_sides_are_told(reader: Reader) -> None:
    case = reader.start("  - {id: a, assign: vendor, task: {}}\n")
    [task] = case.tasks("a")
    first = links(reader.mails("vera")[0])[0].removeprefix("https://portal.example")
    body = {"to": GUESTS["otto"], "reason": "She is away."}
    assert reader.ask("POST", f"/tasks/{task['id']}/reassign", json=body).status_code == 200
    assert len(reader.mails("vera")) == 2
    assert len(links(reader.mails("otto")[0])) == 1
    assert reader.app.test_client().get(first).status_code == 410
    assert case.tasks("a")[0]["assignee"]["email"] == GUESTS["otto"]["email"]
    assert case.events("task.reassigned")


def test_an_approval_by_people_of_one_team_is_one_task_and_two_roles_are_two(
    reader: Reader,
) -> None:
    case = reader.start("  - {id: r, assign: [finance, boss], approval: {needs: any}}\n" + LAST)
    assert case.open == ["r", "r"]
    [of_team] = [one for one in case.tasks("r") if (one["assignee"] or {}).get("kind") == "team"]
    case.decide(of_team, who="fay")
    assert case.open == ["last"]


def test_one_person_in_two_roles_is_not_two_voices(reader: Reader) -> None:
    both = {"buyer": staff("olga"), "boss": staff("olga")}
    case = reader.start(
        "  - {id: r, assign: [buyer, boss], approval: {needs: all}}\n" + LAST, participants=both
    )
    for one in case.tasks("r"):
        case.decide(one, who="olga")
    assert case.open in (["last"], [])


def test_separate_from_counts_whoever_really_did_it(reader: Reader) -> None:
    case = reader.start(
        "  - {id: a, assign: [buyer, boss], task: {}}\n"
        "  - {id: r, assign: [buyer, boss], approval: {needs: any, separate_from: [a]}}\n"
    )
    case.do("a", {"done": True}, who="olga")
    assert case.try_to("r", {"decision": "approve"}, who="olga").status_code == 403
    [one] = [one for one in case.tasks("r") if one["assignee"]["email"] == "ada@example.com"]
    case.decide(one, who="ada")
    assert case.state == "completed"


def test_in_items_only_the_item_that_was_sent_back_is_asked_again(reader: Reader) -> None:
    case = reader.start(
        "  - id: e\n    each:\n      in: inputs.tags\n      as: t\n      steps:\n"
        "        - {id: f, name: 'F{{ t }}', assign: vendor, form: {fields: [{id: x, type: text, label: X}, {id: y, type: text, label: Y}]}}\n"
        "        - {id: r, name: 'R{{ t }}', assign: boss, approval: {on_changes: {return_to: f}}}\n",
        inputs={"tags": ["a", "b"]},
    )
    for one in case.tasks("f"):
        case.do(one, {"x": one["name"], "y": "y"})
    [first] = [one for one in case.tasks("r") if one["name"] == "Ra"]
    case.decide(first, "request_changes", items=["y"])
    assert sorted(one["name"] for one in case.tasks()) == ["Fa", "Rb"]
    case.do("f", {"y": "new"})
    assert [(one["x"], one["y"]) for one in case.step("f")] == [("Fa", "new"), ("Fb", "y")]


@pytest.mark.parametrize("decision", ["reject", "request_changes"])
def test_the_comment_is_shown_where_the_work_returns(decision: str, reader: Reader) -> None:
    case = reader.start(
        "  - {id: f, assign: vendor, form: {fields: [{id: x, type: text, label: X}]}}\n"
        "  - {id: r, assign: boss, approval: {on_changes: {return_to: f}, on_reject: {return_to: f}}}\n"
    )
    case.do("f", {"x": "first answer"})
    case.do("r", {"decision": decision, "comment": "Write it in full."})
    page = page_of(reader, links(reader.mails("vera")[-1])[0])
    assert "Write it in full." in page
    assert "first answer" in page


def page_of(reader: Reader, link: str) -> str:
    """The page behind a link, its button pressed."""
    client = reader.app.test_client()
    path = link.removeprefix("https://portal.example")
    (form,) = forms(client.get(path).text)
    answer = client.post(path, data=form.hidden, follow_redirects=True)
    assert answer.status_code == 200
    return str(answer.text)


def test_a_link_in_a_message_leads_to_open_tasks_else_to_the_status(reader: Reader) -> None:
    case = reader.start(
        "  - {id: m, message: {to: [vendor], subject: Look, body: 'See {{ link }}'}}\n"
        "  - {id: a, name: Send the papers, assign: vendor, task: {}}\n" + LAST
    )
    [link] = links(next(one for one in reader.mails("vera") if one.subject == "Look"))
    assert "Send the papers" in page_of(reader, link)
    case.tick("a")
    assert page_of(reader, link)
    case.tick("last")
    assert "Completed" in page_of(reader, link)


def test_placeholders_are_escaped_on_the_page(reader: Reader) -> None:
    reader.start(
        "  - {id: a, name: 'N {{ inputs.word }}', assign: vendor, instructions: '**Bold** {{ inputs.word }}', task: {}}\n",
        inputs={"word": "<script>alert(1)</script> *x* [a](http://b.example)"},
    )
    page = page_of(reader, links(reader.mails("vera")[0])[0])
    assert "<script>alert(1)" not in page
    assert "<strong>Bold</strong>" in page
    assert "<em>x</em>" not in page
    assert 'href="http://b.example"' not in page


def test_a_running_process_moves_to_a_version_that_has_its_step(reader: Reader) -> None:
    case = reader.start("  - {id: a, assign: buyer, task: {}}\n" + LAST)
    reader.start("  - {id: a, assign: buyer, task: {}}\n  - {id: other, assign: buyer, task: {}}\n")
    body: dict[str, Any] = {"version": 2, "reason": "Better.", "dry_run": True}
    assert reader.ask("POST", f"/processes/{case.id}/migrate", json=body).status_code == 200
    assert case.now["version"] == 1
    answer = reader.ask("POST", f"/processes/{case.id}/migrate", json={**body, "dry_run": False})
    assert (answer.status_code, case.now["version"]) == (200, 2)
    case.tick("a")
    assert case.open == ["other"]


def test_a_message_to_a_team_reaches_all_of_it(reader: Reader) -> None:
    reader.start("  - {id: m, message: {to: [finance], subject: Look, body: B}}\n" + LAST)
    assert [one.subject for name in ("finn", "fay") for one in reader.mails(name)] == ["Look"] * 2


def test_a_role_and_a_team_may_do_one_task_and_whoever_does_it_is_known(reader: Reader) -> None:
    case = reader.start(
        "  - {id: f, assign: [vendor, finance], form: {fields: [{id: x, type: text, label: X}]}}\n"
        + LAST
    )
    assert case.open == ["f"]
    assert len(links(reader.mails("vera")[0])) == 1
    case.do("f", {"x": "from finance"}, who="finn")
    [event] = case.events("form.submitted")
    assert event["actor"]["name"] == "Finn Finance"
    assert case.open == ["last"]
