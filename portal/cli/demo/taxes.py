"""Clients' tax papers: private people, who write in the evening and send photos."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from portal.cli.demo import papers
from portal.cli.demo.cast import Guest, guest
from portal.cli.demo.history import History, Moments
from portal.cli.demo.papers import Paper
from portal.cli.demo.scene import Scene, Sent

KEY = "tax-papers"


class Return(Scene):
    """One client's papers of last year."""

    def __init__(self, history: History, client: Guest, adviser: str = "mila") -> None:
        super().__init__(history, client.name)
        self.client, self.adviser = client, adviser
        self.year = history.today.year - 1

    def begin(self, days_ago: int, hour_minute: str, by: str = "") -> Moments:
        """The adviser asks the client."""
        yield self.at(days_ago, hour_minute)
        people = {"client": self.client}
        inputs = {"year": self.year}
        self.start(KEY, by or self.adviser, inputs, people, {"adviser": self.adviser})

    def situation(self, days_ago: int, hour_minute: str, **other: Any) -> Moments:
        """The client tells of the year."""
        yield self.at(days_ago, hour_minute)
        yield from self.fill("situation", self.answers(**other), minutes=9)

    def answers(self, **other: Any) -> dict[str, Any]:
        """An ordinary year, and what was different in this one."""
        return {"moved": False, "income": ["Employment"], "children": [], **other}

    def papers(self, days_ago: int, hour_minute: str, files: Sequence[Sent]) -> Moments:
        """The client sends papers."""
        yield self.at(days_ago, hour_minute)
        yield from self.send("papers", files)

    def review(
        self,
        days_ago: int,
        hour_minute: str,
        decision: str = "approve",
        comment: str | None = None,
        items: Sequence[str] = (),
    ) -> Moments:
        """The adviser decides."""
        yield self.at(days_ago, hour_minute)
        yield from self.decide("review", decision, comment, items)

    def wages(self, *, as_photo: bool = False, blurred: bool = False) -> Sent:
        """A wage tax certificate of the employer."""
        gross = self.rng.randint(31000, 84000)
        sheet = Paper(
            Random(self.client.email).choice(_EMPLOYERS),  # noqa: S311
            "Payroll office",
            f"Wage tax certificate {self.year}",
            (
                ("Employee", self.client.name),
                ("From", f"1 Jan {self.year}"),
                ("To", f"31 Dec {self.year}"),
                ("Gross wages", f"{gross:,}.00 EUR".replace(",", " ")),
                ("Wage tax kept", f"{gross * 19 // 100:,}.00 EUR".replace(",", " ")),
                ("Pension insurance", f"{gross * 93 // 1000:,}.00 EUR".replace(",", " ")),
            ),
        )
        if as_photo or blurred:
            name = f"IMG_{self.rng.randint(1000, 9999)}.jpg"
            return Sent("certificates", name, papers.photo(sheet, self.rng, blurred=blurred))
        return Sent("certificates", f"Wage tax {self.year}.pdf", papers.pdf(sheet))

    def bank(self) -> Sent:
        """The bank's statement of the year."""
        interest = self.rng.randint(12, 940)
        sheet = Paper(
            "Sparbank Nord",
            "Private clients",
            f"Statement of the year {self.year}",
            (
                ("Client", self.client.name),
                ("Interest", f"{interest}.40 EUR"),
                ("Tax kept", f"{interest // 4}.35 EUR"),
            ),
            ("This statement was made by machine and is good without a signature.",),
        )
        return Sent("bank", f"Bank statement {self.year}.pdf", papers.pdf(sheet))

    def donation(self) -> Sent:
        """A receipt for a donation, photographed on the kitchen table."""
        sheet = Paper(
            "Seenotrettung e.V.",
            "Donations",
            "Confirmation of a donation",
            (("Donor", self.client.name), ("Amount", "240.00 EUR"), ("Year", str(self.year))),
            ("We thank you warmly for your support.",),
            signed="K. Brodersen",
        )
        name = f"IMG_{self.rng.randint(1000, 9999)}.jpg"
        return Sent("other", name, papers.photo(sheet, self.rng))


_EMPLOYERS = ("Stadtwerke Altona", "Klinikum am Park", "Reederei Claussen", "Werft Neuhaus GmbH")


def stories(history: History) -> Iterator[Moments]:
    """Every client of the last eight weeks."""
    for story in (_sommer, _lindqvist, _adeyemi, _weiss, _zielinski, _ferreira):
        yield story(history)
    for story in (_christensen, _haddad, _krull, _tanaka, _whitlock):
        yield story(history)


