"""Every way to get a definition wrong: one fault, at its line and key, saying what to do."""

# ruff: noqa: E501 (a table, one wrong definition a line)

import pytest

from portal.definition.load import DefinitionFaults, load
from tests.definition.documents import GOOD, changed

# (name, what is replaced, by what; the faulty line is marked by "#!"), key, part of the sentence
HEAD = [
    ("no key", "key: vendor-onboarding\nname: V", "name: V", 1, "key", "missing"),
    ("key", "key: vendor-onboarding", "key: Vendor Onboarding #!", 0, "key", "not a key"),
    ("double hyphen", "key: vendor-on", "key: vendor--on", 1, "key", "not a key"),
    ("key is a number", "key: vendor-onboarding", "key: [a] #!", 0, "key", "not a key"),
    ("no name", "name: Vendor onboarding\n", "", 1, "name", "missing"),
    ("empty name", "name: Vendor onboarding", "name: #!", 0, "name", "empty"),
    ("blank name", "name: Vendor onboarding", 'name: "  " #!', 0, "name", "empty"),
    ("number as name", "name: Vendor onboarding", "name: 12 #!", 0, "name", "in quotes"),
    ("filled name", "name: Vendor onb", "name: Vendor {{ now }}", 2, "name", "placeholder"),
    ("no owner", "owner: dana@example.com\n", "", 1, "owner", "missing"),
    ("owner", "owner: dana@example.com", "owner: dana #!", 0, "owner", "e-mail"),
    ("owner team", "owner: dana@example.com", "owner: {team: } #!", 0, "team", "empty"),
    ("owner key", "owner: dana@example.com", "owner: {team: x, a: b} #!", 0, "a", "known key"),
    ("unknown key", "purpose: Get", "purposes: Get", 5, "purposes", "did you mean purpose?"),
    ("title name", "{{ inputs.company }}", "{{ inputs.compny }}", 3, "title", "did you mean"),
    ("title open", "{{ inputs.company }}", "{{ inputs.company", 3, "title", "without `}}`"),
    ("title empty", "{{ inputs.company }}", "{{ }}", 3, "title", "empty"),
    ("review", "review_every: 90 days", "review_every: 90 moons", 7, "review_every", "duration"),
    ("review half", "review_every: 90 days", "review_every: 9.5 days", 7, "review_every", "whole"),
    ("review none", "review_every: 90 days", "review_every: 0 days", 7, "review_every", "more than"),
    ("link_for", "link_for: 14 days", "link_for: 91 days", 8, "link_for", "at most 90 days"),
    ("long", "link_for: 14 days", "link_for: 99999 days", 8, "link_for", "ten years"),
    ("timezone", "Europe/Berlin", "Europe/Berln", 10, "timezone", "time zone"),
    ("hours", "Mon-Fri 09:00-17:00", "Mon-Fri 17:00-09:00", 11, "hours", "before it closes"),
    ("days", "Mon-Fri 09:00-17:00", "Mon-Fry 09:00-17:00", 11, "hours", "unknown day"),
    ("hours text", "Mon-Fri 09:00-17:00", "office hours", 11, "hours", "not opening hours"),
    ("overlap", "Mon-Fri 09:00-17:00", "Mon 8:00-12:00, Mon 11:00-13:00", 11, "hours", "overlap"),
    ("holidays", "holidays: DE", "holidays: XX", 12, "holidays", "country"),
    ("part", "holidays: DE", "holidays: DE-XX", 12, "holidays", "part of DE"),
    ("calendar", "  holidays: DE", "  holiday: DE", 12, "holiday", "did you mean holidays?"),
    ("no steps", GOOD[GOOD.index("steps:"):], "", 1, "steps", "missing"),
    ("empty steps", GOOD[GOOD.index("steps:"):], "steps: [] #!", 0, "steps", "at least one"),
    ("steps", GOOD[GOOD.index("steps:"):], "steps: {a: b} #!", 0, "steps", "expected a list"),
    ("step", GOOD[GOOD.index("steps:"):], "steps: [details] #!", 0, "steps", "mapping"),
]  # fmt: skip

