"""Which language a visitor reads, and Flask-Babel told so for the pages."""

import re

from flask import Flask, Response, request
from flask_babel import Babel, Domain

from portal import installation, language
from portal.web import forms

COOKIE = "portal_language"
# Where a line is narrow it would end behind the hyphen; a mark that nobody sees forbids that.
_PARTED = re.compile(r"\b([Ee]-)(?=[Mm]ail)")
# A value counts within its own tag alone: texts may hold the same letters.
_OF_PAGE = re.compile(
    r"(?P<typed><textarea\b.*?</textarea>)|(?P<tag><(?:input|option|button)\b[^>]*>)"
    rf"|[{language.TURNS}]+",
    re.DOTALL,
)
_OF_TAG = re.compile(rf"(?P<typed>\bvalue=\"[^\"]*\")|[{language.TURNS}]+")
_YEAR = 365 * 24 * 3600


class _Words(Domain):  # type: ignore[misc]
    """The translations that the whole house speaks by."""

    def get_translations(self) -> object:
        return language.translations(language.current())


class _House(Babel):  # type: ignore[misc]
    domain_instance = _Words()


def install(app: Flask) -> None:
    """Every page begins in English; the participants' doors choose another."""
    _House(app, locale_selector=language.current)
    app.jinja_env.install_gettext_callables(_said, _said_of, newstyle=True)  # type: ignore[attr-defined]
    app.before_request(_begin)
    app.after_request(_straighten)
    app.teardown_request(lambda _error: language.use(None))
    app.jinja_env.globals.update(
        language=language.current,
        direction=language.direction,
        languages=language.names,
        language_asked=asked,
        language_token=lambda: forms.token("language"),
    )


def _said(message: str) -> str:
    """The message for a page, before anything is filled in."""
    return _PARTED.sub("\\1\u2060", language.gettext(message))


def _said_of(one: str, many: str, n: int) -> str:
    return _PARTED.sub("\\1\u2060", language.plural(one, many, n))


def _begin() -> None:
    language.use(None)


def _straighten(response: Response) -> Response:
    """No page is turned round by a sign within a name; what stands to be typed on keeps them all.

    Done once to what was set: names come into pages at hundreds of places, and through sentences.
    """
    if response.mimetype != "text/html" or response.is_streamed:
        return response
    html = response.get_data()
    if any(sign.encode() in html for sign in language.turns()):
        response.set_data(_OF_PAGE.sub(_shown, html.decode()))
    return response


def _shown(part: re.Match[str]) -> str:
    if part["typed"]:
        return part[0]
    tag = part.groupdict().get("tag")
    return _OF_TAG.sub(_shown, tag) if tag else language.straight(part[0])


def asked() -> str | None:
    """The language that the visitor chose here before, or that their browser asks for."""
    chosen = request.cookies.get(COOKIE)
    if chosen in language.known():
        return chosen
    return request.accept_languages.best_match(language.known())


def greet(known: str | None = None) -> None:
    """Speak as the person is known to read, as the visitor asks, or as the house does."""
    language.use(known or asked() or installation.current.language)


def remember(response: Response, spoken: str, *, is_https: bool) -> Response:
    """The response, telling the browser what its reader chose: it names nobody."""
    response.set_cookie(
        COOKIE, spoken, max_age=_YEAR, path="/", secure=is_https, httponly=True, samesite="Lax"
    )
    return response
