"""Deciding: who, what it takes, and where it leads."""

import pytest

from portal.actions import approvals, handoffs, processes, tasks
from portal.errors import Faulty, NotYours, TaskWithdrawn, Unknown
from portal.models import Participant, Task
from tests import makers, people

DANA = people.staff("dana")
STEPS = """\
  - id: details
    assign: vendor
    form: {fields: [{id: company, type: text, label: Company}, {id: city, type: text, label: City}]}
  - id: papers
    assign: vendor
    upload: {documents: [{id: licence, name: Licence}, {id: extra, name: Extra, required: false}]}
  - id: note
    set: {greeting: "'Hello ' + steps.details.company"}
  - id: check
    assign: buyer
    task: {instructions: Look at it.}
  - id: review
    assign: buyer
    approval:
      question: Is it all right?
      show: [details, papers]
      on_changes: {return_to: details}
"""


def ready() -> str:
    """A process that waits for its review."""
    process = makers.start(STEPS)
    makers.fill(process, company="Sea", city="Kiel")
    makers.send(process, "papers", makers.arrived("licence"))
    makers.tick(process, "check")
    return process


def several(needs: str) -> str:
    """A process that waits for the decisions of a vendor and a buyer."""
    steps = (
        "  - id: review\n    assign: [vendor, buyer, finance]\n    approval:\n"
        f"      question: Well?\n      needs: {needs}\n"
    )
    return makers.start(steps)


def of(process: str, email: str | None) -> object:
    """The review's task of the person with that address; of the team without one."""
    people_ = {row.id: row.email for row in makers.rows(Participant, process_id=process)}
    return next(
        row
        for row in makers.rows(Task, process_id=process, step="review")
        if people_[row.participant_id] == email
    )


def test_approving_goes_on() -> None:
    process = ready()
    makers.decide(process)
    assert makers.process(process).state == "completed"
    assert makers.runs(process, "review")[0].outcome == "approved"


def test_marked_items_open_only_their_steps_and_ask_only_for_them() -> None:
    process = ready()
    makers.decide(process, "request_changes", items=["city"], comment="Wrong city.")
    one = makers.task(process, "details")
    again = makers.runs(process, "details")[-1]
    assert (one.round, again.only, again.comment) == (2, ["city"], "Wrong city.")
    assert again.answers == {"company": "Sea", "city": "Kiel"}
    makers.fill(process, city="Bremen")
    assert makers.runs(process, "details")[-1].answers == {"company": "Sea", "city": "Bremen"}
    assert makers.task(process, "review").round == 2
    assert len(makers.runs(process, "papers")) == 1
    assert len(makers.runs(process, "check")) == 1
    assert len(makers.runs(process, "note")) == 2


def test_items_of_two_steps_open_one_after_the_other() -> None:
    process = ready()
    makers.decide(process, "request_changes", items=["details.city", "papers.licence"])
    makers.fill(process, city="Bremen")
    assert makers.runs(process, "papers")[-1].only == ["licence"]
    makers.send(process, "papers", makers.arrived("licence", "b"))
    assert makers.task(process, "review").round == 2


def test_nothing_marked_runs_everything_between_again() -> None:
    process = ready()
    makers.decide(process, "request_changes", comment="All of it.")
    makers.fill(process, company="Sea", city="Bremen")
    assert makers.runs(process, "papers")[-1].comment == "All of it."
    makers.send(process, "papers")
    makers.tick(process, "check")
    makers.decide(process)
    assert makers.process(process).state == "completed"
    [returned] = makers.events(process, "step.returned")
    assert returned["data"] == {"step": "review", "to": "details", "why": "changes_requested",
                                "items": []}  # fmt: skip


def test_unknown_items_missing_comments_and_foreign_decisions_are_faults() -> None:
    process = ready()
    for decision, more, at in (
        ("request_changes", {"items": ["nonsense"]}, "items"),
        ("request_changes", {"comment": " "}, "comment"),
        ("reject", {"comment": ""}, "comment"),
        ("sign", {}, "decision"),
    ):
        with pytest.raises(Faulty) as refused:
            makers.decide(process, decision, **more)
        assert [fault.at for fault in refused.value.faults] == [at]
    assert makers.task(process, "review").state == "open"


def test_marks_without_a_request_for_changes_are_not_dropped_in_silence() -> None:
    process = ready()
    for decision in ("approve", "reject"):
        with pytest.raises(Faulty) as refused:
            makers.decide(process, decision, comment="Fine.", items=["company"])
        assert [fault.at for fault in refused.value.faults] == ["items"]
    assert makers.task(process, "review").state == "open"


