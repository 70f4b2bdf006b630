"""One process at the desk: what it tells, and what owner, member and auditor may do to it."""

import io
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask, request_finished

from portal import db
from portal.actions import processes, sweeps
from portal.delivery.seal import Seal
from portal.delivery.storage import Store
from portal.ledger import ed25519, record
from portal.ledger.catalogue import ReminderSent
from portal.ledger.findings import SOUND
from portal.ledger.verify import verify
from portal.models import FileRow, Trail
from tests import makers, people
from tests.bench import world
from tests.web.staff.conftest import Desk

STEPS = """\
  - id: details
    name: Company details
    assign: vendor
    due: 3 days
    form: {fields: [{id: company, type: text, label: Company}]}
  - id: papers
    assign: vendor
    upload: {documents: [{id: tax, name: Tax form, accept: [pdf]}]}
  - id: review
    name: Review it
    assign: buyer
    approval: {question: Fine?, on_changes: {return_to: details}}
  - {id: later, assign: second, task: {instructions: Sign it off.}}"""
Desks = Callable[[str], Desk]


@pytest.fixture
def process(app: object) -> str:
    return makers.start(STEPS)


def test_it_tells_who_holds_it_and_what_comes_next(desk: Desks, process: str) -> None:
    page = desk("olga").get(f"/processes/{process}")
    assert "Waiting for Vera Vendor" in page
    assert "Company details</strong></a> is with <strong>Vera Vendor" in page
    assert "Vera Vendor is reminded of" in page
    assert "“Papers” comes to Vera Vendor about" in page
    assert "When it ends can’t be told, because “" in page
    assert "Dana Owner started" in page


def test_answers_and_files_stand_under_their_labels_and_nothing_is_markup(
    desk: Desks, process: str
) -> None:
    makers.fill(process, company='<b>Sea</b> "Ltd"')
    makers.send(process, "papers", makers.arrived("tax"))
    page = desk("dana").get(f"/processes/{process}")
    assert "&lt;b&gt;Sea&lt;/b&gt; &#34;Ltd&#34;" in page
    assert "<b>Sea</b>" not in page
    assert "tax.pdf" in page
    assert "not scanned" in page


def test_a_round_that_came_back_is_told_with_its_comment(desk: Desks, process: str) -> None:
    makers.fill(process, company="Sea")
    makers.send(process, "papers", makers.arrived("tax"))
    makers.decide(process, "request_changes", comment="One digit short.", items=["company"])
    page = desk("dana").get(f"/processes/{process}")
    assert "asked for changes to Company in “Review it”" in page
    assert "One digit short." in page


def test_an_unknown_process_is_a_plain_404(desk: Desks) -> None:
    assert "no process" in desk("dana").get("/processes/nothing", status=404)


def test_cancelling_takes_a_reason_and_keeps_what_was_typed(desk: Desks, process: str) -> None:
    dana, page = desk("dana"), f"/processes/{process}"
    answer = dana.send(f"{page}/cancel", page=page, reason="  ")
    assert answer.status_code == 422
    assert "Say in a sentence why it is cancelled." in answer.text
    assert dana.send(f"{page}/cancel", page=page, reason="Merged.").status_code == 303
    assert "process.cancelled" in makers.types(process)
    shown = dana.get(page)
    assert "The process is cancelled" in shown
    assert "Merged." in shown
    assert "Cancel the process</summary>" not in shown


def test_only_owner_and_admin_are_offered_and_allowed_to_cancel(desk: Desks, process: str) -> None:
    page = f"/processes/{process}"
    olga = desk("olga")
    assert "Cancel the process" not in olga.get(page)
    assert olga.send(f"{page}/cancel", page=page, reason="No.").status_code == 403
    assert "process.cancelled" not in makers.types(process)
    assert "Cancel the process" in desk("ada").get(page)


def test_a_comment_goes_to_the_timeline(desk: Desks, process: str) -> None:
    olga, page = desk("olga"), f"/processes/{process}"
    assert olga.send(f"{page}/comments", page=page, text="").status_code == 422
    assert olga.send(f"{page}/comments", page=page, text="Called her.").status_code == 303
    shown = olga.get(page)
    assert "Olga Other wrote a comment." in shown
    assert "Called her." in shown


