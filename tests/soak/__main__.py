"""``python -m tests.soak [--minutes N] [--seed N] [--db sqlite|pg] [--processes N]``.

Clients work at a real portal while a nemesis kills, stalls and cuts its parts; then the portal
rests and ``tests/invariants.py`` is asked. Ends with 1 and the seed where one is broken.
"""

import argparse
import secrets
import sys
from collections.abc import Sequence

from tests.servers import Postgres, Smtp, short_folder
from tests.soak.run import Plan, soak


def main(words: Sequence[str]) -> int:
    """Run one soak; 0 where every invariant held."""
    parser = argparse.ArgumentParser(prog="app.py soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--processes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--db", choices=("sqlite", "pg"), default="sqlite")
    asked = parser.parse_args(words)
    print(f"Seed {asked.seed}, {asked.minutes:g} minutes on {asked.db}.", flush=True)
    with short_folder() as home:
        (home / "postgres").mkdir()
        postgres = Postgres(home / "postgres") if asked.db == "pg" else None
        smtp = Smtp().start()
        url = postgres.create() if postgres else ""
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