def test_a_rejection_ends_the_process() -> None:
    process = ready()
    makers.decide(process, "reject")
    assert makers.process(process).state == "rejected"
    assert makers.types(process)[-1] == "process.rejected"


def test_a_rejection_may_go_back_or_on() -> None:
    for way, state, step in (
        ("{return_to: details}", "running", "details"),
        ("continue", "running", "after"),
    ):
        process = makers.start(
            f"{makers.FORM}\n"
            "  - id: review\n    assign: buyer\n"
            f"    approval: {{question: Well, on_reject: {way}}}\n"
            "  - id: after\n    assign: buyer\n    task: {instructions: Go on}\n"
        )
        makers.fill(process, company="Sea")
        makers.decide(process, "reject")
        assert makers.process(process).state == state
        assert makers.task(process, step).state == "open"


def test_all_must_approve_and_the_first_rejection_decides() -> None:
    process = several("all")
    makers.decide(process, one=of(process, "vera@vendor.example"))
    makers.decide(process, one=of(process, None), actor=people.staff("finn"))
    assert makers.process(process).state == "running"
    makers.decide(process, one=of(process, "dana@example.com"))
    assert makers.process(process).state == "completed"
    process = several("all")
    makers.decide(process, "reject", one=of(process, "vera@vendor.example"))
    assert makers.process(process).state == "rejected"
    assert {row.state for row in makers.rows(Task, process_id=process)} == {
        "done",
        "withdrawn",
    }


def test_any_approves_alone_and_the_others_are_told_once() -> None:
    process = several("any")
    makers.decide(process, "reject", one=of(process, "dana@example.com"))
    assert makers.process(process).state == "running"
    makers.decide(process, one=of(process, None), actor=people.staff("finn"))
    assert makers.process(process).state == "completed"
    assert len(makers.owed(process, "mail.withdrawn")) == 1
    with pytest.raises(TaskWithdrawn):
        makers.decide(process, one=of(process, "vera@vendor.example"))


def test_a_number_is_rejected_once_it_cannot_be_reached() -> None:
    process = several("2")
    makers.decide(process, "reject", one=of(process, "dana@example.com"))
    assert makers.process(process).state == "running"
    makers.decide(process, "reject", one=of(process, "vera@vendor.example"))
    assert makers.process(process).state == "rejected"


def two_roles(needs: str, first: str, second: str) -> str:
    """A process whose review two roles decide, played by these members of staff."""
    head = makers.HEAD.replace("  finance:", "  lead: {kind: staff, name: Lead}\n  finance:")
    return makers.start(
        "  - id: review\n    assign: [buyer, lead]\n"
        f"    approval: {{question: Well, needs: {needs}}}\n",
        head=head,
        participants={
            "buyer": {"email": f"{first}@example.com"},
            "lead": {"email": f"{second}@example.com"},
        },
    )


def test_who_is_named_for_two_roles_is_asked_once() -> None:
    process = two_roles("all", "olga", "olga")
    makers.decide(process)
    assert makers.process(process).state == "completed"
    assert len(makers.rows(Task, process_id=process)) == 1


def test_two_votes_take_two_people() -> None:
    process = two_roles("2", "olga", "olga")
    [trouble] = makers.troubles(process)
    assert (trouble.kind, trouble.step) == ("nobody", "review")
    assert makers.rows(Task, process_id=process) == []


def test_a_second_vote_is_not_handed_to_whoever_has_one() -> None:
    process = two_roles("all", "olga", "finn")
    hers, his = of(process, "olga@example.com"), of(process, "finn@example.com")
    for _ in range(2):  # while she holds her own, and after she gave it
        with pytest.raises(Faulty) as refused:
            tasks.reassign(his.id, {"email": "olga@example.com"}, "Away.", actor=DANA)
        assert [fault.at for fault in refused.value.faults] == ["to.email"]
        if makers.task(process, "review", id=hers.id, state=hers.state).state == "open":
            makers.decide(process, one=hers)
            hers = makers.task(process, "review", state="done")
    tasks.reassign(his.id, {"email": "fay@example.com"}, "Away.", actor=DANA)
    makers.decide(process)
    assert makers.process(process).state == "completed"


def test_a_vote_of_the_team_comes_from_somebody_who_has_none() -> None:
    process = makers.start(
        "  - id: review\n    assign: [buyer, finance]\n"
        "    approval: {question: Well, needs: all}\n",
        participants={"buyer": {"email": "finn@example.com"}},
    )
    offered = of(process, None)
    for verb in (approvals.decide, tasks.claim):
        given = ("approve",) if verb is approvals.decide else ()
        with pytest.raises(NotYours, match="one vote"):
            verb(offered.id, *given, actor=people.staff("finn"))
    makers.decide(process, one=offered, actor=people.staff("fay"))
    makers.decide(process, one=of(process, "finn@example.com"))
    assert makers.process(process).state == "completed"


