"""The uploaded files inside an audit trail, checked by ``portal verify`` one by one."""

import io
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest

from portal import db
from portal.clock import Clock
from portal.delivery.seal import Seal
from portal.delivery.storage import Store
from portal.models import FileRow
from portal.readings import export
from tests import makers, seals
from tests.tasks.test_trail_parts import (  # noqa: F401 - fixtures
    STEPS,
    built,
    came,
    cast,
    judged,
    lived,
    seal,
    store,
)

Told = pytest.CaptureFixture[str]


def other_bytes(document: pikepdf.Pdf, name: str) -> None:
    document.attachments[name].obj.EF.F.write(b"%PDF-1.7 forged")


def foreign(document: pikepdf.Pdf, name: str) -> None:
    spec = pikepdf.AttachedFileSpec(document, b"MZ", filename="bill.pdf")  # type: ignore[call-arg]
    document.attachments["bill.pdf"] = spec


def of_no_file(document: pikepdf.Pdf, name: str) -> None:
    document.attachments[name].obj.UF = pikepdf.String("event-0-contract.pdf")


def twice(document: pikepdf.Pdf, name: str) -> None:
    raw = document.attachments[name].get_file().read_bytes()
    spec = pikepdf.AttachedFileSpec(document, raw, filename=name)  # type: ignore[call-arg]
    document.attachments["again"] = spec


def unnamed(document: pikepdf.Pdf, name: str) -> None:
    loose = pikepdf.Stream(document, b"MZ")
    loose.Type = pikepdf.Name.EmbeddedFile
    document.Root.Loose = document.make_indirect(loose)


@pytest.mark.parametrize(
    ("forge", "said"),
    [
        (other_bytes, "is not the one that was received: its SHA-256 is"),
        (foreign, "the carried file “bill.pdf” is none that the ledger names"),
        (of_no_file, "the carried file “event-0-contract.pdf” is none that the ledger names"),
        (twice, "there are two carried files of event"),
        (unnamed, "the carried file “” is none that the ledger names"),
    ],
)
def test_a_carried_file_that_is_another_is_found_even_where_the_portal_sealed_it(
    seal: Seal,  # noqa: F811
    store: Store,  # noqa: F811
    clock: Clock,
    tmp_path: Path,
    capsys: Told,
    forge: Callable[[pikepdf.Pdf, str], None],
    said: str,
) -> None:
    content = built(lived(store, clock), seal, store, unsealed=True)
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as document:
        [name] = [one for one in document.attachments if one.startswith("event-")]
        forge(document, name)
        document.save(out)
    assert judged(seals.sealed(out.getvalue(), seal), seal, tmp_path) == 1
    told = capsys.readouterr().out
    assert f"Check 7: {said}" in told or said in told
    assert " 13  ok" in told


def test_what_is_carried_and_what_is_not_is_named(
    seal: Seal,  # noqa: F811
    store: Store,  # noqa: F811
    clock: Clock,
    tmp_path: Path,
    capsys: Told,
) -> None:
    process = makers.start(STEPS.replace("name: Contract", "name: Contract, max: 3"))
    makers.fill(process, company="Sea Ltd")
    makers.send(process, "papers", came(store, b"%PDF-1.7 first"), came(store, b"%PDF-1.7 second"))
    gone = makers.rows(FileRow, process_id=process)[-1]
    store.path(gone.storage_id).unlink()
    assert judged(built(process, seal, store), seal, tmp_path) == 0
    told = capsys.readouterr().out
    assert "  7  ok" in told
    assert told.count("Carried, as it was received: event-") == 1
    assert told.count("Not carried: event ") == 1
    assert f"“contract.pdf”, SHA-256 {gone.sha256}" in told
    assert judged(built(process, seal), seal, tmp_path) == 0
    assert "arried" not in capsys.readouterr().out


def test_a_carried_file_may_be_a_ledger_itself(
    seal: Seal,  # noqa: F811
    store: Store,  # noqa: F811
    clock: Clock,
    tmp_path: Path,
    capsys: Told,
) -> None:
    process = makers.start(STEPS)
    makers.fill(process, company="Sea Ltd")
    with db.reading() as conn:
        lines = [f"{line}\n" for line in export.lines(conn, process)]
    makers.send(process, "papers", came(store, "".join(lines).encode(), "ledger.jsonl"))
    assert judged(built(process, seal, store), seal, tmp_path) == 0
    assert "Carried, as it was received: event-" in capsys.readouterr().out
