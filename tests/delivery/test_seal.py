import base64
import hashlib
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portal.delivery.seal import KEY_FILE, PublicKey, Seal, SealBroken, open_note


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
    signature = seal.sign(b"root")
    assert seal.public_key.verifies(b"root", signature)
    assert not seal.public_key.verifies(b"roots", signature)
    assert not seal.public_key.verifies(b"root", signature[:-1])


def test_the_public_key_reads_back_and_a_slip_in_it_is_seen(tmp_path: Path) -> None:
    key = Seal.of(tmp_path).public_key
    assert PublicKey.parse(f" {key}\n") == key
    name, key_id, encoded = str(key).split("+", 2)
    for wrong in ("", "x", f"{name}x+{key_id}+{encoded}", f"{name}+00000000+{encoded}", f"{key}A"):
        with pytest.raises(SealBroken):
            PublicKey.parse(wrong)


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
    assert open_note(note, seal.public_key) == "origin\n12\nroot=\n"


def test_a_changed_or_foreign_note_is_refused_and_a_witness_line_is_passed_over(
    tmp_path: Path,
) -> None:
    seal, other = Seal.of(tmp_path), Seal(Ed25519PrivateKey.generate())
    note = seal.sign_note("origin\n12\nroot=\n")
    witness = other.sign_note("origin\n12\nroot=\n").splitlines()[-1]
    assert open_note(f"{note}{witness}\n", seal.public_key)
    for wrong in (
        note.replace("12", "13"),
        note.replace("\n\n", "\n"),
        "",
        "\n\n",
        note[:-9] + "\n",
    ):
        with pytest.raises(SealBroken):
            open_note(wrong, seal.public_key)
    with pytest.raises(SealBroken):
        open_note(note, other.public_key)


def test_a_damaged_key_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    Seal.of(tmp_path)
    (tmp_path / KEY_FILE).write_text("not a key")
    with pytest.raises(SealBroken, match=r"ledger\.ed25519 can't be read"):
        Seal.of(tmp_path)


def test_a_note_must_be_whole_lines(tmp_path: Path) -> None:
    for text in ("no newline", "a\rb\n", "a\0\n"):
        with pytest.raises(ValueError, match="lines of printable text"):
            Seal.of(tmp_path).sign_note(text)
