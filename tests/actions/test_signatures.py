"""Signing: what is recorded, who may, what was changed meanwhile, and what a code is good for."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portal import db
from portal.access import codes, links
from portal.actions import forms, processes, signatures, tasks, troubles, uploads
from portal.actions.codes import Proof, Unproved
from portal.actor import Actor
from portal.clock import Clock
from portal.definition import statements
from portal.definition.fields import JsonSent
from portal.errors import Conflict, Faulty, NotYours, TaskDone, TooFast
from portal.ledger.findings import SOUND
from portal.ledger.tables import Entry, Outgoing
from portal.ledger.verify import verify
from portal.models import Code, FileRow, Link
from portal.readings import export
from tests import makers, people

DANA = people.staff("dana")
PROMISE = """\
  - id: promise
    name: Keep it secret
    assign: vendor
    {verify}
    sign: {{statement: "**Secret** until {{{{ today }}}}, {{{{ participants.vendor.name }}}}."}}"""
BY_LINK = PROMISE.format(verify="verify: link")
BY_CODE = PROMISE.format(verify="name: Keep it secret").replace("    name: Keep it secret\n", "", 1)
PAPERS = """\
  - {id: papers, assign: buyer, upload: {documents: [{id: contract, name: Contract}]}}"""
SEAL = """\
  - {id: seal, assign: vendor, verify: link, sign: {document: papers.contract}}"""
AFTER = """\
  - id: after
    when: steps.promise.outcome == 'rejected'
    assign: buyer
    task: {instructions: Call them.}"""


@pytest.fixture(autouse=True)
def keys() -> None:
    """The keys that links and codes are made with."""
    links.configure(("a-key-of-these-tests-that-is-long-enough",), "https://portal.example")


def behind_link(one: Any) -> Actor:
    """Vera, come in by the link of her task."""
    [link] = makers.rows(Link, task_id=one.id)
    return people.guest(one.participant_id, people.VERA, link.id)


def behind_another_link(one: Any) -> Actor:
    """Vera, come in by a second link of hers."""
    [link] = makers.rows(Link, task_id=one.id)
    with db.transaction() as tx:
        tx.execute(sa.insert(Link).values({**link._asdict(), "id": "ab" * 16}))
    return people.guest(one.participant_id, people.VERA, "ab" * 16)


def sign(process: str, step: str = "promise", **more: Any) -> Unproved | None:
    one = makers.task(process, step)
    given = {"signature": "Vera Vendor", "agrees": True, "nonce": db.new_id(), **more}
    given["actor"] = given.get("actor") or behind_link(one)
    return signatures.sign(one.id, given.pop("signature"), given.pop("agrees"), **given)


def proof(code: str | None = None, session: str = "s1", **more: Any) -> Proof:
    return Proof(session=session, page=more.pop("page", db.new_id()), code=code, **more)


def last_code(**where: Any) -> str:
    """The code that the last mail of these carries."""
    return codes.of(makers.rows(Code, **where)[-1].id)


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08d}"


# What is recorded


def test_a_signature_holds_what_was_shown_and_by_which_name() -> None:
    process = makers.start(BY_LINK)
    sign(process, signature="  Vera   Vendor ")
    [made] = makers.events(process, "signature.made")
    assert made["data"] == {
        "step": "promise", "task": made["data"]["task"], "round": 1, "method": "typed",
    }  # fmt: skip
    assert {"signature", "statement", "sha256", "agreement"} <= set(made["priv"])
    [run] = makers.runs(process, "promise")
    shown = "**Secret** until 23 Nov 2026, Vera Vendor."
    assert run.answers["statement"] == shown
    assert run.answers["sha256"] == statements.digest_of_statement(shown)
    assert (run.answers["signature"], run.outcome) == ("Vera Vendor", "completed")
    assert makers.process(process).state == "completed"
    assert [row.kind for row in makers.owed(process, "mail.receipt")] == ["mail.receipt"]


def test_a_document_is_signed_by_the_digest_of_its_bytes() -> None:
    process = makers.start(f"{PAPERS}\n{SEAL}")
    makers.send(process, "papers", makers.arrived("contract", "c"))
    sign(process, "seal")
    [run] = makers.runs(process, "seal")
    assert run.answers["sha256"] == "c" * 64
    assert run.answers["document"][0]["name"] == "contract.pdf"
    [made] = makers.events(process, "signature.made")
    assert "document" in made["priv"]
    assert "statement" not in made["priv"]


def test_without_the_document_nobody_is_asked_and_the_owner_is_told() -> None:
    steps = PAPERS.replace("name: Contract", "name: Contract, required: false")
    process = makers.start(f"{steps}\n{SEAL}")
    makers.send(process, "papers")
    [trouble] = makers.troubles(process)
    assert "nothing to sign" in trouble.message
    with pytest.raises(Faulty, match="come from a person"):
        troubles.resolve(trouble.id, "complete", "Was signed on paper.", {}, actor=DANA)


def test_a_refusal_says_why_and_the_process_goes_on() -> None:
    process = makers.start(f"{BY_LINK}\n{AFTER}")
    one = makers.task(process, "promise")
    with pytest.raises(Faulty) as refused:
        signatures.decline(one.id, " ", actor=behind_link(one))
    assert refused.value.faults[0].at == "comment"
    signatures.decline(one.id, "The date is wrong.", actor=behind_link(one))
    [run] = makers.runs(process, "promise")
    assert (run.outcome, run.answers["comment"]) == ("rejected", "The date is wrong.")
    assert "signature.declined" in makers.types(process)
    assert makers.process(process).state == "running"
    assert makers.task(process, "after")


def test_signed_and_declined_ledgers_are_sound() -> None:
    for answer in (sign, decline):
        process = makers.start(BY_LINK)
        answer(process)
        with db.reading() as conn:
            report = verify(line.encode() for line in export.lines(conn, process))
        assert report.verdict == SOUND, report


def decline(process: str) -> None:
    one = makers.task(process, "promise")
    signatures.decline(one.id, "No.", actor=behind_link(one))


def test_name_and_agreement_are_both_needed() -> None:
    process = makers.start(BY_LINK)
    with pytest.raises(Faulty) as refused:
        sign(process, signature=" ", agrees=False)
    assert [fault.at for fault in refused.value.faults] == ["signature", "agree"]
    assert "signature.made" not in makers.types(process)


def test_the_same_page_sent_twice_is_one_signature_and_another_is_too_late() -> None:
    process = makers.start(BY_LINK)
    one, nonce = makers.task(process, "promise"), db.new_id()
    for _ in range(2):
        signatures.sign(one.id, "Vera", True, nonce=nonce, actor=behind_link(one))
    with pytest.raises(TaskDone):
        signatures.sign(one.id, "Vera", True, nonce=db.new_id(), actor=behind_link(one))
    assert makers.types(process).count("signature.made") == 1


# E12: what one sees is what one signs


def test_e12_time_going_by_does_not_change_a_statement(clock: Clock) -> None:
    process = makers.start(BY_LINK)
    clock.advance(days=3)
    sign(process)
    assert "until 23 Nov 2026" in makers.runs(process, "promise")[0].answers["statement"]


def test_e12_a_statement_that_is_not_the_one_shown_is_refused() -> None:
    process = makers.start(BY_LINK)
    with pytest.raises(signatures.Changed) as refused:
        sign(process, shown=statements.digest_of_statement("Something else."))
    assert refused.value.faults[0].at == "agree"
    assert "signature.made" not in makers.types(process)


def test_e12_a_document_swapped_between_view_and_sign_is_refused() -> None:
    process = makers.start(f"{PAPERS}\n{SEAL}")
    makers.send(process, "papers", makers.arrived("contract", "c"))
    with db.transaction() as tx:
        tx.execute(sa.update(FileRow).values(sha256="d" * 64))
    with pytest.raises(signatures.Changed):
        sign(process, "seal", shown="c" * 64)
    assert "signature.made" not in makers.types(process)


def test_a_document_of_several_files_is_signed_by_the_list_of_their_digests() -> None:
    steps = PAPERS.replace("name: Contract", "name: Contract, max: 2")
    process = makers.start(f"{steps}\n{SEAL}")
    makers.send(process, "papers", makers.arrived("contract", "a"), makers.arrived("contract", "b"))
    sign(process, "seal")
    expected = statements.digest_of_files(["a" * 64, "b" * 64])
    assert makers.runs(process, "seal")[0].answers["sha256"] == expected


# Who may


def test_nobody_signs_in_anothers_place_and_no_program_for_nobody() -> None:
    process = makers.start(BY_LINK)
    for actor in (
        people.staff("dana").acting_on_behalf("She is away."),
        people.staff("ada").acting_on_behalf("She is away."),
        Actor(kind="api", id="t", name="ERP", via="api", auth="token", user_id="dana",
              role="system"),
        people.staff("olga"),
    ):  # fmt: skip
        with pytest.raises(NotYours):
            sign(process, actor=actor)
    assert "signature.made" not in makers.types(process)


def test_staff_who_are_signed_in_sign_without_a_code() -> None:
    process = makers.start(BY_CODE.replace("assign: vendor", "assign: buyer"))
    assert sign(process, actor=people.staff("dana")) is None
    [made] = makers.events(process, "signature.made")
    assert made["actor"]["auth"] == "password"


# Codes


def test_the_first_right_answer_owes_a_code_and_records_nothing() -> None:
    process = makers.start(BY_CODE)
    before = makers.types(process)
    asked = sign(process, proof=proof())
    assert isinstance(asked, Unproved)
    assert not asked.is_fault
    assert makers.types(process) == before
    [owed] = makers.owed(process, "mail.code")
    assert last_code() not in str(owed.ref)


def test_a_faulty_answer_sends_no_code() -> None:
    process = makers.start(BY_CODE)
    with pytest.raises(Faulty):
        sign(process, agrees=False, proof=proof())
    assert not makers.owed(process, "mail.code")


def test_the_right_code_completes_with_what_was_proved() -> None:
    process = makers.start(BY_CODE)
    sign(process, proof=proof())
    code = last_code()
    assert sign(process, proof=proof(f" {code[:4]} {code[4:]} ")) is None
    [made] = makers.events(process, "signature.made")
    assert made["actor"]["auth"] == "link+code"


def test_the_database_holds_no_code() -> None:
    process = makers.start(BY_CODE)
    sign(process, proof=proof())
    code = last_code()
    with db.reading() as conn:
        for model in (Code, Outgoing, Entry):
            for row in conn.execute(sa.select(model.__table__)):
                assert code not in str(row)


def test_l20_five_wrong_codes_void_it_for_the_right_one_too() -> None:
    process = makers.start(BY_CODE)
    sign(process, proof=proof())
    code = last_code()
    said = [sign(process, proof=proof(other_than(code))) for _ in range(5)]
    assert [one.is_fault for one in said if one] == [True] * 5
    assert "4 tries are left" in str(said[0])
    late = sign(process, proof=proof(code))
    assert late is not None
    assert "five entries were wrong" in late.sentence
    assert "signature.made" not in makers.types(process)


def test_l20_a_hundred_guesses_at_once_are_five() -> None:
    process = makers.start(BY_CODE)
    one = makers.task(process, "promise")
    actor = behind_link(one)
    sign(process, proof=proof())
    wrong = other_than(last_code())

    def guess(_: int) -> bool:
        said = signatures.sign(one.id, "Vera Vendor", True, proof=proof(wrong), actor=actor)
        return said is not None and said.sentence.endswith("left.")

    with ThreadPoolExecutor(8) as pool:
        counted = sum(pool.map(guess, range(100)))
    assert counted == 4  # the fifth is told that the code is void
    assert makers.rows(Code)[0].tries == 5


def test_l20_a_code_is_over_after_ten_minutes(clock: Clock) -> None:
    process = makers.start(BY_CODE)
    sign(process, proof=proof())
    code = last_code()
    clock.advance(minutes=10)
    late = sign(process, proof=proof(code))
    assert late is not None
    assert "ten minutes are over" in late.sentence


@pytest.mark.parametrize("other", ["session", "answer", "earlier", "link", "task"])
def test_l20_a_code_is_good_for_one_session_link_task_and_answer(other: str) -> None:
    process = makers.start(BY_CODE)
    elsewhere = makers.start_again()
    sign(process, proof=proof())
    code = last_code()
    more: dict[str, Any] = {"proof": proof(code)}
    if other == "session":
        more["proof"] = proof(code, session="s2")
    elif other == "answer":
        more["signature"] = "Mallory"
    elif other == "earlier":
        sign(process, proof=proof())
    elif other == "link":
        more["actor"] = behind_another_link(makers.task(process, "promise"))
    said = sign(elsewhere if other == "task" else process, **more)
    assert said is not None
    assert said.is_fault
    assert "signature.made" not in makers.types(process)


def test_the_button_pressed_twice_sends_one_code_and_asking_again_another() -> None:
    process = makers.start(BY_CODE)
    for _ in range(2):
        sign(process, proof=proof(page="one"))
    assert len(makers.owed(process, "mail.code")) == 1
    sign(process, proof=proof("", page="one", wants_new=True))
    assert len(makers.owed(process, "mail.code")) == 2


def test_ten_codes_a_link_and_day_and_no_more(clock: Clock) -> None:
    process = makers.start(BY_CODE)
    for n in range(10):
        sign(process, proof=proof(session=f"s{n}"))
    with pytest.raises(TooFast):
        sign(process, proof=proof())
    clock.advance(seconds=int(timedelta(days=1).total_seconds()))
    assert sign(process, proof=proof()) is not None


def test_without_a_page_nothing_that_takes_a_code_is_taken() -> None:
    process = makers.start(BY_CODE)
    with pytest.raises(NotYours):
        sign(process)


def test_a_code_for_a_refusal_signs_nothing() -> None:
    process = makers.start(BY_CODE)
    one = makers.task(process, "promise")
    actor = behind_link(one)
    signatures.decline(one.id, "No.", proof=proof(), actor=actor)
    code = last_code()
    said = sign(process, proof=proof(code))
    assert said is not None
    assert signatures.decline(one.id, "No.", proof=proof(code), actor=actor) is None
    assert makers.events(process, "signature.declined")[0]["actor"]["auth"] == "link+code"


# Codes on the other kinds


def test_a_form_an_upload_a_decision_and_a_to_do_can_take_a_code_too() -> None:
    steps = """\
  - {id: details, assign: vendor, verify: code, form: {fields: [{id: city, type: text, label: C}]}}
  - {id: papers, assign: vendor, verify: code, upload: {documents: [{id: scan, name: Scan}]}}
  - {id: review, assign: vendor, verify: code, approval: {question: Well?}}
  - {id: post, assign: vendor, verify: code, task: {}}"""
    process = makers.start(steps)

    def give(step: str, found: Proof) -> Unproved | None:
        one = makers.task(process, step)
        actor = behind_link(one)
        if step == "details":
            return forms.submit(one.id, JsonSent({"city": "Kiel"}), proof=found, actor=actor)
        if step == "papers":
            return uploads.submit(one.id, proof=found, actor=actor)
        if step == "review":
            return makers.approvals.decide(one.id, "approve", proof=found, actor=actor)
        return tasks.tick(one.id, proof=found, actor=actor)

    for step in ("details", "papers", "review", "post"):
        one = makers.task(process, step)
        if step == "papers":
            uploads.stage(one.id, [makers.arrived("scan")], actor=behind_link(one))
        assert isinstance(give(step, proof()), Unproved)
        assert makers.task(process, step)
        assert give(step, proof(last_code(task_id=one.id))) is None
    answers = ("form.submitted", "file.received", "upload.submitted", "approval.approved",
               "task.done")  # fmt: skip
    told = makers.events(process, *answers)
    assert [one["actor"]["auth"] for one in told] == ["link+code"] * 5
    assert makers.process(process).state == "completed"


def test_a_process_that_ended_takes_no_signature() -> None:
    process = makers.start(BY_LINK)
    one = makers.task(process, "promise")
    actor = behind_link(one)
    processes.cancel(process, "Over.", actor=people.staff("dana"))
    with pytest.raises(Exception, match="no longer needed") as refused:
        signatures.sign(one.id, "Vera", True, actor=actor)
    assert not isinstance(refused.value, Conflict)