def test_remind_now_owes_one_reminder(desk: Desks, process: str) -> None:
    dana, page = desk("dana"), f"/processes/{process}"
    task = makers.task(process, "details")
    assert dana.send(f"{page}/tasks/{task.id}/remind", page=page).status_code == 303
    assert len(makers.owed(process, "mail.reminder")) == 1


def test_reassigning_names_the_fault_and_then_the_new_holder(desk: Desks, process: str) -> None:
    dana, page = desk("dana"), f"/processes/{process}"
    path = f"{page}/tasks/{makers.task(process, 'details').id}/reassign"
    wrong = dana.send(path, page=page, email="nobody", name="Nia New", reason="Ill.")
    assert wrong.status_code == 422
    assert 'value="Nia New"' in wrong.text
    assert "Give the e-mail address of the person who takes over." in wrong.text
    right = dana.send(path, page=page, email="nia@vendor.example", name="Nia New", reason="Ill.")
    assert right.status_code == 303
    assert "Nia New" in dana.get(page)
    assert "task.reassigned" in makers.types(process)


def test_revoking_takes_a_reason_and_leaves_the_task_open(desk: Desks, process: str) -> None:
    dana, page = desk("dana"), f"/processes/{process}"
    path = f"{page}/tasks/{makers.task(process, 'details').id}/revoke"
    assert dana.send(path, page=page, reason="").status_code == 422
    assert dana.send(path, page=page, reason="Wrong person.").status_code == 303
    assert makers.task(process, "details").state == "open"
    assert "link.revoked" in makers.types(process)


def test_a_missing_person_is_named_from_the_page(desk: Desks, process: str) -> None:
    dana, page = desk("dana"), f"/processes/{process}"
    assert "not named yet" in dana.get(page)
    path = f"{page}/participants/second"
    assert dana.send(path, page=page, email="x", name="").status_code == 422
    answer = dana.send(path, page=page, email="otto@other.example", name="Otto Other")
    assert answer.status_code == 303
    assert "not named yet" not in dana.get(page)


def test_an_exception_shows_the_runbook_and_is_tried_again(desk: Desks) -> None:
    head = makers.HEAD + "runbook: |\n  Call **them**, not <script>us</script>.\n"
    steps = "  - {id: sum, set: {total: inputs.amount + 1}}"
    process = makers.start(steps, head=head)
    [trouble] = makers.troubles(process)
    dana, page = desk("dana"), f"/processes/{process}"
    shown = dana.get(page)
    assert "<strong>them</strong>" in shown
    assert "<script>" not in shown
    assert "Stopped by one exception." in shown
    path = f"{page}/exceptions/{trouble.id}"
    assert dana.send(path, page=page, how="retry", reason="").status_code == 422
    assert dana.send(path, page=page, how="cancel", reason="No amount.").status_code == 303
    assert makers.process(process).state == "cancelled"


def test_an_exception_of_an_ended_process_is_settled_and_nothing_is_cancelled(desk: Desks) -> None:
    process = makers.start(makers.FORM)
    makers.fill(process, company="Sea")
    sweeps.note_altered(process, "Event 3 is not what it was.")
    [trouble] = makers.troubles(process)
    dana, page = desk("dana"), f"/processes/{process}"
    shown = dana.get(page)
    assert "Needs a person" in shown
    assert "Cancel the process" not in shown
    path = f"{page}/exceptions/{trouble.id}"
    assert dana.send(path, page=page, how="retry", reason="Put back.").status_code == 303
    assert "Needs a person" not in dana.get(page)
    assert makers.troubles(process, state="open") == []


