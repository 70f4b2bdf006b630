import http.client
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from portal.delivery.catcher import Catcher
from portal.delivery.mail import Mailer
from portal.settings import Settings
from tests.delivery.test_mail import numbered
from tests.delivery.test_mime import LINK

HOSTILE = (
    "<html><head><base href='http://evil.example/'></head><body onload=alert(1)>"
    "<script>top.location='http://evil.example'</script><img src='http://evil.example/x.png'>"
    f"<form action='http://evil.example'><button>x</button></form><a href='{LINK}'>Open</a>"
)


@pytest.fixture
def catcher(settings: Settings) -> Iterator[Catcher]:
    with Catcher(settings.data_dir, zone=settings.zone) as running, Mailer(settings) as mailer:
        mailer.send(replace(numbered(1), html=HOSTILE, subject="Hello <script>alert(1)</script>"))
        yield running


def ask(
    catcher: Catcher, path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], str]:
    host = catcher.inbox_url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=10)
    connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, dict(answer.getheaders()), body


def test_the_list_shows_what_came_escaped(catcher: Catcher) -> None:
    status, headers, body = ask(catcher, "/")
    assert status == 200
    assert "Hello &lt;script&gt;alert(1)&lt;/script&gt;" in body
    assert "<script" not in body
    assert "script-src" not in headers["Content-Security-Policy"]
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_a_message_shows_its_html_in_a_sandbox_that_runs_nothing(catcher: Catcher) -> None:
    _, _, page = ask(catcher, "/messages/1")
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert "evil.example" not in page
    _, headers, framed = ask(catcher, "/messages/1/html")
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert framed.index('<base target="_blank">') < framed.index("evil.example")


def test_the_plain_text_has_its_link_to_click(catcher: Catcher) -> None:
    _, _, page = ask(catcher, "/messages/1?view=text")
    assert f'<a href="{LINK}" target="_blank" rel="noreferrer">{LINK}</a>' in page


def test_headers_file_and_json_are_there_too(catcher: Catcher) -> None:
    assert "Message-ID" in ask(catcher, "/messages/1?view=headers")[2]
    _, headers, eml = ask(catcher, "/messages/1.eml")
    assert headers["Content-Type"] == "message/rfc822"
    assert "Message-ID: <m1@portal.example>" in eml
    data = json.loads(ask(catcher, "/messages/1.json")[2])
    assert data["links"] == [LINK]
    assert data["to"] == ["vera@north.example"]
    assert data["message_id"] == "<m1@portal.example>"
    listed = json.loads(ask(catcher, "/messages.json")[2])["items"]
    assert [item["id"] for item in listed] == [1]
    assert json.loads(ask(catcher, "/messages.json?q=nobody")[2])["items"] == []


@pytest.mark.parametrize(
    "path", ["/messages/2", "/messages/2.eml", "/messages/x", "/../catcher.json", "/inbox.css/x"]
)
def test_what_is_not_there_is_a_404_with_a_sentence(catcher: Catcher, path: str) -> None:
    status, _, body = ask(catcher, path)
    assert status == 404
    assert "here." in body


def test_clearing_is_for_the_inbox_own_page(catcher: Catcher) -> None:
    assert ask(catcher, "/clear", "POST", Sec_Fetch_Site="cross-site")[0] == 403
    assert ask(catcher, "/clear", "POST", Host="evil.example")[0] == 403
    assert len(catcher.mailbox.newest()) == 1
    status, headers, _ = ask(catcher, "/clear", "POST", Sec_Fetch_Site="same-origin")
    assert (status, headers["Location"]) == (303, "/")
    assert "No mail yet" in ask(catcher, "/")[2]


def test_another_name_for_loopback_sees_nothing(catcher: Catcher) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", ""):
        assert ask(catcher, "/messages.json", Host=host)[0] == 403


def test_long_lists_come_in_pages(catcher: Catcher, settings: Settings) -> None:
    for number in range(60):
        catcher.mailbox.add("a@x", ["b@y"], f"Subject: {number}\r\n\r\n".encode())
    first = ask(catcher, "/")[2]
    assert first.count("<li>") == 50
    assert "Older mail" in first
    older = first.split('href="/?before=')[1].split('"')[0]
    assert ask(catcher, f"/?before={older}")[2].count("<li>") == 11


def test_odd_requests_are_answered(catcher: Catcher) -> None:
    assert ask(catcher, "/?before=x&q=%00%ff")[0] == 200
    assert ask(catcher, "/clear", "POST", Content_Length="x")[0] == 303
    assert ask(catcher, "/", "HEAD")[0] == 200
