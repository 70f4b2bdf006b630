"""The night shift on both databases, with a real mail server and a real Redis beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from portal import db, installation
from portal.clock import Clock
from portal.delivery import certificate
from portal.delivery.seal import keep
from portal.settings import Settings
from tasks import job, relay
from tests import makers, people, seals
from tests.servers import Redis, Smtp


@pytest.fixture
def house(
    database: db.Database, clock: Clock, smtp: Smtp, redis: Redis, tmp_path: Path
) -> Iterator[Settings]:
    """The house opened as a worker opens it, with the staff in it and the key of its seal made."""
    keep(tmp_path / "data" / certificate.FILE, seals.pem(seals.own()))
    settings = Settings.load(
        {
            "PORTAL_DATA_DIR": str(tmp_path / "data"),
            "PORTAL_DATABASE_URL": database.url.render_as_string(hide_password=False),
            "PORTAL_SMTP_URL": smtp.url,
            "PORTAL_REDIS_URL": redis.url,
            "PORTAL_BASE_URL": "https://portal.example",
            "PORTAL_SECRET_KEYS": "k" * 40,
            "PORTAL_BRAND_NAME": "Sea Works",
            "PORTAL_OUTBOUND_ALLOW": "127.0.0.0/8",
        }
    )
    before = installation.current
    job.open_house(settings)
    people.settle()
    yield settings
    db.current().close()
    installation.current = before


@pytest.fixture
def asked(house: Settings) -> str:
    """A process that asks Vera for a form, due in two days; nothing has been sent yet."""
    return makers.start(ASKING)


ASKING = """\
  - id: details
    name: Company details
    assign: vendor
    due: 2 days
    form: {fields: [{id: company, type: text, label: Company}]}
  - id: thanks
    message:
      to: [vendor]
      subject: Thank you, {{ steps.details.company }}
      body: |
        Dear *{{ participants.vendor.name }}*,

        see {{ link }}
"""


def post() -> int:
    """Do everything that is due; how many effects that was."""
    return relay.carry_out_here()