ROLES = [
    ("kind", "{kind: external, name: V", "{kind: outside, name: V", 14, "kind", "external, staff"),
    ("no kind", "{kind: staff, name: Buyer}", "{name: Buyer}", 15, "kind", "missing"),
    ("team", "{kind: external, named_later: true}", "{kind: external, team: x}", 17, "team", "only"),
    ("key", "{kind: staff, name: Buyer}", "{kind: staff, nam: B}", 15, "nam", "did you mean name?"),
    ("later", "named_later: true", "named_later: soon", 17, "named_later", "true or false"),
    ("id", "  lawyer:", "  Lawyer-1: {kind: staff}\n  lawyer:", 17, "Lawyer-1", "not an id"),
    ("reserved", "  lawyer: {kind: external, named_later: true}\n",
     "  lawyer: {kind: external}\n  owner: {kind: staff}\n", 18, "owner", "reserved word"),
    ("scalar", "{kind: staff, name: Buyer}", "Buyer", 15, "buyer", "expected a mapping"),
    ("twice", "  finance: {kind", "  buyer: {kind: staff}\n  finance: {kind", 16, "buyer", "twice"),
]  # fmt: skip

FIELDS = [
    ("no id", "{id: vat, type", "{type", 27, "id", "missing"),
    ("no type", "type: yes_no, ", "", 28, "type", "missing"),
    ("type", "type: yes_no", "type: yesno", 28, "type", "yes_no"),
    ("id", "{id: vat", "{id: VAT", 27, "id", "not an id"),
    ("long id", "{id: vat", "{id: v" + "a" * 63, 27, "id", "not an id"),
    ("reserved", "{id: vat", "{id: code", 27, "id", "reserved word, expected another id"),
    ("cel word", "{id: vat", "{id: loop", 27, "id", "reserved word"),
    ("twice", "{id: vat", "{id: legal_name", 27, "id", "given twice"),
    ("label", "label: VAT", "label: 12", 27, "label", "in quotes"),
    ("unknown", "label: VAT", "label: VAT, colour: red", 27, "colour", "not a known key"),
    ("typo", "label: VAT", "label: VAT, requird: true", 27, "requird", "did you mean required?"),
    ("not its key", "label: VAT", "label: VAT, decimals: 2", 27, "decimals", "only with number"),
    ("pattern", "[A-Z]{2}[0-9]+", "[A-Z", 27, "pattern", "pattern"),
    ("look-ahead", "[A-Z]{2}[0-9]+", "(?=a)b", 27, "pattern", "look-around"),
    ("length", "max_length: 20", "max_length: -1", 27, "max_length", "whole number"),
    ("lengths", "max_length: 20", "max_length: 2, min_length: 3", 27, "max_length", "at least"),
    ("section", "section: \"Trade of {{ inputs.company }}\"", "section: ''", 28, "section", "empty"),
    ("section name", "Trade of {{ inputs.company", "Trade of {{ inputs.firm", 28, "section",
     "no `firm`"),
    ("section of a column", "{id: what, type", "{id: what, section: A, type", 37, "section",
     "a field of the form itself"),
    ("required", "label: Abroad?", "label: Abroad?, required: maybe", 28, "required", "true or"),
    ("no options", ", options: [NO, SE]", "", 29, "options", "missing"),
    ("empty options", "options: [NO, SE]", "options: []", 29, "options", "at least one"),
    ("option twice", "options: [NO, SE]", "options: [NO, NO]", 29, "options", "given twice"),
    ("option number", "options: [NO, SE]", "options: [1, SE]", 29, "options", "in quotes"),
    ("option key", "options: [NO, SE]", "options: [{value: a, l: b}]", 29, "l", "label"),
    ("show_if", "show_if: abroad", "show_if: abrod", 29, "show_if", "did you mean `abroad`?"),
    ("show_if text", "show_if: abroad", "show_if: vat", 29, "show_if", "not a condition"),
    ("choices", "min: 1, max: 2}", "min: 3, max: 2}", 30, "max", "at least min, 3"),
    ("currency", "[EUR, USD]", "[EUR, Dollar]", 31, "currencies", "a code such as EUR"),
    ("currencies", "[EUR, USD]", "EUR", 31, "currencies", "expected a list"),
    ("money min", "[EUR, USD], min: 1", "[EUR, USD], min: one", 31, "min", "a number"),
    ("date", "min: today", "min: tomorrow", 32, "min", "or today"),
    ("no such date", "min: today", "min: 2026-02-30", 32, "min", "or today"),
    ("dates", "min: today", "min: 2026-02-03, max: 2026-02-01", 32, "max", "at least min"),
    ("no columns", GOOD[GOOD.index("          columns:"):GOOD.index("    assign: vendor")], "",
     33, "columns", "missing"),
    ("inner table", "{id: what, type: text", "{id: what, type: table", 37, "type", "one of"),
    ("column twice", "{id: count,", "{id: what,", 38, "id", "given twice"),
    ("column name", "what != 'none'", "vat != 'none'", 38, "show_if", "`vat` is not known"),
    ("default", "min: 0}", "min: 0, default: some}", 20, "default", "does not fit"),
    ("default low", "min: 0}", "min: 0, default: -1}", 20, "default", "does not fit"),
    ("default option", "show_if: abroad", "default: DK", 29, "default", "does not fit"),
    ("default name", 'default: "{{ inputs.company }}"', 'default: "{{ inputs.x }}"', 26, "default",
     "no `x`"),
    ("input", "id: company, type: text", "id: company, type: string", 19, "type", "one of text"),
    ("no fields", "      fields:", "      field:", 25, "field", "did you mean fields?"),
]  # fmt: skip

