"""The whole tree: mails go out while workers are killed and Redis goes, hangs and comes back."""

import contextlib
import json
import os
import signal
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.servers import Portal, Postgres, Smtp, portal_on, wait_for

DEFINITION = """\
key: ask
name: Ask
owner: dana@example.com
roles:
  client: {name: Client, kind: external}
steps:
  - id: details
    assign: client
    due: 20 hours
    remind: [10 hours before]
    form: {fields: [{id: company, type: text, label: Company}]}
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def tree(
    request: pytest.FixtureRequest,
    start_portal: Callable[..., Portal],
    smtp: Smtp,
    tmp_path: Path,
) -> Portal:
    """A running portal whose definition asks a client for a form."""
    more = {}
    if request.param == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        more = {"database_url": postgres.create()}
    return prepared(start_portal(smtp_url=smtp.url, **more), tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, smtp_server: Smtp) -> Iterator[Portal]:
    """One on SQLite for the tests that leave it as it is; on both databases: tests/journeys."""
    folder = tmp_path_factory.mktemp("shared")
    portal = portal_on(folder / "portal", smtp_url=smtp_server.url)
    try:
        yield prepared(portal.start(), folder)
    finally:
        portal.stop()


def prepared(portal: Portal, folder: Path) -> Portal:
    """With Dana, and a definition that asks a client for a form."""
    portal.run(
        *("user", "add", "dana@example.com", "--name", "Dana", "--role", "admin"),
        "--password-stdin", typed="long enough\n",
    )  # fmt: skip
    file = folder / "ask.yaml"
    file.write_text(DEFINITION)
    portal.run("define", str(file))
    return portal


def start(portal: Portal) -> str:
    return portal.run("start", "ask", "--participant", "client=vera@sea.example")


def children(pid: int) -> list[tuple[int, str]]:
    """The processes that a process started, each with its command line."""
    found = []
    for one in psutil.Process(pid).children():
        with contextlib.suppress(psutil.Error):  # it may end while it is looked at
            found.append((one.pid, " ".join(one.cmdline())))
    return found


def role(portal: Portal, *marks: str) -> int:
    """The process of the tree with one of these words in its command line, once it is there."""
    assert portal.process is not None
    pid = portal.process.pid

    def found() -> list[int]:
        return [one for one, line in children(pid) if any(mark in line for mark in marks)]

    wait_for(found, 60, marks[0])
    return found()[0]


def redis(portal: Portal) -> int:
    """The running Redis of the tree."""
    return role(portal, "unixsocket", "valkey-server", "redis-server")


def arrives(smtp: Smtp, number: int, seconds: float) -> None:
    wait_for(lambda: len(smtp.letters) >= number, seconds, f"mail {number}")


def noted(portal: Portal, token: str, process: str, kind: str) -> None:
    """Wait until the ledger says it: a mail under way when the clock leaps is sent again."""

    def found() -> bool:
        status, content = call(portal, token, "GET", f"/processes/{process}/events?limit=1000")
        assert status == 200, content
        return any(event["type"] == kind for event in json.loads(content)["items"])

    wait_for(found, 60, kind)


def test_mails_and_reminders_go_out_within_seconds(tree: Portal, smtp: Smtp) -> None:
    token = tree.run("token", "create", "test", "--user", "dana@example.com")
    process = start(tree)
    arrives(smtp, 1, 60)
    noted(tree, token, process, "link.sent")
    tree.advance(hours=10, minutes=1)
    arrives(smtp, 3, 30)
    noted(tree, token, process, "reminder.sent")
    # Nobody has taken it up by then, which the owner is told.
    assert [x.message["Subject"][:12] for x in smtp.letters if x.to == "dana@example.com"] == [
        "Not taken up"
    ]
    tree.advance(hours=11)
    arrives(smtp, 4, 30)
    reminders = [x for x in smtp.letters if "eminder" in x.message["Subject"]]
    assert [x.message["Subject"][:15] for x in reminders] == ["First reminder:"]
    assert {x.to for x in reminders} == {"vera@sea.example"}


def test_killed_workers_and_a_killed_or_hung_redis_lose_nothing(tree: Portal, smtp: Smtp) -> None:
    start(tree)
    arrives(smtp, 1, 60)
    for pid, _ in children(role(tree, "portal worker")):
        os.kill(pid, signal.SIGKILL)
    start(tree)
    arrives(smtp, 2, 60)
    os.kill(redis(tree), signal.SIGKILL)
    start(tree)
    arrives(smtp, 3, 60)
    hung = redis(tree)
    os.kill(hung, signal.SIGSTOP)
    try:
        start(tree)
        arrives(smtp, 4, 60)
    finally:
        os.kill(hung, signal.SIGCONT)
    assert len({letter.message["Message-ID"] for letter in smtp.letters}) == 4


def test_a_trail_is_built_by_a_worker_and_verifies(
    shared: Portal, smtp: Smtp, tmp_path: Path
) -> None:
    process = start(shared)
    arrives(smtp, 1, 60)
    token = shared.run("token", "create", "test", "--user", "dana@example.com")
    pdf = tmp_path / "trail.pdf"
    assert call(shared, token, "POST", f"/processes/{process}/trail")[0] == 202
    wait_for(lambda: fetch(shared, token, process, pdf), 60, "the trail")
    assert "sound" in shared.run("verify", str(pdf))


def call(portal: Portal, token: str, verb: str, path: str) -> tuple[int, bytes]:
    asked = urllib.request.Request(
        f"{portal.base}/api/v1{path}", method=verb, headers={"Authorization": f"Bearer {token}"}
    )
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read()


def fetch(portal: Portal, token: str, process: str, to: Path) -> bool:
    status, content = call(portal, token, "GET", f"/processes/{process}/trail.pdf")
    to.write_bytes(content)
    return status == 200


def test_secrets_are_in_no_log(shared: Portal, smtp: Smtp) -> None:
    start(shared)
    arrives(smtp, 1, 60)
    token = smtp.letters[0].text.partition("/t/")[2][:48]
    assert len(token) == 48
    assert token not in shared.log
