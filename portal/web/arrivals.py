"""Files on their way in: streamed to the store while they arrive, hashed once, judged by content.

A door says which documents it ``expect``s before anything reads the body; what is not expected
is let go byte by byte. ``answer`` then judges each file and keeps the good ones, so that one bad
file never costs the others.
"""

import io
from collections.abc import Collection, Iterable
from typing import IO, Any

from flask import Request, current_app
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.formparser import FormDataParser, MultiPartParser
from werkzeug.sansio.multipart import File

from portal import db
from portal.actions import uploads
from portal.actions.codes import Proof, Unproved
from portal.actions.uploads import Arrived
from portal.actor import Actor
from portal.definition.tree import Document
from portal.delivery.storage import CHUNK, Sink, Store, TypeFault, safe_name
from portal.errors import Fault, Faulty, PortalError, TooLarge
from portal.language import gettext as _
from portal.language import mark
from portal.readings import asked, words

LARGEST_BODY = 10_000_000  # bytes of any request that brings no expected file
_SLACK = 1_000_000  # bytes of a request beside its files
_UNREADABLE_NAME = mark(
    "The name of a file came in letters that can’t be read, so nothing was recorded. Go back,"
    " where all that you typed still stands, rename the file with plain letters, and send it again."
)
_NOT_WHOLE = mark(
    "What was sent arrived damaged, so nothing was recorded. Go back, where all that you typed"
    " still stands, and send it again."
)
_TOO_LARGE = mark("Use a file up to %(most)s. “%(name)s” is %(size)s.")
_JUST_OVER = mark("Use a file up to %(most)s. “%(name)s” is just over that.")


class Garbled(Faulty):
    """What came could not be taken apart: a broken boundary, a file name in unknown letters."""

    code, title = "garbled", mark("This did not arrive whole")


class FilesTooLarge(Faulty):
    """Files that are larger than is asked for, each with its place."""

    status, code, title = 413, "too-large", mark("Some files are too large")


