"""The brand's colours and logo over HTTP, under addresses that change with them."""

import hashlib
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask, Response, abort
from werkzeug.local import LocalProxy

from portal import installation
from portal.brand import Brand
from portal.readings import rules
from portal.web.assets import FOR_EVER

doors = Blueprint("brand", __name__)


def install(app: Flask) -> None:
    """Give the templates the brand, and the addresses of its style sheet and its logo.

    Each page asks anew: an admin may have changed them.
    """
    told: dict[str, Any] = {"brand": _brand, "brand_style": _style, "brand_logo": _logo}
    app.jinja_env.globals.update({name: LocalProxy(ask) for name, ask in told.items()})
    app.register_blueprint(doors)


@doors.get("/brand/<release>.css")
def style(release: str) -> Response:
    """The colours, to be kept for ever."""
    brand = _known(lambda one: bool(one.style) and release == _digest(one))
    return _for_ever(Response(brand.style, mimetype="text/css"))


@doors.get("/brand/<release>")
def logo(release: str) -> Response:
    """The logo, to be kept for ever; opened by itself it runs nothing."""
    brand = _known(lambda one: one.logo is not None and release == one.logo.digest)
    assert brand.logo is not None
    response = Response(brand.logo.content, mimetype=brand.logo.media_type)
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return _for_ever(response)


def _brand() -> Brand:
    return installation.current.brand


def _style() -> str | None:
    brand = _brand()
    return f"/brand/{_digest(brand)}.css" if brand.style else None


def _logo() -> str | None:
    logo = _brand().logo
    return f"/brand/{logo.digest}" if logo else None


def _known(fits: Callable[[Brand], bool]) -> Brand:
    """The brand that is asked for; 404 for one that is no more.

    Another process may have known of a newer one a moment earlier.
    """
    if not any(map(fits, _brands())):
        rules.follow()
    found = next(filter(fits, _brands()), None)
    if found is None:
        abort(404)
    return found


def _brands() -> tuple[Brand, Brand]:
    return installation.current.brand, installation.given.brand


def _digest(brand: Brand) -> str:
    return hashlib.sha256(brand.style.encode()).hexdigest()[:16]


def _for_ever(response: Response) -> Response:
    response.cache_control.public = True
    response.cache_control.immutable = True
    response.cache_control.max_age = FOR_EVER
    return response