STEPS = [
    ("no id", "  - id: ring\n    task", "  - task", 69, "id", "missing"),
    ("id twice", "  - id: ring", "  - id: details #!", 0, "id", "first on line 22"),
    ("id", "  - id: ring", "  - id: Ring!", 69, "id", "not an id"),
    ("no kind", "    set: {gross: inputs.amount * 1.19, checked: true, rounds: 3}\n", "", 67, "steps",
     "no kind"),
    ("two kinds", "  - id: tell\n", "  - id: tell\n    set: {a: 1}\n", 74, "message", "second kind"),
    ("unknown kind", "    upload:", "    uplod:", 50, "uplod", "did you mean upload?"),
    ("no assign", "    assign: [vendor, lawyer]\n", "", 48, "assign", "missing"),
    ("assign", "assign: [vendor, lawyer]", "assign: vender", 53, "assign", "did you mean vendor?"),
    ("assign list", "[vendor, lawyer]", "[vendor, vendor]", 53, "assign", "twice"),
    ("assign none", "[vendor, lawyer]", "[]", 53, "assign", "at least one"),
    ("assign number", "assign: [vendor, lawyer]", "assign: 7", 53, "assign", "a list of roles"),
    ("assign expr", "email: participants.buyer.email", "email: participants.byer.email", 71, "email",
     "did you mean `buyer`?"),
    ("when", "inputs.amount > 1000 &&", "inputs.amount > 1000 &", 49, "when", "can't be read"),
    ("when name", "steps.details.abroad", "steps.detail.abroad", 49, "when", "`details`?"),
    ("when field", "steps.details.abroad", "steps.details.abrod", 49, "when", "`abroad`?"),
    ("when root", "inputs.amount > 1000", "input.amount > 1000", 49, "when", "`inputs`?"),
    ("when number", "inputs.amount > 1000 && steps.details.abroad == true", "inputs.amount", 49,
     "when", "not a condition"),
    ("when =", "abroad == true", "abroad = true", 49, "when", "single ="),
    ("when function", "inputs.amount > 1000", "length(inputs.company) > 1", 49, "when",
     "not a function"),
    ("when inside", "inputs.amount > 1000", "inputs.company.x > 1", 49, "when", "is a text"),
    ("when list", "when: inputs.amount > 1000 && steps.details.abroad == true", "when: [a]", 49,
     "when", "expected an expression"),
    ("due", "due: 3 business days", "due: 3 busy days", 41, "due", "duration"),
    ("due bare", "due: 3 business days", "due: 3", 41, "due", "duration"),
    ("due key", "due: {at: today + days(5)}", "due: {on: today}", 54, "on", "known key"),
    ("due text", "due: {at: today + days(5)}", "due: {at: inputs.company}", 54, "at", "not a date"),
    ("pick_up", "    why: W", "    pick_up: soon\n    why: W", 44, "pick_up", "not a duration"),
    ("pick_up none", "    why: W", "    pick_up: 0 days\n    why: W", 44, "pick_up",
     "more than nothing"),
    ("pick_up part", "    why: W", "    pick_up: 1.5 business days\n    why: W", 44, "pick_up",
     "whole number of business days"),
    ("pick_up at", "    why: W", "    pick_up: {at: today}\n    why: W", 44, "pick_up", "not a duration"),
    ("pick_up of nobody", "    set: {gross", "    pick_up: 1 day\n    set: {gross", 68, "pick_up",
     "a person does"),
    ("timeout", "    why: W", "    on_timeout: {after: 1 day, do: sleep}\n    why: W", 44,
     "do", "one of skip, end, reject"),
    ("timeout back", "    why: W", "    on_timeout: {after: 1 day, do: {return_to: papers}}\n    why: W",
     44, "return_to", "not an earlier step"),
    ("timeout after", "    why: W", "    on_timeout: {do: skip}\n    why: W", 44, "after", "missing"),
    ("verify word", "verify: link", "verify: face", 47, "verify", "one of link"),
    ("delegate", "delegate: no", "delegate: maybe", 46, "delegate", "one of allowed, ask, no"),
    ("delegate true", "delegate: no", "delegate: true", 46, "delegate", "one of allowed, ask, no"),
    ("delegate list", "delegate: no", "delegate: [ask]", 46, "delegate", "one of allowed, ask, no"),
    ("delegate of nobody", "    set: {gross", "    delegate: ask\n    set: {gross", 68, "delegate",
     "a person does"),
    ("control", "control: true", "control: high", 45, "control", "true or false"),
    ("rung", "[1 day before,", "[1 day early,", 42, "remind", "not a reminder"),
    ("rung none", "[1 day before,", "[0 days before,", 42, "remind", "more than nothing"),
    ("remind word", "remind: {every: 2 days, at_most: 3}", "remind: daily", 55, "remind", "a list"),
    ("at_most", "at_most: 3", "at_most: 0", 55, "at_most", "whole number"),
    ("every", "{every: 2 days, at_most", "{evry: 2 days, every: 1 day, at_most", 55, "evry", "every?"),
    ("remind alone", "    due: {at: today + days(5)}\n", "", 54, "remind", "expected due"),
    ("escalate to", "to: owner,", "to: boss,", 43, "to", "or owner"),
    ("escalate then", "then: notify", "then: ring", 43, "then", "one of notify, reassign"),
    ("escalate key", "to: owner,", "to: owner, at: 1,", 43, "at", "known key"),
    ("escalate one", "escalate: [{after: 2 days, to: owner, then: notify}]",
     "escalate: {after: 2 days, to: owner}", 43, "escalate", "expected a list"),
    ("no documents", "      documents:\n        - {id: tax", "      document:\n        - {id: tax",
     51, "document", "did you mean documents?"),
    ("accept", "accept: [pdf, png]", "accept: [.pdf]", 52, "accept", "extension"),
    ("misspelled", "accept: [pdf, png]", "accept: [pfd, png]", 52, "accept", "did you mean pdf?"),
    ("program", "accept: [pdf, png]", "accept: [exe]", 52, "accept", "never taken"),
    ("nothing near", "accept: [pdf, png]", "accept: [qqqq]", 52, "accept", "not a known ending"),
    ("size", "max_size: 10 MB", "max_size: big", 52, "max_size", "25 MB"),
    ("files", "max: 2}\n    assign: [vendor", "min: 3, max: 2}\n    assign: [vendor", 52, "max",
     "at least min"),
    ("show", "show: [details, papers]", "show: [details, paper]", 59, "show", "mean papers?"),
    ("show later", "show: [details, papers]", "show: [totals]", 59, "show", "not an earlier step"),
    ("needs", "needs: any", "needs: 3", 60, "needs", "from 1 to 2"),
    ("needs word", "needs: any", "needs: most", 60, "needs", "all, any or a number"),
    ("return later", "on_changes: {return_to: details}", "on_changes: {return_to: totals}", 61,
     "return_to", "not an earlier step"),
    ("return itself", "on_changes: {return_to: details}", "on_changes: {return_to: review}", 61,
     "return_to", "this step itself"),
    ("return unknown", "on_reject: {return_to: details}", "on_reject: {return_to: detals}", 62,
     "return_to", "did you mean details?"),
    ("on_reject", "on_reject: {return_to: details}", "on_reject: stop", 62, "on_reject", "continue"),
    ("on_changes", "on_changes: {return_to: details}", "on_changes: details", 61, "on_changes",
     "mapping"),
    ("separate", "[starter, details]", "[starter, detail]", 63, "separate_from", "details?"),
    ("separate set", "[starter, details]", "[starter, totals]", 63, "separate_from", "by a person"),
    ("set name", "gross: inputs", "Gross: inputs", 68, "Gross", "not an id"),
    ("set name end", "inputs.amount * 1.19", "inputs.amount *", 68, "gross", "expression"),
    ("set none", "set: {gross: inputs.amount * 1.19, checked: true, rounds: 3}", "set: {}", 68,
     "set", "expected {name: expression}"),
    ("set and due", "    set: {gross", "    due: 3 days\n    set: {gross", 68, "due", "a person does"),
    ("checklist", "checklist: [one, two]", "checklist: [one, 2]", 70, "checklist", "a text"),
    ("both", "    assign: {email", "    instructions: Do it.\n    assign: {email", 71,
     "instructions", "in task alone"),
    ("to", "to: [vendor]", "to: vendor", 73, "to", "expected a list"),
    ("to whom", "to: [vendor]", "to: [vendors]", 73, "to", "did you mean vendor?"),
    ("subject", 'subject: "Hello {{ inputs.company }}", ', "", 73, "subject", "missing"),
    ("body", "{{ link }}", "{{ lnk }}", 73, "body", "did you mean `link`?"),
    ("link elsewhere", "Please fill this in.", '"{{ link }}"', 40, "instructions", "not known here"),
    ("link_for", "    why: W", "    link_for: 1 year\n    why: W", 44, "link_for", "duration"),
]  # fmt: skip

