"""``portal start``: the id alone on standard output, each fault at what was typed."""

from pathlib import Path

import pytest

from portal import db
from tests import makers, people
from tests.cli.test_definitions import run

HEAD = makers.HEAD + (
    "  - {id: price, type: money, label: Price, currencies: [EUR], required: false}\n"
    "  - {id: ready, type: yes_no, label: Ready, required: false}\n"
    "  - {id: word, type: text, label: Word, required: false}\n"
    "  - {id: ways, type: choices, label: Ways, options: [sea, air], required: false}\n"
)


@pytest.fixture
def house(database: db.Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> db.Database:
    people.settle()
    makers.publish(makers.FORM, HEAD)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PORTAL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PORTAL_DATABASE_URL", database.url.render_as_string(hide_password=False))
    return database


def test_it_prints_the_id_alone(house: db.Database, capsys: pytest.CaptureFixture[str]) -> None:
    given = {
        "amount": "21.50",
        "price": "10.50 EUR",
        "ready": "yes",
        "word": "yes",
        "ways": "sea,air",
    }
    inputs = [word for name, text in given.items() for word in ("--input", f"{name}={text}")]
    assert run("start", "demo", *inputs, "--participant", "vendor=Vera <vera@vendor.example>") == 0
    process = makers.process(capsys.readouterr().out.strip())
    assert process.inputs == {
        "amount": "21.50", "price": {"amount": "10.50", "currency": "EUR"}, "ready": True,
        "word": "yes", "ways": ["sea", "air"],
    }  # fmt: skip
    [event] = makers.events(process.id, "process.started")
    assert (event["actor"]["via"], event["actor"]["auth"]) == ("cli", "terminal")


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["nothing"], 1, "There is no such definition."),
        (["demo", "--input", "amount"], 64, "expected --input NAME=VALUE"),
        (["demo", "--input", "amount=lots", "--participant", "vendor=a@b.example"], 1,
         "--input amount: "),
        (["demo", "--input", "other=1", "--participant", "vendor=a@b.example"], 1,
         "--input other: "),
        (["demo"], 1, "--participant vendor: "),
        (["demo", "--participant", "vendor=nobody"], 1, "--participant vendor: "),
        (["demo", "--participant", "pilot=a@b.example"], 1, "--participant pilot: "),
    ],
)  # fmt: skip
def test_each_fault_is_told_at_what_was_typed(
    house: db.Database,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    status: int,
    told: str,
) -> None:
    assert run("start", *words) == status
    said = capsys.readouterr()
    assert told in said.err
    assert said.out == ""
