"""The cast: Dana owns processes, Finn is in finance, Ada is the admin; Vera and Otto are outside.

Mallory belongs nowhere. ``settle`` writes the staff into a database; actors are made of them.
"""

import sqlalchemy as sa

from portal import clock, db
from portal.actor import Actor, system
from portal.models import Team, TeamMember, User

STAFF = {
    "ada": ("Ada Admin", "admin", ()),
    "dana": ("Dana Owner", "member", ()),
    "finn": ("Finn Finance", "member", ("finance",)),
    "fay": ("Fay Finance", "member", ("finance",)),
    "olga": ("Olga Other", "member", ()),
    "aud": ("Aud Auditor", "auditor", ()),
}
VERA = {"email": "vera@vendor.example", "name": "Vera Vendor"}
OTTO = {"email": "otto@other.example", "name": "Otto Other"}
CLOCK = system("clock")


def settle() -> None:
    """Put the staff and the team “finance” into the bound database."""
    users = [
        {
            "id": name, "email": f"{name}@example.com", "name": full, "role": role,
            "password_hash": None, "timezone": None, "is_active": True, "created_at": clock.now(),
        }
        for name, (full, role, _) in STAFF.items()
    ]  # fmt: skip
    with db.transaction() as tx:
        tx.execute(sa.insert(User), users)
        tx.execute(sa.insert(Team), {"id": "finance", "name": "finance"})
        tx.execute(
            sa.insert(TeamMember),
            [
                {"team_id": team, "user_id": name}
                for name, (_, _, teams) in STAFF.items()
                for team in teams
            ],
        )


def staff(name: str) -> Actor:
    """One of the staff, signed in on a page."""
    full, role, teams = STAFF[name]
    return Actor(
        kind="staff",
        id=name,
        name=full,
        via="page",
        auth="password",
        email=f"{name}@example.com",
        user_id=name,
        role=role,
        team_ids=frozenset(teams),
        ip="192.0.2.1",
        agent="Firefox",
    )


def guest(participant_id: str, person: dict[str, str], link: str = "9f2b11aa" * 4) -> Actor:
    """An outside person behind a link, as it is before anybody revokes it."""
    return Actor(
        kind="participant",
        id=participant_id,
        name=person["name"],
        via="page",
        auth="link",
        email=person["email"],
        link=link,
        link_generation=1 if link != "9f2b11aa" * 4 else None,
        ip="198.51.100.7",
        agent="Firefox",
    )
