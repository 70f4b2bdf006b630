"""``python -m tests.soak [--minutes N] [--seed N] [--db sqlite|pg] [--processes N | --histories]``.

Clients work at a real portal while a nemesis kills, stalls and cuts its parts; then the portal
rests and ``tests/invariants.py`` is asked. With ``--histories`` no portal runs: definitions of
every shape are made up and lived through in every way, each held to ``tests/histories/rules.py``
after every move. Ends with 1 and the seed where a rule is broken.
"""

import argparse
import secrets
import sys
import time
import traceback
from collections.abc import Sequence

from portal import clock, db
from portal.logs import configure
from portal.migrations import upgrade
from tests.conftest import MONDAY
from tests.histories.run import rolled
from tests.servers import Postgres, Smtp, short_folder
from tests.soak.run import Plan, soak


def main(words: Sequence[str]) -> int:
    """Run one soak; 0 where every invariant held."""
    parser = argparse.ArgumentParser(prog="app.py soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--processes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--db", choices=("sqlite", "pg"), default="sqlite")
    parser.add_argument("--histories", action="store_true")
    asked = parser.parse_args(words)
    print(f"Seed {asked.seed}, {asked.minutes:g} minutes on {asked.db}.", flush=True)
    with short_folder() as home:
        (home / "postgres").mkdir()
        postgres = Postgres(home / "postgres") if asked.db == "pg" else None
        url = postgres.create() if postgres else ""
        if asked.histories:
            try:
                return _histories(url or f"sqlite:///{home}/portal.sqlite3", asked)
            finally:
                if postgres:
                    postgres.stop()
        smtp = Smtp().start()
        plan = Plan(asked.minutes * 60, asked.processes, asked.seed, url)
        try:
            soak(plan, home / "portal", smtp)
        except AssertionError as error:
            print(error)
            return 1
        finally:
            smtp.stop()
            if postgres:
                postgres.stop()
    print("Every invariant held.")
    return 0


def _histories(url: str, asked: argparse.Namespace) -> int:
    """Make up stories for that long; 0 where each kept every rule."""
    configure("error")
    db.bind(db.Database(url))
    upgrade(db.current())
    over = time.monotonic() + asked.minutes * 60
    try:
        with clock.stopped_at(MONDAY) as stopped:
            told = rolled(
                stopped, seed=asked.seed, turns=25, goes_on=lambda _: time.monotonic() < over
            )
    except Exception:
        traceback.print_exc()
        return 1
    finally:
        db.current().close()
    deeds = ", ".join(f"{name} {many}" for name, many in told.deeds.most_common())
    print(f"{told.stories} histories, {told.moves} moves, every rule held. Done: {deeds}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
