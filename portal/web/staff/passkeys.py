"""Passkeys: what the page's script asks for, and what it brings back."""

import json

from flask import jsonify, redirect, render_template, request
from flask import session as cookie
from flask.typing import ResponseReturnValue

from portal import installation
from portal.actions import passkeys as actions
from portal.errors import Faulty, NotSignedIn, PortalError, TooFast
from portal.web.staff import account
from portal.web.staff.door import (
    doors,
    me,
    my_secret,
    remember,
    remember_proved,
    safe_place,
    said,
    whence,
)

STEP = "passkey"  # what the cookie calls the step that is under way


@doors.post("/login/passkey/ask")
def ask_passkey() -> ResponseReturnValue:
    """What the browser is to show, for the script to hand on."""
    ip, _ = whence()
    try:
        options, cookie[STEP] = actions.ask(ip=ip)
    except PortalError as refusal:
        return jsonify({"detail": str(refusal)}), refusal.status
    return jsonify(json.loads(options))


@doors.post("/login/passkey")
def sign_in_by_passkey() -> ResponseReturnValue:
    """Let in whoever showed a passkey."""
    place = safe_place(request.form.get("next"))
    ip, agent = whence()
    try:
        answer = request.form.get("answer", "")
        secret = actions.sign_in(cookie.pop(STEP, None), answer, ip=ip, agent=agent)
    except (NotSignedIn, TooFast) as refusal:
        page = render_template("staff/login.html", place=place, fault=refusal.sentence)
        headers = {"Retry-After": str(refusal.retry_after)} if isinstance(refusal, TooFast) else {}
        return page, 429 if headers else 401, headers
    remember(secret)
    return redirect(place, 303)


@doors.post("/me/prove/passkey")
def prove_by_passkey() -> ResponseReturnValue:
    """Show by a passkey who sits there."""
    place = safe_place(request.form.get("next") or "/me")
    try:
        answer = request.form.get("answer", "")
        remember_proved(actions.prove(my_secret(), cookie.pop(STEP, None), answer, actor=me()))
    except NotSignedIn as refusal:
        return account.ask_who(place, {"passkey": refusal.sentence})
    return redirect(place, 303)


@doors.post("/me/passkeys/begin")
def begin_passkey() -> ResponseReturnValue:
    """What the browser is to make, for the script to hand on."""
    try:
        options, cookie[STEP] = actions.begin(
            my_secret(), installation.current.brand.name, actor=me()
        )
    except PortalError as refusal:
        return jsonify({"detail": str(refusal)}), refusal.status
    return jsonify(json.loads(options))


@doors.post("/me/passkeys")
def add_passkey() -> ResponseReturnValue:
    """Take a new passkey into use."""
    form = request.form
    try:
        step, answer = cookie.pop(STEP, None), form.get("answer", "")
        actions.add(my_secret(), step, form.get("name", ""), answer, actor=me())
    except Faulty as fault:
        return account.page(fault, at="passkey")
    except NotSignedIn as refusal:
        return account.page(Faulty.one("name", refusal.sentence), at="passkey")
    said("From now on you can sign in by this passkey alone.")
    return redirect("/me", 303)


@doors.post("/me/passkeys/<passkey_id>/name")
def rename_passkey(passkey_id: str) -> ResponseReturnValue:
    """Call a passkey otherwise."""
    try:
        actions.rename(passkey_id, request.form.get("name", ""), actor=me())
    except Faulty as fault:
        return account.page(fault, at=f"passkey-{passkey_id}")
    return redirect("/me", 303)


@doors.post("/me/passkeys/<passkey_id>/remove")
def remove_passkey(passkey_id: str) -> ResponseReturnValue:
    """Have a passkey open the door no more."""
    actions.remove(my_secret(), passkey_id, actor=me())
    said("That passkey opens the door no more.")
    return redirect("/me", 303)
