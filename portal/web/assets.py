"""Styles, scripts, fonts: served under an address that changes with their content.

``/assets/RELEASE/css/base.css``: RELEASE is a digest over all files, so browsers may keep what
they have for ever, and addresses inside a style sheet (``url("../fonts/…")``) stay relative.
Files that npm brought are copied to ``static/built`` once, at set-up:
``python -m portal.web.assets``. Pages work without them.
"""

import gzip
import hashlib
import shutil
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Flask, abort, current_app, request, send_from_directory
from werkzeug.wrappers.response import Response

STATIC = Path(__file__).resolve().parents[2] / "static"
BUILT = STATIC / "built"
OWN = ("css", "js", "img", "fonts")
_INTER = "@fontsource-variable/inter"
_ARABIC = "@fontsource-variable/vazirmatn"
# Where a file of the npm packages goes; the browser takes only the scripts a page needs.
BROUGHT = {
    f"{_INTER}/files/inter-{script}-wght-normal.woff2": f"fonts/inter-{script}.woff2"
    for script in ("latin", "latin-ext", "greek", "cyrillic")
} | {
    f"{_INTER}/LICENSE": "fonts/inter-LICENSE.txt",
    # Pages leave Arabic to the reader's own fonts; an audit trail has to carry its own: one
    # with a sign for each letter, since text taken from a page has lost dots set apart.
    f"{_ARABIC}/files/vazirmatn-arabic-wght-normal.woff2": "fonts/arabic.woff2",
    f"{_ARABIC}/LICENSE": "fonts/arabic-LICENSE.txt",
}
FOR_EVER = 365 * 24 * 3600
_PACKED = (".css", ".js", ".svg")

doors = Blueprint("assets", __name__)


def build() -> int:
    """Copy the files that npm brought to ``static/built``; how many there were."""
    shutil.rmtree(BUILT, ignore_errors=True)
    copied = 0
    for source, target in BROUGHT.items():
        origin = STATIC / "node_modules" / source
        if origin.exists():
            (BUILT / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(origin, BUILT / target)
            copied += 1
    _cut_fonts()
    return copied


def _cut_fonts() -> None:
    """Beside the whole fonts, which the PDFs are set in, those that pages load."""
    from portal.web import fonts

    for script, signs in (("latin", fonts.LATIN), ("latin-ext", fonts.LATIN_EXT)):
        whole = BUILT / "fonts" / f"inter-{script}.woff2"
        if whole.is_file():
            fonts.cut(whole, whole.with_name(f"text-{script}.woff2"), signs)


def install(app: Flask) -> None:
    """Serve the assets and give templates ``asset("css/base.css")``."""
    release = _release()
    app.extensions["assets"] = release
    app.register_blueprint(doors)
    app.jinja_env.globals["asset"] = lambda name: f"/assets/{release}/{name}"


@doors.get("/assets/<release>/<path:name>")
def serve(release: str, name: str) -> Response:
    """A file, to be kept for ever where the address is of this release."""
    folders = name.split("/")[:-1]
    if not folders or folders[0] not in OWN or ".." in folders:
        abort(404)
    place = BUILT if (BUILT / name).is_file() else STATIC
    response = send_from_directory(place, name, max_age=FOR_EVER, conditional=True)
    if name.endswith(_PACKED) and response.status_code == 200:
        _pack(response, place / name)
    if release == current_app.extensions["assets"]:
        response.cache_control.public = True
        response.cache_control.immutable = True
    else:
        response.cache_control.no_cache = True
        response.cache_control.max_age = None
    return response


def _pack(response: Response, path: Path) -> None:
    """Make the text small for a browser that unpacks it.

    Pages themselves never are: they hold secrets beside what a visitor typed (CVE-2013-3587).
    """
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"] > 0:
        response.direct_passthrough = False
        response.set_data(_gzip(path, path.stat().st_mtime_ns))
        response.content_encoding = "gzip"
        response.headers.pop("ETag", None)


@lru_cache(maxsize=64)
def _gzip(path: Path, _changed_at: int) -> bytes:
    return gzip.compress(path.read_bytes(), mtime=0)


def _release() -> str:
    digest = hashlib.sha256()
    for place in (STATIC, BUILT):
        for folder in OWN:
            for path in sorted((place / folder).rglob("*")):
                if path.is_file():
                    digest.update(f"{path.relative_to(place)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


if __name__ == "__main__":
    build()