def test_a_team_whose_members_all_have_a_vote_is_not_asked_again() -> None:
    process = makers.start(
        "  - id: review\n    assign: [buyer, second, finance]\n"
        "    approval: {question: Well, needs: all}\n",
        head=makers.HEAD.replace("second: {kind: external", "second: {kind: staff"),
        participants={
            "buyer": {"email": "finn@example.com"},
            "second": {"email": "fay@example.com"},
        },
    )
    assert len(makers.rows(Task, process_id=process)) == 2


def test_an_owner_may_stand_in_for_another_and_give_an_own_vote() -> None:
    process = several("all")
    offered = of(process, None)
    approvals.decide(offered.id, "approve", actor=DANA.acting_on_behalf("Both are ill."))
    makers.decide(process, one=of(process, "dana@example.com"))
    makers.decide(process, one=of(process, "vera@vendor.example"))
    assert makers.process(process).state == "completed"


def separate(from_: str, assign: str) -> str:
    """A process whose review is separate from something."""
    process = makers.start(
        "  - id: check\n    assign: buyer\n    task: {instructions: Look}\n"
        f"  - id: review\n    assign: {assign}\n"
        f"    approval: {{question: Well, separate_from: [{from_}]}}\n",
        participants={"buyer": {"email": "finn@example.com"}},
    )
    makers.tick(process, "check")
    return process


def test_who_did_the_step_may_not_decide_on_it() -> None:
    process = separate("check", "finance")
    one = makers.task(process, "review")
    with pytest.raises(NotYours):
        makers.decide(process, actor=people.staff("finn"))
    makers.decide(process, one=one, actor=people.staff("fay"))
    assert makers.process(process).state == "completed"
    assert makers.task(process, "review", state="done").holder_id == "fay"


def test_who_did_the_step_may_not_take_the_decision_from_the_team_either() -> None:
    process = separate("check", "finance")
    one = makers.task(process, "review")
    for take in (tasks.claim, handoffs.take_up):
        with pytest.raises(NotYours, match="You took part"):
            take(one.id, actor=people.staff("finn"))
    assert makers.task(process, "review").holder_id is None
    makers.decide(process, one=one, actor=people.staff("fay"))


def test_who_did_it_may_not_decide_on_behalf_either() -> None:
    process = separate("starter", "finance")
    with pytest.raises(NotYours):
        makers.decide(process, actor=people.staff("dana").acting_on_behalf("Fay is ill."))


def test_nobody_left_to_decide_is_an_exception() -> None:
    process = separate("check", "buyer")
    [trouble] = makers.troubles(process, state="open")
    assert (trouble.kind, trouble.step) == ("nobody", "review")
    assert makers.process(process).n_troubles == 1
    assert len(makers.owed(process, "mail.trouble")) == 1


def test_separation_minds_the_doers_of_every_round() -> None:
    process = makers.start(
        "  - id: check\n    assign: finance\n    task: {instructions: Look}\n"
        "  - id: review\n    assign: buyer\n"
        "    approval: {question: Well, on_changes: {return_to: check}}\n"
        "  - id: last\n    assign: finance\n"
        "    approval: {question: Sure, separate_from: [check]}\n"
    )
    tasks.tick(makers.task(process, "check").id, actor=people.staff("fay"))
    makers.decide(process, "request_changes")
    tasks.tick(makers.task(process, "check").id, actor=people.staff("finn"))
    makers.decide(process)
    [trouble] = makers.troubles(process, state="open")
    assert trouble.kind == "nobody"


def test_a_stranger_sees_nothing_and_staff_are_told_whose_it_is() -> None:
    process = ready()
    one = makers.task(process, "review")
    with pytest.raises(Unknown):
        makers.decide(process, actor=people.guest("mallory", people.OTTO))
    with pytest.raises(NotYours):
        makers.decide(process, actor=people.staff("olga"))
    approvals.decide(one.id, "approve", actor=people.staff("ada").acting_on_behalf("Dana is away."))
    [event] = makers.events(process, "approval.approved")
    assert event["actor"]["on_behalf"] is True
    assert "actor.reason" in event["priv"]


def test_a_cancelled_process_takes_no_decision() -> None:
    process = ready()
    one = makers.task(process, "review")
    processes.cancel(process, "Not needed.", actor=people.staff("dana"))
    with pytest.raises(TaskWithdrawn):
        makers.decide(process, one=one)