YAML = [
    ("alias", "purpose: Get", "purpose: *name", 5, "document", "alias"),
    ("tag", "purpose: Get a new vendor approved.", "purpose: !!str Get", 5, "document", "tag"),
    ("twice", "purpose: Get", "name: Again\npurpose: Get", 5, "name", "first on line 2"),
    (
        "unclosed",
        "{kind: staff, name: Buyer}",
        "{kind: staff, name: Buyer",
        15,
        "document",
        "expected a comma or }, on line 16 at the latest",
    ),
    ("tab", "  timezone:", "\ttimezone:", 10, "document", "with a tab, expected spaces"),
    ("quote", "purpose: Get", 'purpose: "Get', 26, "document", "or further up"),
    ("behind a quote", "purpose: Get", 'purpose: "Get" it', 5, "document", "within them"),
    ("no colon", "purpose: Get", "purpose Get", 5, "document", "no colon"),
    ("colon", "purpose: Get", "purpose: Get: it", 5, "document", "a second colon"),
    ("further in", "purpose: Get", "  purpose: Get", 5, "document", "further in"),
    ("out of line", "purpose: Get", "- purpose: Get", 5, "document", "not stand in line"),
    ("sign", "purpose: Get", "purpose: @Get", 5, "document", "begins with @"),
    ("braces", "purpose: Get", "purpose: {{ inputs.company }} Get", 5, "document", "in quotes"),
    (
        "bare braces",
        "purpose: Get a new vendor approved.",
        "purpose: {{ inputs.company }}",
        5,
        "document",
        "in quotes",
    ),
    (
        "deep",
        "purpose: Get",
        "purpose: " + "[" * 41 + "]" * 41 + "\nx: Get",
        5,
        "document",
        "at the most",
    ),
    ("second", "purpose: Get", "---\npurpose: Get", 5, "document", "second document"),
]


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "part"),
    [
        pytest.param(*case[1:], id=f"{group}: {case[0]}")
        for group, cases in [
            ("head", HEAD), ("roles", ROLES), ("fields", FIELDS), ("steps", STEPS), ("yaml", YAML),
        ]
        for case in cases
    ],
)  # fmt: skip
def test_a_wrong_definition_gets_one_fault_at_its_place(
    old: str, new: str, line: int, key: str, part: str
) -> None:
    text = changed((old, new))
    with pytest.raises(DefinitionFaults) as refused:
        load(text, "vendor.yaml")
    line = line or 1 + text[: text.index("#!")].count("\n")
    [fault] = refused.value.faults
    assert (fault.line, fault.key) == (line, key), str(fault)
    assert part in fault.message, str(fault)
    assert "expected" in fault.message or "did you mean" in fault.message, str(fault)


