"""Contracts on their way into the next term, each with two people outside who decide."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from portal.cli.demo import papers
from portal.cli.demo.cast import Guest, guest
from portal.cli.demo.history import History, Moments
from portal.cli.demo.papers import Paper
from portal.cli.demo.scene import Scene, Sent

KEY = "contract-renewal"


class Renewal(Scene):
    """One contract with its customer, the customer's counsel and our account manager."""

    def __init__(
        self,
        history: History,
        customer: str,
        contract: str,
        value: int,
        people: tuple[Guest, Guest],
        account: str = "mila",
    ) -> None:
        super().__init__(history, customer)
        self.customer, self.contract, self.value = customer, contract, value
        self.buyer, self.counsel = people
        self.account = account
        self.price = value * 103 // 100

    def begin(self, days_ago: int, hour_minute: str, ends_in: int, by: str = "dana") -> Moments:
        """The account manager is asked to renew what ends in so many days from today."""
        yield self.at(days_ago, hour_minute)
        ends_on = self.history.today + timedelta(days=ends_in)
        inputs = {
            "customer": self.customer,
            "contract": self.contract,
            "value": {"amount": str(self.value), "currency": "EUR"},
            "ends_on": ends_on.isoformat(),
        }
        guests = {"customer": self.buyer, "counsel": self.counsel}
        number = f"CR-{self.rng.randint(100, 999)}"
        self.start(KEY, by, inputs, guests, {"account": self.account}, number)

    def terms(self, days_ago: int, hour_minute: str, changes: str, months: str = "24") -> Moments:
        """The account manager sets the terms."""
        yield self.at(days_ago, hour_minute)
        yield from self.fill("terms", self.answers(changes, months))

    def answers(self, changes: str, months: str = "24") -> dict[str, Any]:
        """The terms as they are filled in."""
        price = {"amount": str(self.price), "currency": "EUR"}
        return {"term": months, "price": price, "changes": changes}

    def draft(self, days_ago: int, hour_minute: str, version: int = 1) -> Moments:
        """The account manager uploads the draft."""
        yield self.at(days_ago, hour_minute)
        yield from self.send("draft", [self.document(version)])

    def agree(
        self,
        days_ago: int,
        hour_minute: str,
        who: Guest,
        decision: str = "approve",
        comment: str | None = None,
        items: Sequence[str] = (),
    ) -> Moments:
        """One of the two decides."""
        yield self.at(days_ago, hour_minute)
        yield from self.decide("agree", decision, comment, items, by=who.email)

    def file(self, days_ago: int, hour_minute: str) -> Moments:
        """The account manager files it."""
        yield self.at(days_ago, hour_minute)
        self.tick("file", "Filed under renewals, register updated.")

    def document(self, version: int) -> Sent:
        """The draft: terms on one page, clauses on the next."""
        terms = Paper(
            "Portico Trading GmbH",
            "Contracts · Speicherstadt 4, 20457 Hamburg",
            f"Renewal of {self.contract}",
            (
                ("Customer", self.customer),
                ("Contract", self.contract),
                ("Draft", str(version)),
                ("Yearly price", f"{self.price:,} EUR".replace(",", " ")),
                ("Signed for the customer by", self.buyer.name),
                ("Reviewed by", self.counsel.name),
            ),
            ("The present contract goes on unchanged except for what stands here.",),
        )
        clauses = Paper(
            "Portico Trading GmbH", f"Renewal of {self.contract}, page 2", "Clauses", (), _CLAUSES
        )
        return Sent(
            "contract", f"{self.contract} draft {version}.pdf", papers.pdf(terms, [clauses])
        )


_CLAUSES = (
    "1. Term. The contract is renewed from the end of the present term.",
    "2. Price. The yearly price is due in four equal parts, at the start of each quarter.",
    "3. Service levels. Those of the present contract stand, measured by the month.",
    "4. Liability. Each side is liable up to the price of one year, save for intent.",
    "5. Data. The agreement on the processing of personal data is part of this contract.",
    "6. Notice. Three months to the end of the term, in text form.",
)


def stories(history: History) -> Iterator[Moments]:
    """Every renewal of the last eight weeks."""
    for story in (_alderman, _brightwater, _castellan, _jansen, _dunmore, _eikhof):
        yield story(history)
    for story in (_fairhaven, _gruenwald, _hollis, _ivory):
        yield story(history)


def _alderman(history: History) -> Moments:
    one = guest("Margaret Reeve", "m.reeve@alderman-reeve.example")
    two = guest("Simon Achebe", "achebe@lawhouse-temple.example")
    s = Renewal(history, "Alderman & Reeve", "Archive services", 48000, (one, two))
    yield from s.begin(38, "09:21", ends_in=25)
    yield from s.terms(37, "10:47", "Scanning is included up to 2,000 pages a month.", "36")
    yield from s.draft(36, "11:30")
    yield from s.agree(34, "16:02", one, "approve", "Good terms, thank you.")
    yield from s.agree(32, "09:48", two)
    yield from s.file(31, "14:26")
    yield s.at(30, "09:05")
    s.trail(by="dana")