def test_an_auditor_reads_all_and_is_offered_nothing_that_writes(desk: Desks, process: str) -> None:
    auditor, page = desk("aud"), f"/processes/{process}"
    shown = auditor.get(page)
    writes = [part.split('"')[0] for part in shown.split('method="post" action="')[1:]]
    assert writes == ["/logout", f"{page}/trail", "/packs"]  # evidence is theirs to take
    for path in ("/", "/processes", "/tasks?whose=all", "/timeline", "/definitions", "/people"):
        # Their own session and the filters that they keep for themselves are theirs.
        sent_to = re.findall(r'method="post" action="([^"]+)"', auditor.get(path))
        sent_to = [one for one in sent_to if not one.startswith("/views")]
        assert set(sent_to) <= {"/logout", *({"/batches"} if path == "/processes" else ())}, path


@pytest.mark.parametrize(
    "path",
    [
        "/processes/{p}/cancel", "/processes/{p}/comments", "/processes/{p}/participants/second",
        "/processes/{p}/tasks/{t}/remind", "/processes/{p}/tasks/{t}/reassign",
        "/processes/{p}/tasks/{t}/revoke", "/processes/new/demo", "/definitions/publish",
        "/people/users", "/people/tokens", "/tasks/{t}", "/tasks/{t}/claim",
    ],
)  # fmt: skip
def test_an_auditor_is_refused_every_write(desk: Desks, process: str, path: str) -> None:
    auditor, before = desk("aud"), makers.types(process)
    task = makers.task(process, "details").id
    answer = auditor.send(path.format(p=process, t=task), page="/", reason="x", text="x")
    assert answer.status_code == 403
    assert makers.types(process) == before


def test_the_ledger_comes_as_lines(desk: Desks, process: str) -> None:
    answer = desk("aud").client.get(f"/processes/{process}/ledger.jsonl")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    assert len(answer.text.strip().splitlines()) >= len(makers.types(process))


def test_what_happens_while_the_ledger_is_handed_out_does_not_make_it_incomplete(
    app: Flask, desk: Desks, process: str
) -> None:
    def meanwhile(*_: object, **__: object) -> None:
        processes.comment(process, "One moment later.", actor=people.staff("dana"))

    before, client = makers.types(process), desk("aud").client
    with request_finished.connected_to(meanwhile, app):
        answer = client.get(f"/processes/{process}/ledger.jsonl")
    key = Seal.of(app.config["SETTINGS"].data_dir).public_key
    report = verify(answer.data.splitlines(keepends=True), key=ed25519.public_key(str(key)))
    assert report.verdict == SOUND, list(report.told())
    assert report.events == len(before) < len(makers.types(process))


def test_a_file_is_only_ever_a_download(desk: Desks, process: str) -> None:
    dana = desk("dana")
    assert dana.client.get(f"/processes/{process}/files/nothing").status_code == 404
    assert dana.client.get(f"/processes/{process}/trail.pdf").status_code == 404


def test_a_file_whose_bytes_changed_is_not_handed_out_and_the_owner_is_told_once(
    desk: Desks, process: str, app: Flask
) -> None:
    store = Store(app.config["SETTINGS"].storage_dir)
    kept = store.put(io.BytesIO(b"as it came"), max_bytes=100)
    makers.fill(process, company="Sea")
    arrived = makers.arrived("tax")
    makers.send(
        process, "papers", replace(arrived, storage_id=kept.id, sha256=kept.sha256, size=kept.size)
    )
    [row] = makers.rows(FileRow, process_id=process)
    dana, place = desk("dana"), f"/processes/{process}/files/{row.id}"
    assert dana.get(place) == "as it came"
    store.path(kept.id).write_bytes(b"as it is not")
    task = makers.task(process, "review")
    for door in (place, place, f"/tasks/{task.id}/files/{row.id}"):
        assert "not handed out" in dana.get(door, 409)
    [trouble] = makers.troubles(process)
    assert (trouble.kind, trouble.message.split(" was")[0]) == ("file", "The stored file “tax.pdf”")


def test_a_trail_whose_bytes_changed_is_not_handed_out(
    desk: Desks, process: str, app: Flask
) -> None:
    store = Store(app.config["SETTINGS"].storage_dir)
    built = makers.built_trail(process, store)
    dana, place = desk("dana"), f"/processes/{process}/trail.pdf"
    assert dana.get(place) == "%PDF-1.7"
    store.delete(built)
    dana.get(place, 409)
    assert [one.kind for one in makers.troubles(process)] == ["file"]