def test_a_quote_that_is_never_closed_is_told_where_it_opens() -> None:
    with pytest.raises(DefinitionFaults) as refused:
        load('key: it\nname: "It\nsteps:\n  - {id: a, set: {x: 1}}\n', "it.yaml")
    [fault] = refused.value.faults
    assert str(fault).startswith("it.yaml:2: document: is not valid YAML: it opens a quote")


@pytest.mark.parametrize(
    ("step", "part"),
    [
        (
            "task: Do it",
            "task: is 'Do it', expected a mapping of keys, such as {instructions: TEXT}",
        ),
        ("wait: 3 days", "wait: is '3 days', expected a mapping of keys, such as {for: 3 days}"),
        ("run: {}", "definition: is missing, expected the key of the process to run"),
        ("sign: {document: papers.tax}, assign: b", "none that could be named here"),
    ],
)
def test_a_step_in_another_shape_is_told_how_it_looks(step: str, part: str) -> None:
    text = f"""key: it
name: It
owner: dana@example.com
roles: {{b: {{kind: staff, name: B}}}}
steps: [{{id: a, {step}}}]
"""
    with pytest.raises(DefinitionFaults) as refused:
        load(text, "it.yaml")
    assert part in str(refused.value)


def test_the_good_definition_loads() -> None:
    assert [step.kind for step in load(GOOD).all_steps()] == [
        "form", "upload", "approval", "set", "task", "message",
    ]  # fmt: skip


