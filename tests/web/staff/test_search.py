"""The page that finds: what matched is shown with its words marked, what did not is taught."""

import re

from portal.readings.snippets import label
from tests import makers, people
from tests.web.staff.test_lists import HEAD, Desks

STEPS = """\
  - id: details
    name: Company details
    assign: vendor
    form:
      fields:
        - {id: company, type: text, label: Company}
        - {id: story, type: multiline, label: What they do, required: false}
  - {id: papers, name: Papers, assign: vendor, upload: {documents: [{id: licence, name: Trade licence}]}}
  - {id: review, name: Review it, assign: buyer, approval: {question: Fine?}}"""  # noqa: E501


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).split())


def test_what_matched_is_shown_where_it_stands(desk: Desks, statements: list[str]) -> None:
    one = makers.start(STEPS, head=HEAD, inputs={"amount": 7}, reference="PO-2026/44")
    story = f"{'They build boats. ' * 12}Their <b>Größe</b> is known. {'And so on. ' * 12}"
    makers.fill(one, company="Søn & Co", story=story)
    makers.send(one, "papers", makers.arrived("licence"))
    dana = desk("dana")
    page = dana.get("/search?q=GROSSE son licence.pdf po-2026 vera")
    assert "<mark>Größe</mark>" in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    told = plain(page)
    for words in (
        "Company details: Company Søn &amp; Co", "Company details: What they do …",
        "Papers: Trade licence licence . pdf", "Takes part Vera Vendor", "PO - 2026 /44",
        "Deal 7", "Owner: Dana Owner", "Waiting for Dana Owner",
    ):  # fmt: skip
        assert words in told, told
    statements.clear()
    dana.get("/search?q=vera")
    assert len(statements) <= 8
    found = dana.client.get("/search.json?q=deal 7").get_json()
    assert [one_["href"] for one_ in found["items"]] == [f"/processes/{one}"]


def test_definitions_and_colleagues_are_found_beside(desk: Desks) -> None:
    makers.start(STEPS)
    assert 'href="/definitions/demo"' in desk("finn").get("/search?q=dem")
    assert "/processes?owner=olga%40example.com" in desk("dana").get("/search?q=olga")
    assert 'href="/people/olga"' in desk("ada").get("/search?q=olga other")


def test_nothing_found_and_nothing_asked_teach(desk: Desks) -> None:
    dana = desk("dana")
    assert "three letters are enough" in dana.get("/search?q=nowhere")
    assert "São Paulo" in dana.get("/search")
    assert "No process holds" in dana.get('/search?q=%00"*(')
    assert dana.client.get("/search?q=x&cursor=y").status_code == 422


def test_results_come_by_the_page(desk: Desks) -> None:
    makers.publish(STEPS, HEAD)
    ids = [makers.start_again(people.OTTO) for _ in range(30)]
    dana, path, seen = desk("dana"), "/search?q=otto", []
    while path:
        page = dana.get(path)
        seen += re.findall(r'<h2><a href="/processes/([^"]+)"', page)
        more = re.search(r'<p class="more"><a class="button quiet" href="([^"]+)"', page)
        path = more[1].replace("&amp;", "&") if more else ""
    assert seen == ids[::-1]


def test_a_place_whose_step_is_gone_keeps_a_name() -> None:
    assert label("gone.trade_name", None) == "Trade name"
    assert label("set:total_sum", None) == "Total sum"
