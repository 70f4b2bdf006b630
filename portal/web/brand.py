"""The brand's colours and logo over HTTP, under addresses that change with them."""

import hashlib

from flask import Blueprint, Flask, Response, abort, current_app

from portal.brand import Brand
from portal.web.assets import FOR_EVER

doors = Blueprint("brand", __name__)


def install(app: Flask, brand: Brand) -> None:
    """Give the templates the brand, and the addresses of its style sheet and its logo."""
    app.extensions["brand"] = brand
    app.jinja_env.globals.update(
        brand=brand,
        brand_style=f"/brand/{_digest(brand)}.css" if brand.style else None,
        brand_logo=f"/brand/{brand.logo.digest}" if brand.logo else None,
    )
    app.register_blueprint(doors)


@doors.get("/brand/<release>.css")
def style(release: str) -> Response:
    """The colours, to be kept for ever."""
    brand: Brand = current_app.extensions["brand"]
    if not brand.style or release != _digest(brand):
        abort(404)
    return _for_ever(Response(brand.style, mimetype="text/css"))


@doors.get("/brand/<release>")
def logo(release: str) -> Response:
    """The logo, to be kept for ever; opened by itself it runs nothing."""
    brand: Brand = current_app.extensions["brand"]
    if brand.logo is None or release != brand.logo.digest:
        abort(404)
    response = Response(brand.logo.content, mimetype=brand.logo.media_type)
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return _for_ever(response)


def _digest(brand: Brand) -> str:
    return hashlib.sha256(brand.style.encode()).hexdigest()[:16]


def _for_ever(response: Response) -> Response:
    response.cache_control.public = True
    response.cache_control.immutable = True
    response.cache_control.max_age = FOR_EVER
    return response
