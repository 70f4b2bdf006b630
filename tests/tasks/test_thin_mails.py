"""Mails carry ids and asks; answers stand in those alone of which the definition says so."""

from portal.settings import Settings
from tasks import relay
from tests import makers, people
from tests.servers import Smtp
from tests.tasks.conftest import post

STEPS = """\
  - id: details
    assign: vendor
    due: 2 days
    form: {fields: [{id: iban, type: text, label: IBAN}]}
  - id: sums
    set: {copy: steps.details.iban}
  - id: check
    assign: buyer
    due: 2 days
    approval: {question: Is all of it right?, show: [details]}
  - id: word
    assign: second
    form: {fields: [{id: word, type: text, label: Word}]}
  - id: told
    message: {to: [second], subject: "About {{ steps.details.iban }}", body: "It says so."}
"""


def test_p05_no_mail_tells_what_somebody_answered_but_the_one_that_is_written_so(
    house: Settings, smtp: Smtp
) -> None:
    process = makers.start(
        STEPS, participants={"second": people.OTTO, "buyer": {"email": "dana@example.com"}}
    )
    post()
    makers.fill(process, iban="canary-iban")
    post()
    makers.decide(process, step="check", comment="canary-comment")
    post()
    makers.fill(process, "word", word="canary-word")
    relay.carry_out_here()
    assert makers.process(process).state == "completed"
    told = [letter.message.as_string() for letter in smtp.letters]
    assert len(told) > 4
    with_answers = [mail for mail in told if "canary" in mail]
    assert len(with_answers) == 1
    assert "About canary-iban" in with_answers[0]
