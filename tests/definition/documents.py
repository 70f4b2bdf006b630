"""One definition that uses everything, and small changes to it."""

GOOD = """\
key: vendor-onboarding
name: Vendor onboarding
title: "Onboard {{ inputs.company }}"
owner: dana@example.com
purpose: Get a new vendor approved.
runbook: If the form is rejected twice, call {{ the vendor.
review_every: 90 days
link_for: 14 days
calendar:
  timezone: Europe/Berlin
  hours: Mon-Fri 09:00-17:00
  holidays: DE
roles:
  vendor: {kind: external, name: Vendor contact}
  buyer: {kind: staff, name: Buyer}
  finance: {kind: staff, name: Finance, team: finance}
  lawyer: {kind: external, named_later: true}
inputs:
  - {id: company, type: text, label: Company}
  - {id: amount, type: number, label: Spend, min: 0}
steps:
  - id: details
    name: Details of {{ inputs.company }}
    form:
      fields:
        - {id: legal_name, type: text, label: Legal name, default: "{{ inputs.company }}"}
        - {id: vat, type: text, label: VAT, pattern: "[A-Z]{2}[0-9]+", max_length: 20}
        - {id: abroad, type: yes_no, label: Abroad?, section: "Trade of {{ inputs.company }}"}
        - {id: country, type: choice, label: Country, options: [NO, SE], show_if: abroad}
        - {id: regions, type: choices, label: Regions, options: [a, b, c], min: 1, max: 2}
        - {id: price, type: money, label: Price, currencies: [EUR, USD], min: 1}
        - {id: start, type: date, label: Start, min: today}
        - id: lines
          type: table
          label: Lines
          columns:
            - {id: what, type: text, label: What}
            - {id: count, type: number, label: Count, show_if: "what != 'none'"}
    assign: vendor
    instructions: Please fill this in.
    due: 3 business days
    remind: [1 day before, on due, every 2 days after]
    escalate: [{after: 2 days, to: owner, then: notify}]
    why: Without it nobody can be paid.
    control: true
    delegate: no
    verify: link
  - id: papers
    when: inputs.amount > 1000 && steps.details.abroad == true
    upload:
      documents:
        - {id: tax_form, name: Tax form, accept: [pdf, png], max_size: 10 MB, max: 2}
    assign: [vendor, lawyer]
    due: {at: today + days(5)}
    remind: {every: 2 days, at_most: 3}
  - id: review
    approval:
      question: Is it right?
      show: [details, papers]
      needs: any
      on_changes: {return_to: details}
      on_reject: {return_to: details}
      separate_from: [starter, details]
    assign: [buyer, finance]
    due: 2 days
    remind: []
  - id: totals
    set: {gross: inputs.amount * 1.19, checked: true, rounds: 3}
  - id: ring
    task: {instructions: "Call {{ participants.vendor.name }}", checklist: [one, two]}
    assign: {email: participants.buyer.email, name: participants.buyer.name}
  - id: tell
    message: {to: [vendor], subject: "Hello {{ inputs.company }}", body: "See {{ link }}"}
"""


def changed(*changes: tuple[str, str]) -> str:
    """The good definition with pieces replaced, each of which must be there."""
    text = GOOD
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text
