"""Blocks within blocks: calls, runs, choices, waits and values of each item."""

# ruff: noqa: E501 (definitions, a step a line)

from tests.delivery.receivers import answering, receiver
from tests.journeys.readers import GUESTS, HEAD, Case, Reader

LAST = "  - {id: last, assign: buyer, task: {}}\n"
TOWNS = {"sites": [{"town": "Oslo", "size": 1}, {"town": "Bern", "size": 20}]}


def test_each_item_calls_chooses_and_keeps_its_own_values(reader: Reader) -> None:
    with receiver(answering(200, b'{"id": 7}', content_type="application/json")) as there:
        case = reader.start(
            "  - id: e\n    each:\n      in: inputs.sites\n      as: site\n      steps:\n"
            f"        - {{id: k, call: {{url: '{there.url}/{{{{ site.town }}}}', json: {{size: '{{{{ site.size }}}}', n: '{{{{ site_index }}}}'}}, save: {{found: response.json.id + site.size}}}}}}\n"
            "        - {id: c, choose: [{when: values.found > 10, steps: [{id: big, name: 'Big {{ site.town }}', assign: buyer, task: {}}]}, {otherwise: true, steps: [{id: small, name: 'Small {{ site.town }}', assign: buyer, task: {}}]}]}\n"
            "        - {id: s, set: {twice: values.found * 2}}\n"
            "  - {id: sum, set: {outcomes: 'steps.k.map(one, one.outcome)', n: size(steps.s)}}\n"
            + LAST,
            inputs=TOWNS,
        )
    assert sorted(got.path for got in there.requests) == ["/Bern", "/Oslo"]
    assert len({got.headers["idempotency-key"] for got in there.requests}) == 2
    assert {got.body for got in there.requests} == {b'{"size": 1, "n": 0}', b'{"size": 20, "n": 1}'}
    assert sorted(one["name"] for one in case.tasks()) == ["Big Bern", "Small Oslo"]
    case.tick("big", "small")
    assert case.troubles() == []
    assert case.values["outcomes"] == ["succeeded", "succeeded"]
    assert "found" not in case.values
    assert case.open == ["last"]


def test_each_item_runs_a_process_of_its_own(reader: Reader) -> None:
    reader.publish(
        "key: inner\nname: Inner\nowner: dana@example.com\nroles: {who: {kind: external}}\n"
        "inputs: [{id: x, type: text, label: X}]\nsteps:\n"
        "  - {id: ask, assign: who, form: {fields: [{id: z, type: number, label: Z}]}}\n"
        "  - {id: sum, set: {total: steps.ask.z * 10}}\n"
    )
    case = reader.start(
        "  - id: e\n    each:\n      in: inputs.sites\n      as: site\n      steps:\n"
        "        - {id: r, run: {definition: inner, inputs: {x: site.town}, participants: {who: participants.vendor}}}\n"
        "  - {id: sum, set: {all: 'steps.r.map(one, one.values.total)'}}\n" + LAST,
        inputs=TOWNS,
    )
    children = [
        Case(reader, one["id"]) for one in reader.get("/processes?definition=inner")["items"]
    ]
    assert sorted(one.now["inputs"]["x"] for one in children) == ["Bern", "Oslo"]
    for child in children:
        child.do("ask", {"z": 1 if child.now["inputs"]["x"] == "Oslo" else 2})
    assert case.values == {"all": ["10", "20"]}
    assert case.open == ["last"]


def test_timers_of_what_was_withdrawn_ring_no_more(reader: Reader) -> None:
    case = reader.start(
        "  - {id: p, parallel: {finish: any, branches: ["
        "{steps: [{id: a, assign: buyer, task: {}}]}, "
        "{steps: [{id: w, wait: {for: 2 days}}, {id: b, assign: vendor, task: {}}]}, "
        "{steps: [{id: c, assign: vendor, due: 1 day, on_timeout: {after: 2 days, do: end}, task: {}}]}]}}\n"
        + LAST
    )
    case.tick("a")
    reader.later(days=30)
    assert (case.state, case.open, case.troubles()) == ("running", ["last"], [])
    assert case.events("reminder.sent", "deadline.missed", "task.expired") == []


def test_a_person_computed_for_each_item(reader: Reader) -> None:
    head = HEAD.replace(
        "{{id: town, type: text, label: Town}}",
        "{{id: mail, type: email, label: M}}, {{id: town, type: text, label: Town}}",
    )
    rows = [{"mail": GUESTS[name]["email"], "town": name} for name in ("vera", "otto", "gina")]
    case = reader.start(
        "  - {id: e, each: {in: inputs.sites, as: site, finish: 2, steps: [{id: a, assign: {email: site.mail, name: site.town}, approval: {on_reject: continue}}]}}\n"
        "  - {id: s, set: {yes: \"steps.a.filter(one, one.outcome == 'approved').size()\", none: 'steps.a.filter(one, one.outcome == null).size()'}}\n"
        + LAST,
        head=head,
        inputs={"sites": rows},
    )
    assert sorted(one["assignee"]["email"] for one in case.tasks("a")) == sorted(
        one["mail"] for one in rows
    )
    first, second, _ = case.tasks("a")
    case.decide(first)
    case.decide(second, "reject")
    assert case.values == {"yes": "1", "none": "1"}
    assert case.open == ["last"]


def test_nothing_of_a_name_breaks_a_mail(reader: Reader) -> None:
    head = HEAD.replace(
        "name: Pattern", 'name: "Pat\\ntern"\ntitle: "About {{{{ inputs.note }}}}"'
    ).replace("inputs:\n", "inputs:\n  - {{id: note, type: multiline, label: Note}}\n")
    case = reader.start(
        "  - {id: m, message: {to: [vendor], subject: 'On {{ inputs.note }}', body: B}}\n"
        "  - {id: a, name: 'Do {{ inputs.note }}', assign: vendor, task: {}}\n",
        head=head,
        inputs={"note": "one\r\nBcc: evil@evil.example\r\n\r\nbody" + "z" * 3000},
    )
    letters = reader.mails("vera")
    assert len(letters) == 2
    assert reader.smtp.to("evil@evil.example") == []
    assert all("\n" not in one.subject for one in letters)
    assert case.troubles() == []


def test_a_step_inside_two_is_a_list_of_lists_outside(reader: Reader) -> None:
    case = reader.start(
        "  - {id: e, each: {in: inputs.tags, as: a, steps: [{id: i, each: {in: '[1, 2, 3]', as: b, steps: [{id: t, set: {x: b}}]}}]}}\n"
        "  - {id: n, set: {outer: size(steps.t), inner: 'size(steps.t[0])'}}\n" + LAST,
        inputs={"tags": ["a", "b"]},
    )
    assert case.values == {"outer": "2", "inner": "3"}
    assert case.open == ["last"]