class Arriving(io.RawIOBase):
    """One incoming file: into the store up to its limit, beyond that only counted."""

    def __init__(self, sink: Sink | None, limit: int) -> None:
        super().__init__()
        self.sink, self.limit, self.size = sink, limit, 0

    @property
    def is_too_large(self) -> bool:
        """Whether more came than is taken."""
        return self.size > self.limit

    def write(self, data: Any, /) -> int:
        """Take the next bytes; past the limit nothing of the file is kept."""
        length = len(data)
        self.size += length
        if self.is_too_large:
            self._let_go()
        if self.sink is not None:
            self.sink.write(data)
        return length

    def read(self, size: int = -1, /) -> bytes:
        """Bytes from the place last sought; none where the file was let go."""
        return (self.sink.read(size) or b"") if self.sink else b""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move the place that is read next."""
        return self.sink.seek(offset, whence) if self.sink else 0

    def close(self) -> None:
        """Let go of what was not kept."""
        self._let_go()
        super().close()

    def _let_go(self) -> None:
        if self.sink is not None:
            self.sink.close()
            self.sink = None


class PortalRequest(Request):
    """A request whose files stream into the store, none of them before it is expected."""

    max_content_length = LARGEST_BODY
    max_form_memory_size = 5_000_000
    max_form_parts = 5_000

    limits: dict[str, int]
    arriving: list[Arriving]

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.limits, self.arriving = {}, []

    def take(self, document: str | None) -> Arriving:
        """Where the bytes of a part go."""
        limit = self.limits.get(document or "")
        sink = _store().sink(limit) if limit is not None else None
        self.arriving.append(Arriving(sink, limit or 0))
        return self.arriving[-1]

    def make_form_data_parser(self) -> FormDataParser:
        """The parser that asks ``take`` for each file."""
        return _Form(self)

    def close(self) -> None:
        """Let go of every file that was not kept."""
        for one in self.arriving:
            one.close()
        super().close()


class _Form(FormDataParser):
    def __init__(self, request: PortalRequest) -> None:
        super().__init__(
            max_form_memory_size=request.max_form_memory_size,
            max_content_length=request.max_content_length,
            max_form_parts=request.max_form_parts,
            cls=request.parameter_storage_class,
            silent=False,  # a form must not look empty because a part of it could not be read
        )
        self._request = request

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]:
        try:
            return super().parse(stream, mimetype, content_length, options)
        except ValueError as error:
            is_name = isinstance(error, UnicodeError) and mimetype == "multipart/form-data"
            raise Garbled([Fault("body", _(_UNREADABLE_NAME if is_name else _NOT_WHOLE))]) from None

    def _parse_multipart(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str]
    ) -> tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]:
        boundary = options.get("boundary", "").encode("ascii")
        if not boundary:
            raise ValueError("Missing boundary")
        # Read in pieces of 1 MiB: small reads are what makes uploads slow.
        parts = _Parts(
            max_form_memory_size=self.max_form_memory_size,
            max_form_parts=self.max_form_parts,
            cls=self.cls,
            buffer_size=CHUNK,
        )
        parts.request = self._request
        form, files = parts.parse(stream, boundary, content_length)
        return stream, form, files


class _Parts(MultiPartParser):
    request: PortalRequest

    def start_file_streaming(self, event: File, total_content_length: int | None) -> IO[bytes]:
        return self.request.take(event.name)  # type: ignore[return-value]


def expect(request: Request, documents: Iterable[Document]) -> None:
    """Let files of these documents in; TooLarge at once where the request announces more.

    To be called before anything reads the form.
    """
    assert isinstance(request, PortalRequest)
    wanted = list(documents)
    request.limits = {one.id: one.max_size for one in wanted}
    most = _SLACK + sum(2 * max(one.max, 1) * one.max_size for one in wanted)
    request.max_content_length = most
    if (request.content_length or 0) > most:
        largest = max((one.max_size for one in wanted), default=0)
        raise TooLarge(
            _(
                "That is more than is taken here: a file may have up to %(size)s.",
                size=words.size(largest),
            ),
            _("Nothing of it was kept. Choose smaller files and send them again."),
        )


def expect_for(request: Request, task_id: str) -> list[Document]:
    """``expect`` what an upload task asks for and has room for; the documents."""
    with db.reading() as conn:
        documents, room = asked.documents(conn, task_id)
    expect(request, documents)
    if (request.content_length or 0) > _SLACK + max(room.left, 0):
        raise TooLarge(room.sentence)
    return documents


def answer(
    task_id: str,
    request: Request,
    *,
    nonce: str | None = None,
    proof: Proof | None = None,
    actor: Actor,
) -> Unproved | None:
    """Answer an upload with what arrived and what was staged before, in one transaction.

    Where it can't count yet, what arrived is staged, so that nobody sends it a second time.
    """
    good = _received(task_id, request, actor)
    try:
        return uploads.submit(task_id, arrived=good, nonce=nonce, proof=proof, actor=actor)
    except Faulty:
        _stage(task_id, good, actor)
        raise
    except PortalError:
        _forget(good)
        raise


def _received(task_id: str, request: Request, actor: Actor) -> list[Arrived]:
    """Judge what arrived for an upload task; the good files.

    Raises Faulty at document ids for the others, after the good ones are safe; FilesTooLarge
    where one of them is too large.
    """
    documents = expect_for(request, task_id)
    good: list[Arrived] = []
    faults: list[Fault] = []
    for document in documents:
        mine = _chosen(request.files.getlist(document.id))
        if len(mine) > document.max:
            faults.append(Fault(document.id, asked.too_many(document)))
            continue
        for one in mine:
            _judge(document, one, good, faults)
    faults += _unasked(request, {one.id for one in documents})
    if faults:
        _stage(task_id, good, actor)
        over = any(one.is_too_large for one in _expected(request))
        raise (FilesTooLarge if over else Faulty)(faults)
    return good


def _stage(task_id: str, good: list[Arrived], actor: Actor) -> None:
    """Hand the files over; what is refused does not stay."""
    try:
        if good:
            uploads.stage(task_id, good, actor=actor)
    except PortalError:
        _forget(good)
        raise


def _forget(good: list[Arrived]) -> None:
    for one in good:
        _store().delete(one.storage_id)


def _judge(document: Document, one: FileStorage, good: list[Arrived], faults: list[Fault]) -> None:
    arriving, name = one.stream, safe_name(one.filename or "")
    assert isinstance(arriving, Arriving)
    if arriving.is_too_large:
        faults.append(Fault(document.id, too_large(document, name, arriving.size)))
    elif arriving.size == 0 or arriving.sink is None:
        sentence = _("“%(name)s” is empty. Choose the file with its content.", name=name)
        faults.append(Fault(document.id, sentence))
    else:
        try:
            good.append(_kept(document, name, arriving.sink))
        except TypeFault as fault:
            faults.append(Fault(document.id, fault.sentence))


def too_large(document: Document, name: str, size: int) -> str:
    """What to say of a file that has more bytes than its document takes."""
    most, here = words.size(document.max_size), words.size(size)
    return _(_JUST_OVER if here == most else _TOO_LARGE, most=most, name=name, size=here)


def _kept(document: Document, name: str, sink: Sink) -> Arrived:
    media_type = sink.judge(name, document.accept)
    stored = sink.keep()
    return Arrived(
        document=document.id,
        name=name,
        size=stored.size,
        sha256=stored.sha256,
        media_type=media_type,
        storage_id=stored.id,
    )


def _chosen(files: Iterable[FileStorage]) -> list[FileStorage]:
    """Files that somebody chose: an untouched control sends an empty part without a name."""
    return [one for one in files if one.filename or size_of(one)]


def size_of(one: FileStorage) -> int:
    """How many bytes of a file came, also where they were let go."""
    return one.stream.size if isinstance(one.stream, Arriving) else 0


def _unasked(request: Request, known: Collection[str]) -> list[Fault]:
    sentence = _("No document of this name is asked for here.")
    return [Fault(name, sentence) for name in request.files if name not in known]


def _expected(request: Request) -> list[Arriving]:
    assert isinstance(request, PortalRequest)
    return [one for one in request.arriving if one.limit]


def _store() -> Store:
    return Store(current_app.config["SETTINGS"].storage_dir)
