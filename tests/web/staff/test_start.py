"""Starting from a form, publishing, and keeping people: faults beside their place."""

import io
import re
from collections.abc import Callable

from portal import db
from portal.readings import lists
from tests import makers
from tests.web.staff.conftest import Desk

Desks = Callable[[str], Desk]
PATH = "/processes/new/demo"
HEAD = makers.HEAD + (
    "  - {id: company, type: text, label: Company name}\n"
    "  - {id: kind, type: choice, label: Kind, options: [small, large]}\n"
    "  - {id: sites, type: table, label: Sites, required: false, columns: "
    "[{id: town, type: text, label: Town}]}\n"
)


def started() -> int:
    with db.reading() as conn:
        from portal import clock

        return len(lists.processes(conn, lists.ProcessFilters(), clock.now()).items)


def test_every_fault_stands_beside_its_field_and_what_was_typed_stays(desk: Desks) -> None:
    makers.publish(makers.FORM, HEAD)
    answer = desk("dana").send(
        PATH, amount="lots", company="<Sea>", kind="huge",
        **{"_vendor-email": "", "_reference": "R1"},
    )  # fmt: skip
    assert answer.status_code == 422
    for kept in ('value="lots"', 'value="&lt;Sea&gt;"', 'value="R1"'):
        assert kept in answer.text
    for at in ('href="#amount"', 'href="#kind"', 'href="#_vendor-email"'):
        assert at in answer.text
    assert started() == 0


def test_a_start_sent_twice_from_one_page_is_one_process(desk: Desks) -> None:
    makers.publish(makers.FORM, HEAD)
    dana = desk("dana")
    page = dana.get(PATH)
    hidden = {name: page.split(f'name="{name}" value="')[1].split('"')[0]
              for name in ("_csrf", "_nonce")}  # fmt: skip
    sent = {
        **hidden, "company": "Sea", "kind": "small", "sites-1-town": "Kiel",
        "_vendor-email": "vera@vendor.example", "_vendor-name": "Vera", "_reference": "R-7",
    }  # fmt: skip
    first, second = dana.client.post(PATH, data=sent), dana.client.post(PATH, data=sent)
    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    assert started() == 1
    shown = dana.get(first.location)
    assert "R-7" in shown
    assert "Town: Kiel" in shown


def test_more_rows_are_shown_and_nothing_is_started(desk: Desks) -> None:
    makers.publish(makers.FORM, HEAD)
    answer = desk("dana").send(PATH, _more="sites", company="Sea", **{"_rows-sites": "3"})
    assert answer.status_code == 200
    assert 'name="sites-6-town"' in answer.text
    assert 'value="Sea"' in answer.text
    assert started() == 0


def test_a_person_who_does_not_exist_is_a_fault_at_the_role(desk: Desks) -> None:
    makers.publish(makers.FORM, HEAD)
    answer = desk("dana").send(
        PATH, company="Sea", kind="small",
        **{"_vendor-email": "vera@vendor.example", "_buyer-email": "ghost@example.com"},
    )  # fmt: skip
    assert answer.status_code == 422
    assert 'href="#_buyer-email"' in answer.text


def test_publishing_tells_every_fault_at_its_line(desk: Desks) -> None:
    dana = desk("dana")
    head = makers.HEAD.replace("kind: staff", "kind: stuff")
    wrong = f"{head}steps:\n{makers.FORM}\ncolour: red\n"
    answer = dana.send("/definitions/publish", text=wrong)
    assert answer.status_code == 422
    assert answer.text.count("<strong>Line ") == 3
    assert "colour: red" in answer.text
    right = f"{makers.HEAD}steps:\n{makers.FORM}\n"
    answer = dana.send("/definitions/publish", file=(io.BytesIO(right.encode()), "demo.yaml"))
    assert (answer.status_code, answer.location) == (303, "/definitions/demo"), answer.text
    assert "Version 1 is published." in dana.get("/definitions/demo")
    dana.send("/definitions/publish", text=right)
    assert "published already" in dana.get("/definitions/demo")


def test_a_version_without_a_safeguard_takes_a_second_press(desk: Desks) -> None:
    dana = desk("dana")
    text = f"{makers.HEAD}steps:\n{makers.FORM}\n"
    guarded = text.replace("assign:", "control: true, assign:")
    dana.send("/definitions/publish", text=guarded)
    answer = dana.send("/definitions/publish", text=text)
    assert answer.status_code == 422
    assert "no longer calls a safeguard" in answer.text
    assert "version 1" in dana.get("/definitions/demo")
    without = re.search(r'name="without" value="([^"]+)"', answer.text)
    assert without
    unseen = guarded.replace("details", "other")
    assert dana.send("/definitions/publish", text=unseen, without=without[1]).status_code == 422
    answer = dana.send("/definitions/publish", text=text, without=without[1])
    assert answer.status_code == 303
    assert "Version 2 is published." in dana.get("/definitions/demo")


def test_the_owner_confirms_that_a_definition_is_still_right(desk: Desks) -> None:
    makers.publish(makers.FORM, makers.HEAD + "review_every: 90 days\n")
    page, dana = "/definitions/demo", desk("dana")
    assert "every 90 days" in dana.get(page)
    assert "It still holds" in dana.get(page)
    assert dana.send(f"{page}/confirm", page=page).location == page
    assert "confirmed version 1." in dana.get(page)
    olga = desk("olga")
    assert "It still holds" not in olga.get(page)
    assert olga.send(f"{page}/confirm", page="/").status_code == 403


def test_what_is_no_text_is_refused_in_a_sentence(desk: Desks) -> None:
    dana = desk("dana")
    for sent in (
        {"text": ""},
        {"file": (io.BytesIO(b"\xff\xfe\x00"), "x.yaml")},
        {"file": (io.BytesIO(b"a" * 600_000), "x.yaml")},
        {"text": "a: *b"},
        {"text": "[" * 5000},
        {"text": "key: \x00"},
    ):
        assert dana.send("/definitions/publish", **sent).status_code == 422


def test_people_are_added_and_a_token_is_shown_once(desk: Desks) -> None:
    ada = desk("ada")
    wrong = ada.send("/people/users", page="/people", email="x", name="Nia", role="king")
    assert wrong.status_code == 422
    assert 'value="Nia"' in wrong.text
    sent = {"email": "nia@example.com", "name": "Nia", "role": "member", "password": "long enough"}
    assert ada.send("/people/users", page="/people", teams="legal", **sent).status_code == 303
    page = ada.get("/people")
    assert "nia@example.com" in page
    assert "legal" in page
    typed = {"name": "ERP", "email": "ada@example.com"}
    none = ada.send("/people/tokens", page="/people", **typed)
    assert none.status_code == 422, "it is said what a token is good for"
    made = ada.send("/people/tokens", page="/people", scopes=["read", "start"], **typed)
    token = made.text.split('<code class="once">')[1].split("<")[0]
    assert len(token) > 30
    again = ada.get("/people")
    assert token not in again
    revoke = again.split('action="/people/tokens/')[1].split('"')[0]
    if revoke:
        path = "/people/tokens/" + revoke
        assert ada.send(path, page="/people").status_code == 303
    assert "No program may call yet" in ada.get("/people")


def test_members_may_not_keep_people(desk: Desks) -> None:
    sent = {"email": "a@example.com", "name": "A", "role": "admin"}
    answer = desk("olga").send("/people/users", page="/", **sent)
    assert answer.status_code == 403
