"""What opens the door for staff beside a password, and sign-ins that are under way."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class SecondFactor(Base):
    """Somebody's authenticator app.

    Its key is derived from the secret keys and ``id``, and stands nowhere. ``last_step`` is the
    half minute whose code was taken last: none is taken twice. Asked for once ``confirmed_at``.
    """

    __tablename__ = "second_factors"

    user_id: Mapped[str] = mapped_column(sa.ForeignKey("users.id"), primary_key=True)
    id: Mapped[str]
    last_step: Mapped[int]
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """One of the codes that stand in for a lost phone, each good once; kept as its SHA-256."""

    __tablename__ = "recovery_codes"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(sa.ForeignKey("users.id"), index=True)
    used_at: Mapped[datetime | None]


class SignInStep(Base):
    """What was begun at the door and waits for its second half; the browser holds its secret.

    ``purpose`` says what it is good for, ``told`` what has to be known then. It goes when it is
    used, so that nothing is good twice.
    """

    __tablename__ = "sign_in_steps"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    user_id: Mapped[str | None]
    told: Mapped[dict[str, Any]]
    tries: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Passkey(Base):
    """A passkey by which somebody signs in alone: ids and keys in base64url.

    ``counter`` is what its counter said last; one that does not grow is refused, unless the
    authenticator keeps none (0).
    """

    __tablename__ = "passkeys"
    __table_args__ = (sa.UniqueConstraint("credential", name="passkeys_credential"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(sa.ForeignKey("users.id"), index=True)
    name: Mapped[str]
    credential: Mapped[str]
    public_key: Mapped[str]
    counter: Mapped[int]
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class OutsideIdentity(Base):
    """Whom a provider's ``subject`` is here; nobody has two, and no subject is two people."""

    __tablename__ = "outside_identities"
    __table_args__ = (sa.UniqueConstraint("user_id", name="outside_identities_user"),)

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(sa.ForeignKey("users.id"))
    bound_at: Mapped[datetime]
