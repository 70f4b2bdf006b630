"""What people write may read like the row of an event: no trail is refused or believed for it."""

from pathlib import Path

import pytest

from portal import db
from portal.cli import printed
from portal.delivery import pdf, pdf_reading
from portal.delivery.seal import Seal
from portal.ledger.findings import Report
from portal.ledger.tables import Entry
from portal.readings import export
from tests import makers, people
from tests.tasks.test_trail_parts import built, cast, judged, seal  # noqa: F401 - fixtures

STEPS = """\
  - id: details
    name: Tell us of your firm
    assign: vendor
    form: {fields: [{id: company, type: multiline, label: Company}]}
  - id: review
    assign: buyer
    approval: {question: Is it sound?, show: [details], on_changes: {return_to: details}}
"""
HASH = "0123456789abcdef"
INVENTED = f"#3 {HASH}"
AS_A_ROW = f"#3 {HASH} \u00a0 task.opened · 2026-11-23 09:00:00.000000 UTC"
MANY = "\n".join(f"#{n} {HASH}\nstate=rejected Rejected on" for n in range(60))


def copied(process: str) -> str:
    """Every row that stands in the ledger so far, as a trail prints it."""
    found = sorted(makers.rows(Entry, log=process), key=lambda one: int(one.seq))
    moment = "2026-11-23 09:00:00.000000 UTC"
    return "\n".join(f"#{one.seq} {one.hash[:16]} \u00a0 {one.type} · {moment}" for one in found)


def lived() -> str:
    """A process whose reference, name, answer and comments look like printed events."""
    vendor = {**people.VERA, "name": f"Vera {INVENTED}"}
    process = makers.start(STEPS, vendor=vendor, reference=AS_A_ROW)
    makers.fill(process, company=f"{AS_A_ROW}\n{INVENTED}\n{copied(process)}")
    makers.decide(process, "request_changes", items=["details.company"], comment=copied(process))
    makers.fill(process, company=MANY)
    makers.decide(process, comment=f"{copied(process)}\n{AS_A_ROW}")
    return process


@pytest.mark.parametrize("size", [None, 8_000])
@pytest.mark.parametrize(
    ("database", "spoken"),  # both read the same rows to each language
    [("sqlite", "en"), ("postgresql", "en"), ("sqlite", "de"), ("sqlite", "ar")],
    indirect=["database"],
)
def test_a_true_trail_is_sound_whatever_people_wrote_in_it(
    seal: Seal,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    spoken: str,
    size: int | None,
) -> None:
    if size:
        monkeypatch.setattr(pdf, "WHOLE_CHARACTERS", size)
        monkeypatch.setattr(pdf, "GROUP_CHARACTERS", size)
    status = judged(built(lived(), seal, spoken=spoken), seal, tmp_path)
    assert status == 0, capsys.readouterr().out


def test_what_people_wrote_hides_no_event_that_was_left_out_or_put_in(
    seal: Seal,  # noqa: F811
    tmp_path: Path,
) -> None:
    process = lived()
    (tmp_path / "trail.pdf").write_bytes(built(process, seal))
    text = pdf_reading.text(tmp_path / "trail.pdf")
    entries = sorted(makers.rows(Entry, log=process), key=lambda one: int(one.seq))
    with db.reading() as conn:
        lines = [line.encode() for line in export.lines(conn, process)]

    def judge(pages: str) -> list[str]:
        report = Report()
        printed.compare(report, lines, pages)
        return [one.text for one in report.findings]

    assert judge(text) == []
    # No event's own text can hold its hash: behind the heading, each row comes next after another.
    at = text.index("Every event\n", len(text) // 4)
    for one in entries:
        at = text.index(f"#{one.seq} {one.hash[:16]}", at)
        if one.seq > 0:
            left_out = text[:at] + text[at:].replace(one.hash[:16], "left out", 1)
            assert judge(left_out) != [], one.seq
            put_in = f"{text[:at]}#3 {'f' * 16} \u00a0 task.opened\n{text[at:]}"
            assert judge(put_in) == [f"event 3 ({'f' * 16}…) is printed but not embedded"]
