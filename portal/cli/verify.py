"""``portal verify``: check an audit trail offline, without database, settings or network."""

import hashlib
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import click

from portal.cli import enclosed
from portal.cli.main import sentence_of
from portal.cli.printed import compare
from portal.cli.signed import check_signature
from portal.ledger import chain, seals
from portal.ledger.__main__ import public_key
from portal.ledger.findings import ALTERED, INCOMPLETE, Report
from portal.ledger.judging import CHANGES, changes_in, digests_of, is_ledger, is_pdf, kept_in
from portal.ledger.keepsakes import NOTHING, Kept, of_text
from portal.ledger.pack import is_archive
from portal.ledger.verify import lines_of
from portal.ledger.verify import verify as check

_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


class _Judging(click.Command):
    """A command whose exit statuses are verdicts: what kept it from judging is none of them."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as fault:
            told = f"This could not be checked: {sentence_of(fault)}"
            raise click.UsageError(told) from fault


@click.command(cls=_Judging)
@click.argument("file", type=_FILE, required=False, metavar="FILE")
@click.option("--key", help="The portal's public key, or a file that holds it.")
@click.option("--receipt", "receipts", multiple=True, metavar="NUMBER:HASH",
              help="An event's number and hash as a receipt names them, or its file.")  # fmt: skip
@click.option("--older", multiple=True, type=_FILE,
              help="What somebody kept: an older export or trail, a receipt (a mail, too), a "
                   "checkpoint, the proof between two, a change of keys.")  # fmt: skip
@click.option("--files", type=_FOLDER, help="A folder with the files that were uploaded.")
@click.option("--certificate", metavar="SHA256",
              help="The SHA-256 of the certificate that the PDF must be sealed with.")  # fmt: skip
@click.option("--bundle", type=click.Path(dir_okay=False, path_type=Path),
              help="Write the verifier of exports as one file that Python alone runs.")  # fmt: skip
def verify(
    file: Path | None,
    key: str | None,
    receipts: tuple[str, ...],
    older: tuple[Path, ...],
    files: Path | None,
    certificate: str | None,
    bundle: Path | None,
) -> int:
    """Check an audit trail (PDF or ledger export) or an evidence pack offline.

    Ends with 0 sound, 1 altered, 2 incomplete, 3 signed by another key, 64 nothing to judge.
    """
    if bundle is not None:
        return _write_bundle(bundle)
    if file is None:
        raise click.UsageError("Name the audit trail to check: portal verify FILE.")
    kept = sum([*map(_receipt, receipts), *map(_older, older)], NOTHING)
    public = None if key is None else _key(key)
    pinned = None if certificate is None else _fingerprint(certificate)
    if is_archive(file):
        return _check_pack(file, public, kept, pinned)
    digests = None if files is None else digests_of([files])
    if is_pdf(file):
        report = _check_pdf(file, public, kept, digests)
        check_signature(report, file.read_bytes(), pinned)
    else:
        report = check(lines_of(file), key=public, kept=kept, digests=digests)
    for line in report.told():
        click.echo(line)
    return report.verdict


def _write_bundle(path: Path) -> int:
    from portal.ledger.bundle import bundle

    content = bundle()
    path.write_bytes(content)
    path.chmod(0o755)
    click.echo(f"{path}: run it with python3 {path} EXPORT [PUBLICKEY].")
    click.echo(f"SHA-256 {hashlib.sha256(content).hexdigest()}")
    return 0


def _check_pack(file: Path, key: bytes | None, kept: Kept, pinned: str | None) -> int:
    from portal.cli import packs

    def of_pdf(pdf: Path, changes: Kept) -> Report:
        found = _check_pdf(pdf, key, changes, None)
        check_signature(found, pdf.read_bytes(), pinned)
        return found

    report = packs.judged(file, key, kept, of_pdf)
    for line in report.told():
        click.echo(line)
    return report.verdict


def _check_pdf(
    file: Path,
    key: bytes | None,
    kept: Kept,
    digests: Collection[str] | None,
) -> Report:
    from portal.delivery import pdf_reading

    try:
        # An uploaded file that the trail carries may be somebody's ledger, too.
        found = pdf_reading.enclosures(file)
        own = [one for one in found if is_ledger(one[1]) and not one[0].startswith("event-")]
    except pdf_reading.NotReadable as fault:
        return _refused(ALTERED, str(fault))
    held = {raw for _, raw in own}
    if len(held) != 1:
        missing = "There is no ledger inside this PDF: it is not an audit trail."
        twice = "There is more than one ledger inside this PDF."
        return _refused(ALTERED if held else INCOMPLETE, twice if held else missing)
    lines = held.pop().splitlines(keepends=True)
    changes = [raw for name, raw in found if name == CHANGES and changes_in([raw]) != NOTHING]
    kept += changes_in(changes)
    report = check(lines, key=key, kept=kept, digests=digests)
    seals.check(report, file.read_bytes(), key, kept)
    try:
        compare(report, lines, pdf_reading.text(file), pdf_reading.language(file))
        enclosed.compare(
            report, lines, (one for one in found if one not in own and one[1] not in changes)
        )
    except pdf_reading.NotReadable as fault:
        report.find(12, ALTERED, str(fault))
    return report


def _refused(verdict: int, sentence: str) -> Report:
    report = Report()
    report.find(1, verdict, sentence)
    return report


def _receipt(text: str) -> Kept:
    """A receipt as NUMBER:HASH, or the file that holds one."""
    try:
        is_file = len(text) < 1024 and Path(text).is_file()
        return kept_in(Path(text)) if is_file else of_text(text)
    except chain.Malformed:
        raise click.BadParameter(
            f"{text!r} is not a receipt: NUMBER:HASH, the hash with 64 hex digits, or a file with "
            "the receipt was expected.", param_hint="--receipt",
        ) from None  # fmt: skip


def _older(path: Path) -> Kept:
    """What somebody kept, as a file."""
    try:
        return kept_in(path)
    except chain.Malformed as fault:
        raise click.BadParameter(f"{path}: {fault}.", param_hint="--older") from None


def _key(text: str) -> bytes:
    """A public key as text, or out of a file; a page of the portal holds it in its first line."""
    try:
        return public_key(text)
    except (chain.Malformed, OSError) as fault:
        raise click.BadParameter(f"{fault}.", param_hint="--key") from None


def _fingerprint(text: str) -> str:
    digits = re.sub(r"[\s:]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digits, re.ASCII):
        raise click.BadParameter("64 hex digits were expected.", param_hint="--certificate")
    return digits
