"""The demo: three definitions and what became of them in eight weeks, on real input.

``cast`` says who there is, ``onboarding``, ``renewals`` and ``taxes`` what happened, ``papers``
makes the files, ``scene`` has the verbs, ``history`` lets all of it happen in its time, through
the same actions as from a page, and ``loading`` puts it into an empty database. What every start
tells of the demo stands here, for the rest takes seconds to import.
"""

from portal.cli.demo.cast import PASSWORD, STAFF

SIGN_IN = (STAFF[0].email, PASSWORD)
