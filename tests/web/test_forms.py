"""The token of a form: of this very page, and of a key that is still in use."""

import pytest
from flask import Flask

from portal.errors import FormTooOld
from portal.settings import Settings
from portal.web import forms

OLD, NEW = "o" * 40, "n" * 40


def app(keys: str) -> Flask:
    made = Flask("portal")
    made.config["SETTINGS"] = Settings.load({"PORTAL_SECRET_KEYS": keys})
    return made


def made_with(keys: str, *about: str) -> str:
    """The token of a page about these things."""
    with app(keys).app_context():
        return forms.token(*about)


def judged(keys: str, token: str, *about: str) -> None:
    """Raises FormTooOld where the token is none for a page about these things."""
    with app(keys).test_request_context(method="POST", data={"_csrf": token}):
        forms.require_ours(*about)


def test_a_page_outlives_the_change_to_a_newer_key_and_not_the_end_of_its_own() -> None:
    token = made_with(OLD, "answer", "vera", "task")
    judged(OLD, token, "answer", "vera", "task")
    judged(f"{NEW},{OLD}", token, "answer", "vera", "task")
    with pytest.raises(FormTooOld):
        judged(NEW, token, "answer", "vera", "task")


@pytest.mark.parametrize(
    "about", [("answer", "otto", "task"), ("enter", "vera", "task"), ("answer", "vera", "task", "")]
)
def test_a_token_is_good_for_what_it_is_about_alone(about: tuple[str, ...]) -> None:
    with pytest.raises(FormTooOld):
        judged(OLD, made_with(OLD, *about), "answer", "vera", "task")


@pytest.mark.parametrize("token", ["", "x", "é", "=" * 43, "\0"])
def test_nonsense_is_no_token(token: str) -> None:
    with pytest.raises(FormTooOld):
        judged(OLD, token, "answer", "vera", "task")
