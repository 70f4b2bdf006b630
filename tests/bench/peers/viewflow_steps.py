"""The process of ten steps in django-viewflow, on SQLite: Handle nodes, one transaction a step.

A step is as durable as ours: ``synchronous=FULL``. Counted: 134 statements, of which 8 begin and
30 set or release savepoints, and 15 task rows.
Run by the Python of the peers' own environment (see ``peers/__init__.py``): ``FOLDER TIMES``.
"""

import sys
from pathlib import Path

import django
from django.conf import settings

FOLDER = Path(sys.argv[1])
sys.path.insert(0, str(Path(__file__).parent))
settings.configure(
    INSTALLED_APPS=[
        "django.contrib.auth", "django.contrib.contenttypes", "viewflow", "viewflow.workflow",
        "shop",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(FOLDER / "viewflow.sqlite3"),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    },
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)  # fmt: skip
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from shop.flows import TenSteps  # noqa: E402
from timing import timed  # noqa: E402
from viewflow.workflow.models import Task  # noqa: E402


def step(process, name, **answers):
    """Somebody does the open task of a step."""
    with transaction.atomic():
        task = Task.objects.get(process=process, flow_task=getattr(TenSteps, name), finished=None)
        getattr(TenSteps, name).run(task, **answers)


def ten_steps():
    """One process from its start to its end, in eight transactions."""
    with transaction.atomic():
        process = TenSteps.start.run()
    step(process, "form", company="Sea", mail="vera@vendor.example")
    for good in (False, True):
        step(process, "upload", file="licence.pdf")
        step(process, "review", good=good)
    for name in ("first", "second"):
        step(process, name, vote="approve")
    process.refresh_from_db()
    assert process.status == "DONE", process.status


call_command("migrate", verbosity=0)
timed(ten_steps, int(sys.argv[2]))