def _brightwater(history: History) -> Moments:
    one = guest("Owen Llewellyn", "owen.llewellyn@brightwater.example")
    two = guest("Hannah Stern", "hstern@stern-partner.example")
    s = Renewal(history, "Brightwater Utilities plc", "Metering platform", 126000, (one, two))
    yield from s.begin(35, "14:40", ends_in=40)
    yield from s.terms(34, "09:59", "The number of meters grows to 90,000.")
    yield from s.draft(33, "15:15")
    yield from s.agree(31, "08:56", one)
    why = "Liability up to one year’s price is too little for us. We need two."
    yield from s.agree(
        30, "17:20", two, "request_changes", why, ("terms.changes", "draft.contract")
    )
    yield from s.terms(28, "10:12", "90,000 meters. Liability up to the price of two years.")
    yield from s.draft(27, "13:35", version=2)
    yield from s.agree(26, "09:07", one)
    yield from s.agree(24, "11:52", two, "approve", "Agreed in this form.")
    yield from s.file(23, "16:08")


def _castellan(history: History) -> Moments:
    one = guest("Beatrix Vogel", "vogel@castellan.example")
    two = guest("Dr. Karim Nasser", "k.nasser@castellan.example")
    s = Renewal(history, "Castellan Insurance SE", "Claims portal", 92000, (one, two))
    yield from s.begin(26, "10:58", ends_in=12)
    yield from s.terms(25, "11:22", "Hosting moves to two regions.")
    yield from s.draft(24, "09:16")
    yield from s.agree(22, "14:29", one)
    why = "Our group decided to run this in-house from next year. We do not renew."
    yield from s.agree(19, "15:55", two, "reject", why)


def _jansen(history: History) -> Moments:
    one = guest("Pieter Jansen", "pieter@jansen-zuivel.example")
    two = guest("Marloes Kuipers", "kuipers@kuipers-recht.example")
    s = Renewal(history, "Jansen Zuivel B.V.", "Cold chain monitoring", 31000, (one, two))
    yield from s.begin(20, "13:02", ends_in=60)
    yield from s.terms(18, "10:05", "Four more trucks.", "12")
    yield s.at(15, "11:37")
    s.cancel("They were bought by another customer of ours; one contract covers both now.", "dana")


def _dunmore(history: History) -> Moments:
    one = guest("Fiona Gallagher", "fgallagher@dunmore-foods.example")
    two = guest("Colm Breen", "colm.breen@breen-law.example")
    people = (one, two)
    s = Renewal(history, "Dunmore Foods Ltd", "Supplier scorecards", 22000, people, account="dana")
    yield from s.begin(1, "10:33", ends_in=75, by="mila")


def _eikhof(history: History) -> Moments:
    one = guest("Rainer Eikhof", "rainer.eikhof@eikhof-maschinen.example")
    two = guest("Dr. Ute Hansen", "hansen@kanzlei-hansen.example")
    s = Renewal(history, "Eikhof Maschinenbau GmbH", "Spare parts portal", 54000, (one, two))
    yield from s.begin(4, "09:40", ends_in=50)
    yield s.at(2, "15:11")
    reason = "Mila is at a trade fair and read me the terms over the telephone."
    s.on_behalf("terms", s.answers("Delivery within 48 hours for wear parts."), reason, by="dana")


def _fairhaven(history: History) -> Moments:
    one = guest("Councillor Ruth Ellison", "r.ellison@fairhaven-council.example")
    two = guest("Adrian Cole", "adrian.cole@fairhaven-council.example")
    s = Renewal(history, "Fairhaven Borough Council", "Permit desk", 67000, (one, two))
    yield from s.begin(5, "14:19", ends_in=45)
    yield from s.terms(4, "11:06", "Citizens may pay by card; the fee is passed on.", "36")
    yield from s.draft(2, "09:50")
    yield s.at(1, "13:27")
    s.enter(s.task("agree", one.email))


def _gruenwald(history: History) -> Moments:
    one = guest("Prof. Miriam Lenz", "m.lenz@gruenwald-kliniken.example")
    two = guest("Jakob Thalbach", "thalbach@thalbach-legal.example")
    s = Renewal(history, "Grünwald Kliniken", "Appointment letters", 118000, (one, two))
    yield from s.begin(13, "10:44", ends_in=20)
    yield from s.terms(12, "14:37", "A third hospital joins in spring.")
    yield from s.draft(11, "10:26")
    yield from s.agree(9, "18:14", one, "approve", "Fine by us.")
    yield s.at(2, "11:00")
    s.comment("Mr Thalbach’s office says he is back next week and knows that it waits.", "dana")


def _hollis(history: History) -> Moments:
    one = guest("Eleanor Vane", "eleanor@hollis-vane.example")
    two = guest("George Adeleke", "g.adeleke@adeleke-co.example")
    s = Renewal(history, "Hollis & Vane Architects", "Drawing exchange", 19500, (one, two))
    yield from s.begin(8, "11:12", ends_in=33)
    yield from s.terms(7, "09:27", "Storage grows to 4 TB.", "12")
    yield from s.draft(6, "15:58")
    why = "We agreed on 6 TB in our call, at the same price."
    yield from s.agree(2, "10:09", one, "request_changes", why, ("terms.changes",))


def _ivory(history: History) -> Moments:
    one = guest("Awa Koné", "awa.kone@ivory-cocoa.example")
    two = guest("Laurent Bamba", "bamba@cabinet-bamba.example")
    s = Renewal(history, "Ivory Coast Cocoa Traders", "Origin certificates", 38500, (one, two))
    yield from s.begin(12, "09:18", ends_in=15)
    yield from s.terms(11, "15:42", "Certificates in French and English.")
    yield from s.draft(10, "12:01")
    yield from s.agree(6, "07:58", two)
    yield from s.agree(1, "10:51", one, "approve", "With pleasure.")