def test_all_faults_come_at_once_in_the_order_of_lines() -> None:
    text = changed(
        ("owner: dana@example.com", "owner: dana"),
        ("type: yes_no", "type: yesno"),
        ("due: 2 days", "due: soon"),
        ("{{ link }}", "{{ lnk }}"),
    )
    with pytest.raises(DefinitionFaults) as refused:
        load(text, "vendor.yaml")
    places = [(fault.line, fault.key) for fault in refused.value.faults]
    assert places == sorted(places)
    # the condition of line 29 names the field whose type is unknown: that is not a second fault
    assert places == [(4, "owner"), (28, "type"), (65, "due"), (73, "body")]


def test_steps_without_an_id_of_their_own_are_looked_at_like_all_others() -> None:
    twice = "{id: details, assign: nobody, form: {fields: [{id: a, type: txt}]}}"
    none = "{assign: vendor, upload: {documents: [{id: b, max: soon}]}}"
    before = f"steps:\n  - {{id: details, assign: vendor, task: }}\n  - {twice}\n  - {none}\n"
    text = changed(("steps:\n", before))
    with pytest.raises(DefinitionFaults) as refused:
        load(text)
    keys = {fault.key for fault in refused.value.faults if fault.line < 26}
    assert keys == {"id", "assign", "type", "max"}


def test_the_content_of_a_second_kind_is_looked_at_with_the_first() -> None:
    text = changed(
        ("  - id: tell\n", "  - id: tell\n    form: {fields: [{id: a, type: txt}]}\n"),
        ("{{ link }}", "{{ lnk }}"),
    )
    with pytest.raises(DefinitionFaults) as refused:
        load(text)
    assert {fault.key for fault in refused.value.faults} >= {"message", "type", "body"}


def test_names_to_choose_from_are_never_cut_off_in_silence() -> None:
    with pytest.raises(DefinitionFaults) as refused:
        load(changed(("purpose: Get", "zzz: Get")))
    assert "steps" in str(refused.value)
    assert "title" in str(refused.value)


def test_a_fault_reads_as_file_line_key_sentence() -> None:
    with pytest.raises(DefinitionFaults) as refused:
        load(changed(("due: 2 days", "due: 2 fortnights")), "vendor.yaml")
    assert str(refused.value) == (
        "vendor.yaml:65: due: '2 fortnights' is not a duration, expected a duration such as "
        "3 days, 90 minutes or 2 business days"
    )
