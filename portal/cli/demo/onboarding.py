"""Suppliers on their way in: some are done, some stand at each step, some never get there."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from random import Random

from portal.cli.demo import papers
from portal.cli.demo.cast import Company, guest
from portal.cli.demo.history import History, Moments
from portal.cli.demo.papers import Paper
from portal.cli.demo.scene import Scene, Sent
from portal.readings.words import day

KEY = "supplier-onboarding"


class Onboarding(Scene):
    """One supplier, with the papers such a company has."""

    def __init__(self, history: History, company: Company, buyer: str = "mila") -> None:
        super().__init__(history, company.name)
        self.company = company
        self.buyer = buyer

    def begin(self, days_ago: int, hour_minute: str, by: str = "") -> Moments:
        """The buyer asks for the supplier."""
        yield self.at(days_ago, hour_minute)
        people = {"supplier": self.company.contact}
        number = f"SUP-{self.rng.randint(2000, 9999)}"
        who = by or self.buyer
        self.start(KEY, who, self.company.inputs(), people, {"buyer": self.buyer}, number)

    def details(self, days_ago: int, hour_minute: str, **other: object) -> Moments:
        """The supplier fills in the form."""
        yield self.at(days_ago, hour_minute)
        yield from self.fill("details", self.company.details(self.history.today, **other))

    def papers(self, days_ago: int, hour_minute: str, *files: Sent) -> Moments:
        """The supplier sends papers: those given, or register extract and tax certificate."""
        yield self.at(days_ago, hour_minute)
        yield from self.send("papers", files or (self.register(days_ago + 9), self.tax()))

    def dpa(self, days_ago: int, hour_minute: str, *, certified: bool) -> Moments:
        """The supplier confirms data protection."""
        yield self.at(days_ago, hour_minute)
        domain = self.company.contact.email.partition("@")[2]
        answers = {"officer": f"privacy@{domain}", "certified": certified}
        yield from self.fill("dpa", answers, minutes=2)

    def check(
        self,
        days_ago: int,
        hour_minute: str,
        decision: str = "approve",
        comment: str | None = None,
        items: Sequence[str] = (),
    ) -> Moments:
        """The buyer decides."""
        yield self.at(days_ago, hour_minute)
        yield from self.decide("check", decision, comment, items)

    def release(
        self,
        days_ago: int,
        hour_minute: str,
        decision: str,
        comment: str | None = None,
        *,
        by: str,
    ) -> Moments:
        """Somebody of finance decides."""
        yield self.at(days_ago, hour_minute)
        yield from self.decide("release", decision, comment, by=by)

    def create(self, days_ago: int, hour_minute: str, by: str) -> Moments:
        """Somebody of finance creates the account."""
        yield self.at(days_ago, hour_minute)
        self.tick("create", f"Account {self.rng.randint(70000, 79999)}", by=by)

    def register(self, days_ago: int, *, as_photo: bool = False) -> Sent:
        """An extract from the commercial register, so many working days old."""
        one, issued = self.company, self.at(days_ago, "09:00")
        sheet = Paper(
            f"Commercial register of {one.city}",
            f"Public register, {one.city}",
            "Extract from the commercial register",
            (
                ("Company", one.name),
                ("Register number", f"B {self.rng.randint(10000, 99999)}"),
                ("Seat", one.city),
                ("Legal form", one.form),
                ("Represented by", one.contact.name),
                ("Entries since founding", str(self.rng.randint(2, 17))),
                ("Printed on", day(issued.date())),
            ),
            ("This extract shows the entries in force on the day it was printed.",),
        )
        if as_photo:
            name = f"IMG_{self.rng.randint(1000, 9999)}.jpg"
            return Sent("register", name, papers.photo(sheet, self.rng))
        return Sent("register", "Register extract.pdf", papers.pdf(sheet))

    def tax(self, years_back: int = 0) -> Sent:
        """A certificate of tax residence for this year, or an older one."""
        one, year = self.company, self.history.today.year - years_back
        sheet = Paper(
            f"Tax office {one.city}",
            "Department for legal persons",
            "Certificate of tax residence",
            (
                ("Tax payer", one.name),
                ("VAT number", one.vat_id()),
                ("Resident in", one.country),
                ("For the year", str(year)),
            ),
            (
                "It is certified that the tax payer named above is resident for tax purposes",
                "in the country named above, in the meaning of the convention in force.",
            ),
            signed=Random(one.city).choice(("H. Sanders", "M. Okafor", "P. Lind")),  # noqa: S311
        )
        return Sent("tax", f"Tax residence {year}.pdf", papers.pdf(sheet))

    def insurance(self) -> Sent:
        """A policy of liability insurance, photographed."""
        until = self.history.today + timedelta(days=self.rng.randint(60, 300))
        sheet = Paper(
            "Hansekontor Insurance",
            "Commercial lines",
            "Liability insurance policy",
            (
                ("Insured", self.company.name),
                ("Policy", f"HL-{self.rng.randint(100000, 999999)}"),
                ("Sum insured", "5 000 000 EUR"),
                ("In force until", f"{until:%d %b %Y}"),
            ),
            signed="E. Harms",
        )
        name = f"IMG_{self.rng.randint(1000, 9999)}.jpg"
        return Sent("insurance", name, papers.photo(sheet, self.rng))


def stories(history: History) -> Iterator[Moments]:
    """Every supplier of the last eight weeks."""
    for story in (_paper, _logistics, _catering, _software, _atelier, _drones, _furniture):
        yield story(history)
    for story in (_analytics, _printer, _security, _electric, _optics, _translators, _freight):
        yield story(history)
    for story in (_cleaners, _coffee, _studio):
        yield story(history)


# Done, rejected, cancelled


def _paper(history: History) -> Moments:
    contact = guest("Jonas Petersen", "jonas.petersen@nordlicht-papier.example")
    company = Company(
        "Nordlicht Papier GmbH", "Limited company", "DE", "Flensburg", contact, "18000"
    )
    s = Onboarding(history, company)
    yield from s.begin(39, "09:14")
    yield from s.details(38, "16:22")
    yield from s.papers(37, "08:51")
    yield from s.check(36, "11:03")
    yield from s.create(35, "10:40", by="finn")
    yield s.at(34, "09:30")
    s.trail(by="dana")


def _logistics(history: History) -> Moments:
    contact = guest("Elif Yildiz", "elif.yildiz@hafenkante.example")
    company = Company(
        "Hafenkante Logistik GmbH", "Limited company", "DE", "Hamburg", contact, "140000",
        critical=True,
    )  # fmt: skip
    s = Onboarding(history, company)
    yield from s.begin(37, "10:05")
    yield from s.details(36, "09:41", vat_id="DE12345678")
    yield from s.papers(35, "14:12", s.register(110), s.tax())
    yield from s.dpa(35, "14:40", certified=True)
    why = "The VAT number lacks a digit, and the extract is older than three months."
    items = ("details.vat_id", "papers.register")
    yield from s.check(34, "10:20", "request_changes", why, items)
    yield from s.details(33, "08:33")
    yield from s.papers(32, "12:02", s.register(33))
    yield s.at(31, "09:02")
    s.comment("Called the number on their website: both accounts are theirs.", by="mila")
    yield from s.check(31, "09:15", "approve", "Complete now, thank you.")
    yield from s.release(30, "11:30", "approve", by="kaya")
    yield from s.create(29, "15:20", by="finn")
    yield s.at(28, "10:11")
    s.trail(by="dana")


def _catering(history: History) -> Moments:
    contact = guest("Korbinian Huber", "huber@bergquell-catering.example")
    company = Company("Bergquell Catering", "Sole trader", "AT", "Salzburg", contact, "6500")
    s = Onboarding(history, company)
    yield from s.begin(33, "13:48")
    yield from s.details(33, "19:26")
    yield from s.papers(33, "19:41", s.register(40, as_photo=True), s.tax())
    yield from s.check(32, "09:37")
    yield from s.create(31, "14:05", by="kaya")


def _software(history: History) -> Moments:
    contact = guest("Priya Raman", "priya@tessella.example")
    company = Company(
        "Tessella Software Ltd", "Limited company", "GB", "Leeds", contact, "62000", "GBP",
        critical=True,
    )  # fmt: skip
    s = Onboarding(history, company)
    yield from s.begin(31, "11:17", by="dana")
    yield s.at(27, "08:12")
    s.look("details")
    yield from s.details(24, "17:45")
    yield from s.papers(24, "18:04", s.register(60), s.tax(), s.insurance())
    yield from s.dpa(23, "09:55", certified=True)
    yield from s.check(22, "10:44")
    yield from s.release(21, "16:10", "approve", "Insurance runs past the first year.", by="finn")
    yield from s.create(20, "09:20", by="finn")


def _atelier(history: History) -> Moments:
    contact = guest("Zofia Kowalska", "zofia@atelier-kowalska.example")
    company = Company("Atelier Kowalska", "Sole trader", "PL", "Poznan", contact, "3200")
    s = Onboarding(history, company)
    yield from s.begin(28, "15:31")
    yield from s.details(27, "20:58")
    yield from s.papers(26, "21:12", s.register(30, as_photo=True), s.tax())
    why = "We placed this order with another studio in the meantime. Thank you for your trouble."
    yield from s.check(24, "11:26", "reject", why)


def _drones(history: History) -> Moments:
    contact = guest("Sanne de Wit", "sanne@vantage-drones.example")
    company = Company(
        "Vantage Drones B.V.", "Limited company", "NL", "Delft", contact, "88000", critical=True
    )
    s = Onboarding(history, company)
    yield from s.begin(27, "09:52")
    yield from s.details(26, "10:31")
    yield from s.papers(25, "15:49")
    yield from s.dpa(25, "16:05", certified=False)
    yield from s.check(24, "14:18")
    why = "No liability insurance and no certificate: we may not hand them footage of customers."
    yield from s.release(21, "10:02", "reject", why, by="kaya")


def _furniture(history: History) -> Moments:
    contact = guest("Maja Sundvall", "maja@sundvall-mobler.example")
    company = Company("Sundvall Möbler AB", "Limited company", "SE", "Växjö", contact, "41000")
    s = Onboarding(history, company)
    yield from s.begin(22, "10:29")
    yield from s.details(21, "13:13")
    yield s.at(17, "16:34")
    s.cancel("The office move was called off, so we order no furniture this year.", by="dana")


# Running


def _analytics(history: History) -> Moments:
    contact = guest("Ingrid Solheim", "ingrid.solheim@fjord-analytics.example")
    company = Company(
        "Fjord Analytics AS", "Limited company", "NO", "Bergen", contact, "27000", critical=True
    )
    s = Onboarding(history, company)
    yield from s.begin(2, "14:08")
    yield s.at(1, "08:47")
    s.look("details")


def _printer(history: History) -> Moments:
    contact = guest("Graham Whitcombe", "graham@orchardroad.example")
    company = Company("Orchard Road Print", "Partnership", "GB", "Bristol", contact, "9000", "GBP")
    s = Onboarding(history, company)
    yield from s.begin(8, "11:41")
    yield s.at(3, "12:20")
    s.renew("details")
    yield s.at(3, "12:26")
    s.look("details")


def _security(history: History) -> Moments:
    contact = guest("Declan Byrne", "d.byrne@kestrel-security.example")
    company = Company(
        "Kestrel Security Services Ltd", "Limited company", "IE", "Cork", contact, "73000"
    )
    s = Onboarding(history, company)
    yield from s.begin(14, "09:33")
    yield from s.details(12, "10:15")
    yield s.at(3, "15:02")
    s.comment("Called Mr Byrne: the register extract is ordered and comes this week.", by="dana")


def _electric(history: History) -> Moments:
    contact = guest("Anke Meyerhoff", "a.meyerhoff@meyerhoff-elektro.example")
    company = Company(
        "Meyerhoff Elektrotechnik KG", "Partnership", "DE", "Celle", contact, "36000",
        critical=True,
    )  # fmt: skip
    s = Onboarding(history, company)
    yield from s.begin(6, "08:55")
    yield from s.details(5, "11:09")
    yield from s.papers(4, "16:27", s.register(12), s.tax(), s.insurance())


def _optics(history: History) -> Moments:
    contact = guest("Bastian Roth", "bastian.roth@lumen-optics.example")
    company = Company("Lumen Optics GmbH", "Limited company", "DE", "Jena", contact, "22500")
    s = Onboarding(history, company, buyer="dana")
    yield from s.begin(5, "13:20")
    yield from s.details(4, "09:08")
    yield from s.papers(1, "10:36", s.register(15), s.tax(), s.insurance())


def _translators(history: History) -> Moments:
    contact = guest("Camille Laurent", "camille@rive-gauche-traductions.example")
    company = Company(
        "Rive Gauche Traductions SARL", "Limited company", "FR", "Lyon", contact, "12000"
    )
    s = Onboarding(history, company)
    yield from s.begin(7, "15:05")
    yield from s.details(6, "17:38")
    yield from s.papers(5, "09:26", s.register(20), s.tax(years_back=2))
    why = "The tax certificate is two years old. Please send the one for this year."
    yield from s.check(3, "14:51", "request_changes", why, ("papers.tax",))


def _freight(history: History) -> Moments:
    contact = guest("Aino Virtanen", "aino.virtanen@polar-freight.example")
    company = Company(
        "Polar Freight Oy", "Limited company", "FI", "Oulu", contact, "215000", critical=True
    )
    s = Onboarding(history, company)
    yield from s.begin(9, "10:10")
    yield from s.details(8, "09:19")
    yield from s.papers(6, "13:40", s.register(18), s.tax(), s.insurance())
    yield from s.dpa(5, "08:24", certified=True)
    yield from s.check(1, "11:45", "approve", "Everything is in order.")


def _cleaners(history: History) -> Moments:
    contact = guest("Murat Demir", "murat.demir@delta-reinigung.example")
    company = Company(
        "Delta Gebäudereinigung GmbH", "Limited company", "DE", "Kassel", contact, "58000"
    )
    s = Onboarding(history, company)
    yield from s.begin(11, "08:48")
    yield from s.details(10, "14:33")
    yield from s.papers(8, "10:52")
    yield from s.check(6, "09:27")
    yield from s.release(2, "15:39", "approve", by="kaya")
    yield s.at(1, "09:12")
    s.claim("create", by="finn")


def _coffee(history: History) -> Moments:
    contact = guest("Lorenzo Conti", "orders@bounce.example")
    company = Company("Caldera Coffee Roasters", "Partnership", "DE", "Bremen", contact, "4800")
    s = Onboarding(history, company)
    yield from s.begin(2, "16:16")
    yield s.at(1, "10:21")
    s.comment("Their old domain seems to be gone. I ask the café for the new address.", by="mila")


def _studio(history: History) -> Moments:
    contact = guest("Niamh O’Connell", "niamh@harbourlane.example")
    company = Company("Harbour Lane Studio", "Partnership", "IE", "Galway", contact, "15000")
    s = Onboarding(history, company)
    yield from s.begin(6, "12:37")
    yield s.at(5, "09:44")
    s.look("details")
    yield s.at(4, "10:18")
    colleague = guest("Rory Keane", "rory@harbourlane.example")
    s.reassign("details", colleague, "Niamh writes that Rory keeps the books there.", by="dana")
    yield from s.details(3, "11:50")
