import gzip
import re

import pytest
from flask import Flask
from fontTools.ttLib import TTFont

from portal.web import assets


@pytest.fixture
def static(tmp_path, monkeypatch):
    monkeypatch.setattr(assets, "STATIC", tmp_path)
    monkeypatch.setattr(assets, "BUILT", tmp_path / "built")
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "base.css").write_text("body { color: black }")
    (tmp_path / "package.json").write_text("{}")
    return tmp_path


def app_of(static):
    app = Flask("portal", static_folder=None)
    assets.install(app)
    return app


def test_an_asset_is_kept_for_ever_under_the_address_of_its_content(static):
    app = app_of(static)
    address = app.jinja_env.globals["asset"]("css/base.css")
    answer = app.test_client().get(address)
    assert answer.text == "body { color: black }"
    assert answer.mimetype == "text/css"
    assert answer.cache_control.immutable
    assert answer.cache_control.max_age == assets.FOR_EVER


def test_another_content_is_another_address(static):
    first = app_of(static).extensions["assets"]
    (static / "css" / "base.css").write_text("body { color: navy }")
    assert app_of(static).extensions["assets"] != first


def test_an_address_of_another_release_is_not_kept(static):
    answer = app_of(static).test_client().get("/assets/older/css/base.css")
    assert answer.status_code == 200
    assert answer.cache_control.no_cache
    assert answer.cache_control.max_age is None


def test_what_npm_brought_is_served_beside_our_own(static):
    source, target = next(item for item in assets.BROUGHT.items() if "LICENSE" in item[1])
    (static / "node_modules" / source).parent.mkdir(parents=True)
    (static / "node_modules" / source).write_bytes(b"OFL")
    assert assets.build() == 1
    assert app_of(static).test_client().get(f"/assets/x/{target}").data == b"OFL"


@pytest.mark.parametrize(
    "name", ["package.json", "../app.py", "css/../package.json", "node_modules/x", "css"]
)
def test_nothing_else_is_served(static, name):
    assert app_of(static).test_client().get(f"/assets/x/{name}").status_code == 404


def test_styles_and_scripts_travel_packed_to_who_unpacks_them(static):
    client = app_of(static).test_client()
    plain = client.get("/assets/x/css/base.css")
    packed = client.get("/assets/x/css/base.css", headers={"Accept-Encoding": "br, gzip"})
    assert plain.content_encoding is None
    assert packed.content_encoding == "gzip"
    assert gzip.decompress(packed.data) == plain.data == b"body { color: black }"
    assert "Accept-Encoding" in packed.vary
    refused = client.get("/assets/x/css/base.css", headers={"Accept-Encoding": "gzip;q=0"})
    assert refused.content_encoding is None


def test_the_type_that_a_page_loads_is_small_and_has_what_the_style_says():
    """At most 25 KB for Western Europe; every sign of the style sheet's range is in the font."""
    style = (assets.STATIC / "css" / "base.css").read_text()
    faces = re.findall(
        r"fonts/(text-[\w-]+)\.woff2.*?font-display: (\w+); unicode-range: ([^;]+);", style
    )
    assert [name for name, _, _ in faces] == ["text-latin", "text-latin-ext"]
    for name, display, ranges in faces:
        path = assets.BUILT / "fonts" / f"{name}.woff2"
        assert path.stat().st_size <= 25_000
        assert display == "optional"
        known = set(TTFont(path).getBestCmap())
        for part in ranges.replace("U+", "").split(", "):
            first, _, last = part.partition("-")
            asked = set(range(int(first, 16), int(last or first, 16) + 1))
            assert asked <= known, f"{name} has no {[hex(sign) for sign in asked - known]}"
