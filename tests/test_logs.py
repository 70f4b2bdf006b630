import base64
import json
import logging

import structlog

from portal import logs

LINK_ID = bytes(range(16))
TOKEN = base64.urlsafe_b64encode(b"\x01" + LINK_ID + b"\x00\x01" + b"t" * 17).decode()


def test_a_link_is_told_by_the_first_digits_of_its_id():
    assert logs.scrub(f"GET /t/{TOKEN} 200") == "GET link:00010203 200"


def test_a_token_broken_over_two_lines_shows_neither_half() -> None:
    told = logs.scrub(f"GET /t/{TOKEN[:20]}=\n{TOKEN[20:]}")
    assert TOKEN[:20] not in told
    assert TOKEN[20:] not in told


def test_what_was_guessed_is_not_repeated():
    told = logs.scrub("GET /t/guess-guess")
    assert "guess" not in told
    assert told.startswith("GET link:")


def test_logins_in_addresses_and_bearer_tokens_are_hidden():
    assert "hunter2" not in logs.scrub("can't reach smtp://desk:hunter2@mail.example.org:587")
    assert "abcdefghijkl" not in logs.scrub("Authorization: Bearer abcdefghijkl")


def test_one_json_object_a_line_whoever_logs(capsys):
    logs.configure("info")
    structlog.get_logger("portal.x").info("entered", url=f"/t/{TOKEN}", password="hunter2", n=3)
    logging.getLogger("library").warning("failed for %s", f"https://h/t/{TOKEN}")
    logging.getLogger("library").info("details", extra={"headers": {"Cookie": "portal=abc"}})
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == [
        "entered",
        "failed for https://hlink:00010203",
        "details",
    ]
    assert lines[0]["url"] == "link:00010203"
    assert lines[0]["password"] == logs.HIDDEN
    assert lines[0]["n"] == 3
    assert lines[2]["headers"] == {"Cookie": logs.HIDDEN}


def test_a_traceback_is_cleaned_too(capsys):
    logs.configure("info")
    try:
        raise ValueError(f"at /t/{TOKEN}")
    except ValueError:
        structlog.get_logger("portal.x").exception("failed")
    told = capsys.readouterr().err
    assert TOKEN not in told
    assert len(told.splitlines()) == 1
