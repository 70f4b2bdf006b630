"""Refusals become pages for people and problem documents (RFC 9457) for programs, once."""

from http import HTTPStatus

import sqlalchemy.exc
import structlog
from flask import Flask, Response, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from portal.errors import Faulty, PortalError, TooFast, TooLarge, Unavailable
from portal.language import gettext as _
from portal.language import mark

log = structlog.get_logger(__name__)

_UNKNOWN_PAGE = mark("There is nothing at this address.")
_MISUNDERSTOOD = mark("This request could not be understood.")
_WRONG_METHOD = mark("This address does not take that kind of request.")


def install(app: Flask) -> None:
    """Translate every refusal of the rooms, and whatever else goes wrong, to an answer."""
    app.register_error_handler(PortalError, refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(sqlalchemy.exc.OperationalError, _database_away)
    app.register_error_handler(sqlalchemy.exc.InterfaceError, _database_away)
    app.register_error_handler(sqlalchemy.exc.TimeoutError, _database_away)
    app.register_error_handler(sqlalchemy.exc.DataError, _unfit)
    app.register_error_handler(Exception, _unforeseen)


def refused(error: PortalError) -> ResponseReturnValue:
    """The answer for a refusal: a problem document under ``/api``, else a page."""
    if _is_program():
        return problem(error)
    return _with_retry(error, render_template("errors/refused.html", error=error))


def problem(error: PortalError) -> ResponseReturnValue:
    """A problem document: ``type``, ``title``, ``status``, ``detail``, ``errors`` for faults."""
    body = {
        "type": f"urn:portal:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": str(error),
    }
    if isinstance(error, Faulty):
        body["errors"] = [{"at": fault.at, "message": fault.message} for fault in error.faults]
    response = jsonify(body)
    response.content_type = "application/problem+json"
    return _with_retry(error, response)


def _with_retry(error: PortalError, body: Response | str) -> ResponseReturnValue:
    headers: dict[str, str] = {}
    if isinstance(error, TooFast):
        headers["Retry-After"] = str(error.retry_after)
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return body, error.status, headers


def _is_program() -> bool:
    return request.path.startswith("/api/")


def _http(error: HTTPException) -> ResponseReturnValue:
    if isinstance(error, RequestEntityTooLarge):
        return refused(TooLarge(_("What was sent is larger than is taken here.")))
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error
    sentences = {404: _UNKNOWN_PAGE, 405: _WRONG_METHOD}
    answer = make_response(refused(_told(error.code, _(sentences.get(error.code, _MISUNDERSTOOD)))))
    # What would do instead: ``Allow``, or how long what was asked for in part is.
    told = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    answer.headers.update(told)
    return answer


def _told(status: int, sentence: str, remedy: str = "") -> PortalError:
    """A refusal with any status of HTTP."""
    title = HTTPStatus(status).phrase.capitalize()
    kind = type("HttpFault", (PortalError,), {"status": status, "title": title, "code": "http"})
    refusal: PortalError = kind(sentence, remedy)
    return refusal


def _database_away(error: Exception) -> ResponseReturnValue:
    log.error("database does not answer", error=str(error)[:300])
    sentence = _("The portal can’t reach its database just now. Nothing was recorded.")
    return refused(Unavailable(sentence, _("Try again in a minute.")))


def _unfit(error: Exception) -> ResponseReturnValue:
    log.warning("a value does not fit the database", error=str(error)[:300])
    if "\0" in request.path:
        return refused(_told(HTTPStatus.NOT_FOUND, _(_UNKNOWN_PAGE)))
    return refused(Faulty.one("body", _("Something sent holds signs that can’t be stored.")))


def _unforeseen(error: Exception) -> ResponseReturnValue:
    log.exception("unforeseen fault", endpoint=request.endpoint)
    sentence = _("Something went wrong on our side. It has been written down.")
    remedy = _("Try again; if it stays, tell whoever runs this portal.")
    return refused(_told(500, sentence, remedy))