def _sommer(history: History) -> Moments:
    s = Return(history, guest("Henrik Sommer", "henrik.sommer@post.example"))
    yield from s.begin(40, "10:02")
    yield from s.situation(38, "20:34")
    yield from s.papers(37, "21:10", [s.wages(), s.bank()])
    yield from s.review(35, "09:22")
    yield s.at(31, "15:47")
    s.tick("prepare", "Sent by ELSTER; a refund of about 640 EUR is likely.")
    yield s.at(30, "10:30")
    s.trail(by="mila")


def _lindqvist(history: History) -> Moments:
    s = Return(history, guest("Sara Lindqvist", "sara.lindqvist@mail.example"))
    yield from s.begin(36, "11:28")
    year = s.year
    yield from s.situation(
        32,
        "21:48",
        moved=True,
        new_address="Lindenallee 12\n22765 Hamburg",
        income=["Employment", "Shares and interest"],
        children=[
            {"name": "Elsa Lindqvist", "born": f"{year - 7}-04-19"},
            {"name": "Nils Lindqvist", "born": f"{year - 4}-11-02"},
        ],
        donations={"amount": "240", "currency": "EUR"},
    )
    yield from s.papers(31, "22:05", [s.wages(as_photo=True), s.bank(), s.donation()])
    yield from s.review(29, "10:14", "approve", "All there, and easy to read.")
    yield s.at(22, "16:20")
    s.tick("prepare")


def _adeyemi(history: History) -> Moments:
    s = Return(history, guest("Paul Adeyemi", "paul.adeyemi@inbox.example"))
    yield from s.begin(4, "13:55")
    yield s.at(3, "19:12")
    s.look("situation")


def _weiss(history: History) -> Moments:
    s = Return(history, guest("Charlotte Weiss", "c.weiss@post.example"))
    yield from s.begin(11, "09:45")
    yield from s.situation(8, "18:27", income=["Employment", "Rent"])


def _zielinski(history: History) -> Moments:
    s = Return(history, guest("Tomasz Zielinski", "tomasz.zielinski@mail.example"))
    yield from s.begin(18, "14:11")
    yield from s.situation(16, "22:31", income=["Self-employment"])
    yield s.at(1, "09:36")
    s.remind("papers", by="mila")


def _ferreira(history: History) -> Moments:
    s = Return(history, guest("Marta Ferreira", "marta.ferreira@inbox.example"))
    yield from s.begin(9, "10:37")
    yield s.at(7, "15:30")
    reason = "Mrs Ferreira answered the questions over the telephone; her eyes are bad."
    s.on_behalf("situation", s.answers(income=["Pension"]), reason, by="mila")
    yield from s.papers(2, "17:03", [s.wages(as_photo=True)])


def _christensen(history: History) -> Moments:
    s = Return(history, guest("Ole Christensen", "ole@christensen-net.example"))
    yield from s.begin(10, "11:50")
    yield from s.situation(9, "20:09")
    yield from s.papers(8, "20:22", [s.wages(blurred=True), s.bank()])
    why = "The photo of the wage tax certificate is blurred. Please take it again by daylight."
    yield from s.review(6, "09:41", "request_changes", why, ("papers.certificates",))


def _haddad(history: History) -> Moments:
    s = Return(history, guest("Amina Haddad", "amina.haddad@mail.example"))
    yield from s.begin(15, "15:24")
    yield from s.situation(13, "19:55", donations={"amount": "85.50", "currency": "EUR"})
    yield from s.papers(11, "20:40", [s.wages(), s.donation()])
    yield from s.review(9, "11:18")


def _krull(history: History) -> Moments:
    s = Return(history, guest("Dieter Krull", "dieter.krull@post.example"))
    yield from s.begin(8, "09:07")
    yield from s.situation(6, "16:48")
    yield from s.papers(5, "17:15", [s.wages(), s.bank()])
    why = "These are the papers of another year. Please look for those of last year."
    yield from s.review(3, "10:55", "reject", why)


def _tanaka(history: History) -> Moments:
    s = Return(history, guest("Yuki Tanaka", "yuki.tanaka@inbox.example"))
    yield from s.begin(7, "14:02")
    yield from s.situation(6, "12:44")
    yield from s.papers(4, "12:58", [s.wages(), s.bank()])
    yield s.at(3, "16:31")
    s.reassign("review", "finn", "Mila is away until next week.", by="dana")


def _whitlock(history: History) -> Moments:
    s = Return(history, guest("Ben Whitlock", "ben.whitlock@mail.example"))
    yield from s.begin(12, "10:20")
    yield s.at(9, "21:17")
    s.look("situation")
