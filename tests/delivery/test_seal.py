import base64
import hashlib
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from portal.delivery.seal import KEY_FILE, Seal, SealBroken
from portal.ledger import ed25519, tree


def test_the_key_is_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    first, second = Seal.of(tmp_path), Seal.of(tmp_path)
    assert str(first.public_key) == str(second.public_key)
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert [path.name for path in (tmp_path / "keys").iterdir()] == [KEY_FILE.name]


def test_processes_that_start_at_once_end_with_one_key(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from portal.delivery.seal import Seal;"
        "print(Seal.of(Path(sys.argv[1])).public_key)"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    assert len({run.communicate()[0] for run in runs}) == 1
    assert all(run.returncode == 0 for run in runs)


def test_a_signature_holds_for_its_bytes_alone(tmp_path: Path) -> None:
    seal = Seal.of(tmp_path)
    public, signature = seal.public_key.raw, seal.sign(b"root")
    assert ed25519.is_signature(public, b"root", signature)
    assert not ed25519.is_signature(public, b"roots", signature)
    assert not ed25519.is_signature(public, b"root", signature[:-1])


def test_the_public_key_reads_back_as_the_verifier_takes_it(tmp_path: Path) -> None:
    key = Seal.of(tmp_path).public_key
    assert ed25519.public_key(f" {key}\n") == key.raw
    assert tree.key_id(key.name, key.raw) == key.key_id


def test_a_note_is_text_gap_and_signature_line_as_c2sp_has_it(tmp_path: Path) -> None:
    seal = Seal.of(tmp_path)
    note = seal.sign_note("origin\n12\nroot=\n")
    text, line = note.split("\n\n")
    assert text == "origin\n12\nroot="
    dash, name, blob = line.rstrip("\n").split(" ")
    assert (dash, name) == ("—", seal.name)
    raw = base64.b64decode(blob)
    key_id = hashlib.sha256(seal.name.encode() + b"\n\x01" + seal.public_key.raw).digest()[:4]
    assert raw[:4] == key_id
    assert len(raw) == 68
    assert ed25519.is_signature(seal.public_key.raw, b"origin\n12\nroot=\n", raw[4:])


def test_a_damaged_key_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    Seal.of(tmp_path)
    (tmp_path / KEY_FILE).write_text("not a key")
    with pytest.raises(SealBroken, match=r"ledger\.ed25519 can't be read"):
        Seal.of(tmp_path)


def test_a_note_must_be_whole_lines(tmp_path: Path) -> None:
    for text in ("no newline", "a\rb\n", "a\0\n"):
        with pytest.raises(ValueError, match="lines of printable text"):
            Seal.of(tmp_path).sign_note(text)
