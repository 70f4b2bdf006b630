import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from portal.delivery.catcher import Catcher
from portal.delivery.mail import MESSAGES_PER_CONNECTION, Mailer, Message, Refused, Unreachable
from portal.settings import Settings
from tests.delivery.servers import scripted
from tests.delivery.test_mime import MESSAGE


def numbered(number: int, to: str = "vera@north.example") -> Message:
    return replace(MESSAGE, to=to, message_id=f"<m{number}@portal.example>")


def against(settings: Settings, port: int, query: str = "?tls=none", who: str = "") -> Settings:
    return replace(settings, smtp_url=f"smtp://{who}127.0.0.1:{port}{query}")


def test_a_batch_goes_over_one_connection(settings: Settings) -> None:
    with scripted(lambda _: None) as server, Mailer(against(settings, server.port)) as mailer:
        for number in range(20):
            assert mailer.send(numbered(number)).answer == "taken"
        assert (server.connections, len(server.received)) == (1, 20)


def test_a_long_batch_takes_leave_before_the_server_does(settings: Settings) -> None:
    with scripted(lambda _: None) as server, Mailer(against(settings, server.port)) as mailer:
        for number in range(MESSAGES_PER_CONNECTION + 1):
            mailer.send(numbered(number))
        assert server.connections == 2


def test_without_a_server_set_mail_goes_to_the_catcher(settings: Settings) -> None:
    with Mailer(settings) as mailer:
        with pytest.raises(Unreachable, match="catcher is not running"):
            mailer.send(MESSAGE)
        with Catcher(settings.data_dir) as catcher:
            assert mailer.send(MESSAGE).message_id == MESSAGE.message_id
            (letter,) = catcher.mailbox.newest()
    assert letter.recipients == ("vera@north.example",)


def test_a_refusal_is_told_and_the_next_message_still_goes(settings: Settings) -> None:
    """R14."""
    with Catcher(settings.data_dir) as catcher, Mailer(settings) as mailer:
        for to in ("ann@bounce.example", "ann+refuse@north.example"):
            with pytest.raises(Refused) as refusal:
                mailer.send(numbered(1, to))
            assert (refusal.value.smtp_code, refusal.value.permanent) == (550, True)
            assert refusal.value.sentence == (
                f"The mail server refused the message to {to}: "
                "550 5.1.1 No mailbox of this name here"
            )
        mailer.send(numbered(2))
        assert len(catcher.mailbox.newest()) == 1


@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize(("answer", "permanent"), [("451 later", False), ("554 never", True)])
def test_a_no_at_any_moment_is_a_refusal(
    settings: Settings, at: str, answer: str, permanent: bool
) -> None:
    say = _once(at, answer)
    with scripted(say) as server, Mailer(against(settings, server.port)) as mailer:
        with pytest.raises(Refused) as refusal:
            mailer.send(MESSAGE)
        assert refusal.value.permanent is permanent
        assert mailer.send(numbered(2)).answer == "taken"
        assert server.connections == 1


def test_cut_before_the_250_it_is_unreachable_and_sent_again_as_it_was(settings: Settings) -> None:
    """R13: nobody knows, so only the caller decides; the copy is the same mail."""
    with scripted(_once(".", "")) as server, Mailer(against(settings, server.port)) as mailer:
        with pytest.raises(Unreachable, match="broke off"):
            mailer.send(MESSAGE)
        assert len(server.received) == 1
        mailer.send(MESSAGE)
        assert server.received[0] == server.received[1]
        assert MESSAGE.message_id.encode() in server.received[0]


def test_a_kept_connection_that_was_dropped_is_opened_once_more(settings: Settings) -> None:
    with scripted(_on_visit("MAIL", 2, "")) as server:
        with Mailer(against(settings, server.port)) as mailer:
            mailer.send(numbered(1))
            mailer.send(numbered(2))
        assert (server.connections, len(server.received)) == (2, 2)


def test_a_server_that_is_closing_is_unreachable_not_a_refusal(settings: Settings) -> None:
    with (
        scripted(lambda line: "421 closing" if line.startswith("RCPT") else None) as server,
        Mailer(against(settings, server.port)) as mailer,
        pytest.raises(Unreachable),
    ):
        mailer.send(MESSAGE)


