"""On one thing stands one legal hold, whoever places it at the same moment."""

import sqlalchemy as sa
from alembic import op

from portal import db
from portal.db import UTCDateTime

revision = "20270107_one_hold"
down_revision = "20270106_trail_seals"

_ON = ("process_id", "definition", "email")


def upgrade() -> None:
    """Keep the oldest of several, then add the indexes."""
    holds = sa.table(
        "holds", *(sa.column(name) for name in ("id", "reason", "placed_by", "lifted_by", *_ON)),
        sa.column("placed_at", UTCDateTime()), sa.column("lifted_at", UTCDateTime()),
    )  # fmt: skip
    stands = holds.c.lifted_at.is_(None)
    for on in _ON:
        its = holds.c[on]
        oldest = sa.select(sa.func.min(holds.c.id)).where(stands, its.is_not(None)).group_by(its)
        further = sa.update(holds).where(stands, its.is_not(None), holds.c.id.not_in(oldest))
        op.execute(
            further.values(
                lifted_at=holds.c.placed_at, lifted_by=holds.c.placed_by, reason=None, email=None
            )
        )
        op.create_index(f"ux_holds_{on}", "holds", [on], unique=True,
                        **db.where("lifted_at IS NULL"))  # fmt: skip