def test_a_trail_is_built_in_the_language_chosen_and_kept_beside_the_english_one(
    desk: Desks, process: str, app: Flask
) -> None:
    store = Store(app.config["SETTINGS"].storage_dir)
    dana, page = desk("dana"), f"/processes/{process}"
    assert '<option value="ar" lang="ar">العربية</option>' in dana.get(page)
    refused = dana.send(f"{page}/trail", page=page, language="xx")
    assert "An audit trail is told in one of these: en, ar, de, es, fr, pl." in refused.text
    assert makers.rows(Trail, process_id=process) == []
    dana.send(f"{page}/trail", page=page, language="de")
    assert [row.language for row in makers.rows(Trail, process_id=process)] == ["de"]
    makers.built_trail(process, store, b"%PDF-1.7 de", "de")
    assert "in Deutsch" in dana.get(page)
    assert dana.get(f"{page}/trail.pdf?language=de") == "%PDF-1.7 de"
    dana.get(f"{page}/trail.pdf?language=en", 404)
    answer = dana.client.get(f"{page}/trail.pdf")
    assert "-de.pdf" in answer.headers["Content-Disposition"]


def test_what_was_given_says_by_whom_and_what_stood_before(desk: Desks) -> None:
    back = "{id: review, assign: buyer, approval: {on_changes: {return_to: details}}}"
    process = makers.start(f"{makers.FORM}\n  - {back}")
    makers.fill(process, company="Sea <b>")
    makers.decide(process, "request_changes", comment="Which one?")
    makers.fill(process, company="Sea Ltd")
    page = desk("dana").get(f"/processes/{process}")
    assert re.search(r', by <a href="#event-\d+">Vera Vendor</a>', page)
    assert "before: <del>Sea &lt;b&gt;</del>" in page


def test_a_process_of_many_rounds_stays_a_light_page_and_hides_none_of_them(
    app: Flask, desk: Desks
) -> None:
    process = makers.start(world.LOOP)
    for n in range(24):
        makers.fill(process, company=f"Sea {n}")
        makers.decide(process, "request_changes")
    dana, base = desk("dana"), f"/processes/{process}"
    page = dana.get(base)
    assert len(page.encode()) < 100_000
    assert "Earlier rounds (46)" in page
    assert 'value">Sea 22 <' in page
    assert "Review, round 23" in page
    assert "Review, round 2<" not in page
    seen = page
    for name in ("handoffs", "rounds"):
        following = page
        while found := re.search(rf'href="({base}\?{name}=\d+)#{name}"', following):
            following = dana.get(found[1])
            assert len(following.encode()) < 100_000
            seen += following
    assert all(f"Review, round {n}<" in seen for n in range(1, 24))
    assert '<details class="earlier" id="rounds" open>' in seen
    assert dana.get(f"{base}?rounds=9999999&handoffs=x").count("Show further rounds") <= 1


def test_the_status_says_since_when_how_often_reminded_and_to_whom_it_goes(desk: Desks) -> None:
    steps = (
        "  - id: details\n    assign: vendor\n    due: 3 days\n"
        "    escalate: [{after: 1 day, to: buyer, then: reassign}]\n    task: {}\n"
    )
    process = makers.start(steps)
    dana = desk("dana")
    page = dana.get(f"/processes/{process}")
    assert "since Mon 23 Nov; on Fri 27 Nov it goes to Dana Owner." in page
    task = makers.task(process, "details")
    for n in (1, 2):
        with db.transaction() as tx:
            reminder = ReminderSent(label="now", mail=f"m{n}", step="details", task=task.id)
            record.open_chain(tx, process).add(reminder, actor=people.CLOCK)
        often = {1: "reminded once", 2: "reminded twice"}[n]
        told = f"since Mon 23 Nov; {often}; on Fri 27 Nov it goes to Dana Owner."
        assert told in dana.get(f"/processes/{process}")
