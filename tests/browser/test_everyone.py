"""Every page and state of the letter, judged as by a scanner, a keyboard and a small phone."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from portal import clock as house_clock
from portal.actions import links as verbs
from portal.actions import processes
from tests import makers, people
from tests.browser.pages import press
from tests.browser.test_participant import enter, fill, pdf
from tests.web.participant.conftest import link_to
from tests.web.participant.test_conditions import FORM as CONDITIONS
from tests.web.participant.test_signatures import PROMISE, SEAL
from tests.web.participant.test_tasks import DETAILS, EXE, PAPERS, REVIEW, TODO

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PHONE, DESKTOP = {"width": 320, "height": 640}, {"width": 1100, "height": 800}
# Of WCAG 2.2 AA axe leaves out the size of targets unless it is asked.
EVERY_RULE = {"rules": {"target-size": {"enabled": True}}, "resultTypes": ["violations"]}
# What sticks out at the side; what is cut off; whether the page is one letter with its parts.
LOOKED_AT = """() => {
  const all = [...document.querySelectorAll("body *")].filter(
    (one) => !one.closest(".sr, .skip, thead, svg, textarea"));
  const told = (one) => one.outerHTML.slice(0, 120);
  const isCut = (one) => !["visible", "auto"].includes(getComputedStyle(one).overflow)
    && one.clientWidth > 2
    && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1);
  return {
    wide: all.filter((one) => one.getBoundingClientRect().right > innerWidth + 1).map(told),
    cut: all.filter(isCut).map(told),
    parts: ["header", "main", "footer", "main h1"].map(
      (part) => document.querySelectorAll(`body > ${part}`).length),
  };
}"""
WHOLE = {"wide": [], "cut": [], "parts": [1, 1, 1, 1]}
# The spacing of text that a reader may set without loss, WCAG 1.4.12.
SPACED = """() => {
  const style = new CSSStyleSheet();
  style.replaceSync(`p { margin-bottom: 2em !important }
    * { line-height: 1.5 !important; letter-spacing: .12em !important;
        word-spacing: .16em !important }`);
  document.adoptedStyleSheets = [style];
}"""
# Whether whoever sent something faulty is led to what is wrong with it.
IS_LED = """() => document.activeElement.matches("#summary, [aria-invalid=true]")"""
# Whether whoever has just said something is led to what came of it.
IS_TOLD = """() => document.activeElement.matches("main [tabindex=\\"-1\\"][autofocus]")"""
TOLD = (
    "draft kept",
    "delegation asked",
    "promise told",
    "question told",
    "doubt told",
    "blocked told",
)
# Where the keyboard stands: the place in the order of the page, and whether one sees it.
STANDS = """() => {
  const one = document.activeElement;
  const how = getComputedStyle(one);
  const at = [...document.querySelectorAll("body *")].indexOf(one);
  const isSeen = how.outlineStyle !== "none" && parseFloat(how.outlineWidth) >= 2;
  return [at, isSeen, one.outerHTML.slice(0, 120)];
}"""
# What the keyboard must come to; of radio buttons it comes to one of each question.
CONTROLS = ":is(a, button, input:not([type=radio]), select, textarea, summary):not([tabindex])"
EVERY_TYPE = """\
  - id: every
    name: Tell us all there is to tell about the branch in Villingen-Schwenningen
    assign: vendor
    due: 3 days
    delegate: ask
    form:
      fields:
        - {id: web, type: url, label: Website}
        - {id: call, type: phone, label: Telephone}
        - {id: sum, type: money, label: Any money}
        - {id: land, type: choice, label: Land, options: [a, b, c, d, e, f, g, h]}
        - id: lots
          type: table
          label: Lots
          columns:
            - {id: what, type: multiline, label: What}
            - {id: price, type: money, label: Price}
            - {id: when, type: date, label: When}
            - {id: good, type: yes_no, label: Good}
            - {id: kinds, type: choices, label: Kinds, options: [x, y], min: 1}
            - {id: mail, type: email, label: Mail}"""
DRAWN = """\
  - {id: ok, assign: vendor, verify: link, sign: {statement: I agree., methods: [typed, drawn]}}"""
SEALED = f"{PAPERS}\n{SEAL}"
ASKED = makers.FORM.replace("assign: vendor,", "assign: vendor, due: 4 days, delegate: ask,")
FREE = makers.FORM.replace("assign: vendor,", "assign: vendor, due: 4 days,")

WAYS = (
    ("promise", "Name this day"),
    ("question", "Send the question"),
    ("blocked", "Tell Dana Owner"),
    ("decline", "Say that I won’t do it"),
    ("doubt", "Say so"),
    ("delegate", "Ask whether they may do it"),
)


def states(page: "Page", site: str, clock: house_clock.Clock, *, scripted: bool) -> Iterator[str]:
    """The page, brought into one state after the other; what each is called."""
    yield from _answering(page, site, scripted=scripted)
    yield from _every_kind(page, site)
    yield from _other_ways(page, site)
    yield from _all_of_mine(page, site)
    yield from _too_late(page, site, clock)


def _answering(page: "Page", site: str, *, scripted: bool) -> Iterator[str]:
    process = makers.start(f"{DETAILS}\n{PAPERS}\n{REVIEW}", participants={"second": people.OTTO})
    task = makers.task(process, "details")
    page.goto(site + link_to(task))
    yield "landing"
    press(page)
    yield "form"
    press(page, "Send the answers")
    yield "faulty form"
    if not scripted:
        page.fill("#company", "Sea")
        press(page, "Keep as a draft")
        yield "draft kept"
    fill(page)
    press(page, "Send the answers")
    yield "receipt of a form"
    page.goto(site + link_to(task))
    yield "landing of what is done"
    enter(page, site, makers.task(process, "papers"))
    yield "upload"
    press(page, "Send the documents")
    yield "faulty upload"
    page.set_input_files("#licence", [pdf()])
    page.set_input_files("#photos", [pdf("photo.png", EXE)])
    if scripted:
        page.locator(".is-faulty small").first.wait_for()
        page.locator("[data-file]").wait_for()
    else:
        press(page, "Send the documents")
    yield "file refused, other kept"
    press(page, "Send the documents")
    yield "receipt of an upload"
    enter(page, site, makers.task(process, "review"))
    yield "approval"
    press(page, "Send the decision")
    yield "faulty approval"
    page.check("[value=request_changes]")
    page.check('[value="details.fee"]')
    page.check('[value="details.sites"]')
    page.fill("#comment", "Too low.")
    press(page, "Send the decision")
    yield "receipt of a decision"
    again = makers.task(process, "details")
    enter(page, site, again)
    yield "returned"


def _every_kind(page: "Page", site: str) -> Iterator[str]:
    every = makers.task(makers.start(EVERY_TYPE), "every")
    enter(page, site, every)
    yield "every type"
    press(page, "Send the answers")
    yield "faulty every type"
    enter(page, site, makers.task(makers.start(CONDITIONS, inputs={"amount": "10"}), "details"))
    yield "conditions"
    enter(page, site, makers.task(makers.start(TODO), "post"))
    yield "to-do"
    press(page, "Mark as done")
    yield "faulty to-do"
    enter(page, site, makers.task(makers.start(DRAWN), "ok"))
    yield "sign, drawn"
    press(page, "Sign")
    yield "faulty sign, drawn"
    page.get_by_text("I do not want to sign").click()
    yield "declining a signature"
    sealed = makers.start(SEALED)
    makers.send(sealed, "papers", makers.arrived("licence"))
    enter(page, site, makers.task(sealed, "seal"))
    yield "sign a document"
    enter(page, site, makers.task(makers.start(PROMISE), "promise"))
    yield "sign, typed"
    page.fill("#signature", "Vera Vendor")
    page.check("#agree")
    press(page, "Sign")
    expect(page.locator("#code")).to_be_focused()
    yield "code asked"
    page.fill("#code", "1")
    press(page, "Sign")
    yield "faulty code"


def _other_ways(page: "Page", site: str) -> Iterator[str]:
    other = makers.task(makers.start(ASKED), "details")
    enter(page, site, other)
    yield "task with other ways"
    here = f"{site}/w/{other.id}"
    for way, button in WAYS:
        page.goto(f"{here}/{way}")
        yield way
        press(page, button)
        yield f"faulty {way}"
    page.fill("#email", "otto@other.example")
    page.fill("#name", "Otto")
    page.fill("#reason", "He knows.")
    press(page, "Ask whether they may do it")
    yield "delegation asked"
    for way, name, typed, button in (
        ("promise", "day", "2026-11-25", "Name this day"),
        ("question", "text", "Which?", "Send the question"),
        ("doubt", "text", "None.", "Say so"),
        ("blocked", "text", "No access.", "Tell Dana Owner"),
    ):  # fmt: skip
        page.goto(f"{here}/{way}")
        page.fill(f"#{name}", typed)
        press(page, button)
        yield f"{way} told"
        page.goto(f"{here}/{way}")
        yield f"{way} again"
    page.goto(here)
    yield "task with all that was told"
    page.goto(f"{here}/decline")
    page.fill("#reason", "Never.")
    press(page, "Say that I won’t do it")
    yield "declined"
    free = makers.task(makers.start(FREE), "details")
    enter(page, site, free)
    page.goto(f"{site}/w/{free.id}/delegate")
    yield "delegate freely"
    page.fill("#email", "otto@other.example")
    page.fill("#name", "Otto")
    page.fill("#reason", "He knows.")
    press(page, "Pass it on to them")
    yield "passed on"
    page.goto(f"{site}/w/{free.id}")
    yield "no longer mine"


def _all_of_mine(page: "Page", site: str) -> Iterator[str]:
    page.goto(f"{site}/w")
    yield "mine"
    page.get_by_text("Remind me on …").first.click()
    press(page, "Remind me then")
    yield "faulty reminder"
    page.goto(f"{site}/w")
    press(page, "Send me a code")
    yield "own code asked"
    page.fill("#code", "1")
    press(page, "Show all that is mine")
    yield "faulty code of my own"
    page.goto(f"{site}/fresh")
    yield "fresh"
    press(page, "Send me a link")
    yield "faulty fresh"
    page.fill("#email", "vera@vendor.example")
    press(page, "Send me a link")
    yield "link asked"
    page.goto(f"{site}/t/unknown")
    yield "unknown"


def _too_late(page: "Page", site: str, clock: house_clock.Clock) -> Iterator[str]:
    todo = makers.task(makers.start(TODO), "post")
    link = link_to(todo)
    verbs.revoke(todo.id, "Wrong address.", actor=people.staff("dana"))
    page.goto(site + link)
    yield "revoked"
    gone = makers.task(makers.start(PROMISE), "promise")
    enter(page, site, gone)
    processes.cancel(gone.process_id, "Not needed.", actor=people.staff("dana"))
    page.goto(f"{site}/w/{gone.id}")
    yield "withdrawn"
    again = makers.task(makers.start(DETAILS), "details")
    enter(page, site, again)
    page.fill("[name=company]", "Sea")
    clock.advance(hours=30)
    press(page, "Send the answers")
    yield "session over"
    press(page, "Go on")
    yield "gone on"
    clock.advance(days=40)
    page.goto(site + link_to(again))
    yield "expired"
    page.context.clear_cookies()
    page.goto(f"{site}/w/{again.id}")
    yield "no session"
    page.goto(f"{site}/w")
    yield "no session, mine"


@pytest.mark.parametrize("scripted", [True, False], ids=["desktop by night", "phone by day"])
def test_no_state_keeps_anybody_out(
    browser: "Browser", site: str, clock: house_clock.Clock, scripted: bool
) -> None:
    """Axe finds nothing; nothing sticks out or is cut off, also with text spaced as one likes."""
    page = _page(browser, scripted=scripted)
    axe, found = Axe(), {}
    for state in states(page, site, clock, scripted=scripted):
        judged = axe.run(page, options=EVERY_RULE)
        if judged.violations_count:
            found[f"{state}: axe"] = judged.generate_report()
        if state.startswith("faulty") and not page.evaluate(IS_LED):
            found[f"{state}: focus"] = page.evaluate("document.activeElement.outerHTML")[:200]
        if state in TOLD and not page.evaluate(IS_TOLD):
            found[f"{state}: focus"] = page.evaluate("document.activeElement.outerHTML")[:200]
        page.evaluate(SPACED)
        if (seen := page.evaluate(LOOKED_AT)) != WHOLE:
            found[f"{state}: spaced"] = seen
        page.evaluate("() => { document.adoptedStyleSheets = []; }")
    page.context.close()
    assert not found, "\n".join(f"{at} {told}" for at, told in found.items())


def _page(browser: "Browser", *, scripted: bool) -> "Page":
    """A desktop by night, or a small phone by day whose pages get no script of ours.

    Scripts are not switched off there, since axe is one.
    """
    size, scheme = (DESKTOP, "dark") if scripted else (PHONE, "light")
    context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    if not scripted:
        page.route("**/*.js", lambda route: route.abort())
    return page


def test_everything_is_reached_by_keyboard_and_every_change_is_told(
    browser: "Browser", site: str
) -> None:
    page = _page(browser, scripted=True)
    process = makers.start(EVERY_TYPE)
    enter(page, site, makers.task(process, "every"))
    _walk(page)
    press(page, "Send the answers")
    assert page.evaluate("document.activeElement.id") == "summary"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.type("sea.example")
    assert page.input_value("#web") == "sea.example", "a fault leads to its field"
    told = page.get_by_role("status").filter(has_text="Kept as a draft")
    told.wait_for()
    enter(page, site, makers.task(makers.start(PAPERS), "papers"))
    _walk(page)
    enter(page, site, makers.task(makers.start(DRAWN), "ok"))
    _walk(page)
    page.goto(f"{site}/w")
    _walk(page)
    page.context.close()


def _walk(page: "Page") -> None:
    """Tab from the top to the end: in the order of the page, each stop seen, and out again."""
    stops: list[int] = []
    for _ in range(200):
        page.keyboard.press("Tab")
        at, is_seen, told = page.evaluate(STANDS)
        if at < 0:
            break
        assert is_seen, told
        stops.append(at)
    assert at < 0, "the keyboard is caught"
    assert stops == sorted(stops)
    every = page.locator(CONTROLS).locator("visible=true")
    assert len(set(stops)) >= every.count()