def test_a_slow_server_is_waited_for_only_so_long(settings: Settings) -> None:
    stop = threading.Event()

    def slow(line: str) -> str | None:
        if line.startswith("RCPT"):
            stop.wait(20)
        return None

    with scripted(slow) as server:
        started = time.monotonic()
        mailer = Mailer(against(settings, server.port), answer_seconds=0.3)
        with mailer, pytest.raises(Unreachable, match=r"broke off: .*timed out"):
            mailer.send(MESSAGE)
        assert time.monotonic() - started < 5
    stop.set()


def test_nobody_listening_is_told_with_the_address(settings: Settings) -> None:
    with Mailer(against(settings, 9)) as mailer, pytest.raises(Unreachable) as fault:
        mailer.send(MESSAGE)
    assert str(fault.value) == (
        "The mail server 127.0.0.1:9 can't be reached: Connection refused. "
        "Check PORTAL_SMTP_URL, and that the server is running."
    )


def test_encryption_that_is_asked_for_and_not_offered_is_a_fault(settings: Settings) -> None:
    with scripted(lambda _: None) as server:
        for query in ("", "?tls=starttls"):
            mailer = Mailer(against(settings, server.port, query))
            with mailer, pytest.raises(Unreachable, match="STARTTLS"):
                mailer.send(MESSAGE)
        assert server.received == []


def test_a_wrong_password_is_not_the_recipients_fault(settings: Settings) -> None:
    def check(
        server: object, session: object, envelope: object, how: str, data: object
    ) -> AuthResult:
        return AuthResult(success=getattr(data, "password", b"") == b"right", handled=False)

    controller = Controller(
        Sink(), "127.0.0.1", _free_port(), authenticator=check, auth_require_tls=False,
        auth_required=True,
    )  # fmt: skip
    controller.start()
    try:
        mailer = Mailer(against(settings, controller.port, who="ann:wrong@"))
        with mailer, pytest.raises(Unreachable, match="does not take the portal's name and pass"):
            mailer.send(MESSAGE)
        with Mailer(against(settings, controller.port, who="ann:right@")) as mailer:
            mailer.send(MESSAGE)
            assert mailer.probe() == f"127.0.0.1:{controller.port}"
    finally:
        controller.stop()


class Sink:
    async def handle_DATA(  # noqa: N802
        self, server: object, session: object, envelope: object
    ) -> str:
        return "250 OK"


def test_an_address_that_is_none_is_refused_for_good(settings: Settings) -> None:
    with Mailer(settings) as mailer, pytest.raises(Refused, match="not an e-mail") as refusal:
        mailer.send(numbered(1, "a@b, c@d"))
    assert refusal.value.permanent


def test_an_address_in_another_script_goes_where_the_server_can(settings: Settings) -> None:
    with Catcher(settings.data_dir) as catcher, Mailer(settings) as mailer:
        mailer.send(numbered(1, "věra@north.example"))
        assert catcher.mailbox.newest()[0].recipients == ("věra@north.example",)
    with (
        scripted(lambda _: None) as server,
        Mailer(against(settings, server.port)) as mailer,
        pytest.raises(Refused),
    ):
        mailer.send(numbered(1, "věra@north.example"))


def test_a_damaged_catcher_address_is_a_sentence(settings: Settings) -> None:
    for content in ("", "[]", json.dumps({"smtp": 5})):
        (settings.data_dir / "catcher.json").write_text(content)
        with Mailer(settings) as mailer, pytest.raises(Unreachable, match="catcher is not running"):
            mailer.send(MESSAGE)


def _once(at: str, answer: str) -> Callable[[str], str | None]:
    return _on_visit(at, 1, answer)


def _on_visit(at: str, number: int, answer: str) -> Callable[[str], str | None]:
    visits = 0

    def say(line: str) -> str | None:
        nonlocal visits
        if not line.startswith(at):
            return None
        visits += 1
        return answer if visits == number else None

    return say


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
