import pytest
from flask import Flask

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
    source, target = next(iter(assets.BROUGHT.items()))
    (static / "node_modules" / source).parent.mkdir(parents=True)
    (static / "node_modules" / source).write_bytes(b"woff2")
    assert assets.build() == 1
    assert app_of(static).test_client().get(f"/assets/x/{target}").data == b"woff2"


@pytest.mark.parametrize(
    "name", ["package.json", "../app.py", "css/../package.json", "node_modules/x", "css"]
)
def test_nothing_else_is_served(static, name):
    assert app_of(static).test_client().get(f"/assets/x/{name}").status_code == 404
