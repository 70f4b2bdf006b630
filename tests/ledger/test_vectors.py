"""The test vectors beside LEDGER.md: made from fixed inputs, never to change, and true."""

import json
from typing import Any

import pytest

from portal.ledger import chain, ed25519, judging, keepsakes, tree
from portal.ledger.findings import SOUND
from tests.ledger import vectors

CASES: list[dict[str, Any]] = json.loads((vectors.FOLDER / "verdicts.json").read_bytes())
SUMS: dict[str, Any] = json.loads((vectors.FOLDER / "arithmetic.json").read_bytes())


def test_the_files_are_those_that_the_code_makes() -> None:
    made = vectors.make()
    there = {
        str(path.relative_to(vectors.FOLDER)): path.read_bytes()
        for path in vectors.FOLDER.rglob("*")
        if path.is_file()
    }
    assert there == made


@pytest.mark.parametrize(
    "case",
    CASES,
    ids=lambda case: f"{case['file']} {case.get('older', '')} {case.get('files', '')}",
)
def test_every_file_has_the_verdict_that_is_told(case: dict[str, Any]) -> None:
    place = vectors.FOLDER
    kept = (judging.kept_in(place / name) for name in case.get("older", ()))
    files = [place / name for name in case["files"]] if "files" in case else None
    key = None if case["key"] is None else ed25519.public_key(case["key"])
    report = judging.judge(
        place / case["file"], key=key, kept=sum(kept, keepsakes.NOTHING), files=files
    )
    told = list(report.told())
    assert report.verdict == case["verdict"], told
    found = {one.check for one in report.findings}
    assert found >= set(case["checks"]), told
    assert (found == set()) == (case["verdict"] == SOUND)
    assert ("not anchored" in report.sentence()) == case.get("not_anchored", False)
    assert report.erased == case.get("erased", report.erased)


def test_the_small_things_are_as_they_are_told() -> None:
    for one in SUMS["canonical"]:
        value, raw = chain.parse_canonical(one["text"])
        assert (raw.hex(), chain.canonical(value)) == (one["utf8_hex"], raw)
    for text in SUMS["not_canonical"]:
        with pytest.raises(chain.Malformed):
            chain.parse_canonical(text)
    for one in SUMS["tree"]["inclusion"]:
        leaf = bytes.fromhex(SUMS["tree"]["leaves"][one["index"]])
        path = [bytes.fromhex(part) for part in one["proof"]]
        found = tree.proven_root(one["index"], one["size"], leaf, path)
        assert found.hex() == SUMS["tree"]["roots"][str(one["size"])]
    for one in SUMS["tree"]["consistency"]:
        roots = [bytes.fromhex(SUMS["tree"]["roots"][str(one[which])]) for which in ("old", "new")]
        path = [bytes.fromhex(part) for part in one["proof"]]
        assert tree.extends(one["old"], one["new"], (roots[0], roots[1]), path)


def test_all_eleven_kinds_of_tampering_are_among_them() -> None:
    kinds = {"edit", "delete", "insert", "swap", "duplicate", "splice", "whitespace",
             "disclosure", "retimed", "foreign-key", "resigned"}  # fmt: skip
    assert kinds <= {case["file"].removeprefix("broken/").removesuffix(".jsonl") for case in CASES}
    assert len(kinds) == 11
