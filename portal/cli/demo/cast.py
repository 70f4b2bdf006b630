"""Who is in the demo: the house's people, and everybody outside. None of them exists.

Addresses end in ``.example`` (RFC 2606) and network addresses come from the ranges kept for
documentation (RFC 5737), so nothing here can ever reach anybody.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

PASSWORD = "portico-demo"  # noqa: S105 - said to whoever starts the demo, worth nothing elsewhere
_LIKE = "AppleWebKit/537.36 (KHTML, like Gecko)"
_MAC = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5"
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_MAC} Safari/605.1.15",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) {_MAC} Mobile/15E148 Safari/604.1",
    f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {_LIKE} Chrome/142.0.0.0 Mobile Safari/537.36",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_LIKE} Chrome/142.0.0.0 Safari/537.36",
)


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the house; ``key`` is what the stories call them."""

    key: str
    name: str
    role: str
    teams: tuple[str, ...] = ()

    @property
    def email(self) -> str:
        """Where they sign in and get mail."""
        return f"{self.key}@portico.example"


STAFF = (
    Colleague("dana", "Dana Fox", "admin"),
    Colleague("mila", "Mila Brandt", "member"),
    Colleague("finn", "Finn Aalto", "member", ("finance",)),
    Colleague("kaya", "Kaya Osei", "member", ("finance",)),
    Colleague("ruth", "Ruth Audley", "auditor"),
)


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody outside, with the device they use: ``agent`` counts in ``AGENTS``."""

    name: str
    email: str
    ip: str
    agent: int


def guest(name: str, email: str) -> Guest:
    """A guest; their network and device follow from the address, the same each time."""
    rng = Random(email)  # noqa: S311
    net = rng.choice(("198.51.100", "203.0.113"))
    return Guest(name, email, f"{net}.{rng.randint(2, 250)}", rng.randrange(len(AGENTS)))


@dataclass(frozen=True, slots=True)
class Company:
    """A supplier to be: what they fill in follows from the name."""

    name: str
    form: str
    country: str
    city: str
    contact: Guest
    spend: str
    currency: str = "EUR"
    critical: bool = False

    def inputs(self) -> dict[str, Any]:
        """What must be known to start."""
        spend = {"amount": self.spend, "currency": self.currency}
        return {"company": self.name, "spend": spend, "critical": self.critical}

    def details(self, today: date, **other: Any) -> dict[str, Any]:
        """The form as they fill it in; ``other`` is what they change."""
        rng = Random(self.name)  # noqa: S311
        domain = self.contact.email.partition("@")[2]
        area = rng.randint(20, 89)
        founded = today - timedelta(days=rng.randint(1500, 14000))
        return {
            "legal_name": self.name,
            "legal_form": self.form,
            "vat_id": self.vat_id(),
            "founded": founded.isoformat(),
            "website": f"https://www.{domain}/",
            "phone": f"{_DIALLING[self.country]} {area} {rng.randint(200000, 999999)}",
            "bank": [{"iban": self.iban(), "currency": self.currency}],
            **other,
        }

    def vat_id(self) -> str:
        """A VAT number of the country's shape."""
        rng = Random(f"vat {self.name}")  # noqa: S311
        return f"{self.country}{rng.randint(10**8, 10**9 - 1)}"

    def iban(self) -> str:
        """An IBAN with right check digits (ISO 7064), in groups of four."""
        rng = Random(f"iban {self.name}")  # noqa: S311
        account = f"{rng.randint(10**17, 10**18 - 1)}"
        letters = "".join(str(ord(letter) - 55) for letter in self.country)
        check = 98 - int(f"{account}{letters}00") % 97
        whole = f"{self.country}{check:02d}{account}"
        return " ".join(whole[i : i + 4] for i in range(0, len(whole), 4))


_DIALLING = {
    "DE": "+49", "GB": "+44", "PL": "+48", "NL": "+31", "SE": "+46", "FI": "+358", "NO": "+47",
    "FR": "+33", "IE": "+353", "AT": "+43", "CH": "+41",
}  # fmt: skip
