import email
from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.delivery.mime import Attachment, BadAddress, Message, address, as_bytes, one_line

FROM = "Sea Ltd <desk@sea.example>"
LINK = "http://localhost:8000/t/" + "aB-_" * 12
MESSAGE = Message(
    to="vera@north.example",
    to_name='Vera "V" Novák, <b>',
    subject="Tax form for Sea Ltd, due Fri 27 Nov",
    text=f"Dear Vera,\n\nplease send us your form:\n\n{LINK}\n\nKind regards",
    html="<html><head><style>p{color:red}@media (prefers-color-scheme:dark){p{color:#fff}}</style>"
    "</head><body><p>Dear Věra</p></body></html>",
    message_id="<0190@portal.example>",
    date=datetime(2026, 11, 21, 8, 0, tzinfo=UTC),
)


def read(content: bytes) -> EmailMessage:
    return email.message_from_bytes(content, policy=policy.default)


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def test_the_same_message_gives_the_same_bytes() -> None:
    assert as_bytes(MESSAGE, FROM) == as_bytes(replace(MESSAGE), FROM)
    assert as_bytes(MESSAGE, FROM) != as_bytes(replace(MESSAGE, message_id="<1@x>"), FROM)


def test_both_parts_arrive_as_they_were() -> None:
    mail = read(as_bytes(MESSAGE, FROM))
    assert mail.get_content_type() == "multipart/alternative"
    assert part(mail, "plain") == MESSAGE.text.replace("\n", "\r\n") + "\r\n"
    assert '<p style="color: red;">Dear Věra</p>' in part(mail, "html")
    assert "@media (prefers-color-scheme:dark)" in part(mail, "html")
    assert mail["From"] == FROM
    assert mail["To"].addresses[0].addr_spec == MESSAGE.to
    assert mail["To"].addresses[0].display_name == MESSAGE.to_name
    assert mail["Message-ID"] == MESSAGE.message_id
    assert mail["Date"].datetime == MESSAGE.date
    assert mail["Auto-Submitted"] == "auto-generated"


def test_the_link_stands_in_the_raw_mail_in_one_piece_and_once() -> None:
    assert as_bytes(MESSAGE, FROM).count(LINK.encode()) == 1


def test_text_beyond_ascii_reads_back() -> None:
    text = "Věra, größe, 😀\n" + "x" * 2000 + "\n.\nlast"
    mail = read(as_bytes(replace(MESSAGE, text=text), FROM))
    assert part(mail, "plain").replace("\r\n", "\n") == text + "\n"
    assert max(map(len, as_bytes(replace(MESSAGE, text=text), FROM).split(b"\r\n"))) < 998


def test_an_attachment_comes_along() -> None:
    item = Attachment('re"ceipt\r\n.pdf', "application/pdf", b"%PDF-1.7")
    mail = read(as_bytes(replace(MESSAGE, attachments=(item,)), FROM))
    (attached,) = mail.iter_attachments()
    assert attached.get_filename() == 're"ceipt .pdf'
    assert attached.get_payload(decode=True) == b"%PDF-1.7"


def test_the_sender_may_be_named_and_the_answer_sent_elsewhere() -> None:
    answers = ("ann@sea.example", "ben@sea.example")
    named = replace(MESSAGE, from_name="Ann Okafor, Sea Ltd", reply_to=answers)
    mail = read(as_bytes(named, FROM))
    assert mail["From"].addresses[0].display_name == "Ann Okafor, Sea Ltd"
    assert mail["From"].addresses[0].addr_spec == "desk@sea.example"
    assert mail["Reply-To"] == "ann@sea.example, ben@sea.example"


HOSTILE = "Tax\r\nBcc: mallory@evil.example\r\n\r\n<script>\u202egpj.exe\u2066"


def test_a_hostile_name_forges_no_header_and_adds_no_recipient() -> None:
    """W08."""
    message = replace(
        MESSAGE, subject=HOSTILE, to_name=HOSTILE, from_name=HOSTILE, headers={"X-Note": HOSTILE}
    )
    mail = read(as_bytes(message, FROM))
    assert mail["Bcc"] is None
    assert len(mail["To"].addresses) == len(mail["From"].addresses) == 1
    assert mail["To"].addresses[0].addr_spec == MESSAGE.to
    assert mail["Subject"] == "Tax Bcc: mallory@evil.example <script>gpj.exe"


@given(st.text(max_size=200), st.text(max_size=60))
def test_no_text_in_a_header_makes_another_header(subject: str, name: str) -> None:
    content = as_bytes(replace(MESSAGE, subject=subject, to_name=name, from_name=name), FROM)
    plain = read(as_bytes(MESSAGE, FROM))
    mail = read(content)
    assert mail.keys() == plain.keys()
    assert [one.addr_spec for one in mail["To"].addresses] == [MESSAGE.to]
    assert [one.addr_spec for one in mail["From"].addresses] == ["desk@sea.example"]
    assert content.isascii()


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=200))
def test_a_subject_reads_back(subject: str) -> None:
    mail = read(as_bytes(replace(MESSAGE, subject=subject), FROM))
    assert str(mail["Subject"]) == one_line(subject)


@pytest.mark.parametrize(
    "company", ["Newcomer & Daughters", "Delta Gebäudereinigung GmbH", "y" * 90]
)
def test_a_long_subject_starts_on_its_own_line_with_its_own_spaces(company: str) -> None:
    subject = f"Tell us about your company: Onboard {company}, due Mon 30 Nov"
    content = as_bytes(replace(MESSAGE, subject=subject), FROM)
    assert b"Subject: " in content
    assert b"Subject: \r\n" not in content
    assert str(read(content)["Subject"]) == subject


@pytest.mark.parametrize(
    "text",
    ["", "vera", "a@b@c", "a@b,c@d", "a@b c@d", "Vera <a@b>", "a@b\r\nBcc: c@d", "@b", "a@",
     "a@-..b", '"x y"@b', "a@b;c", "a@[127.0.0.1]", "a" * 65 + "@b"],
)  # fmt: skip
def test_only_one_plain_address_is_an_address(text: str) -> None:
    with pytest.raises(BadAddress, match="is not an e-mail address"):
        address(text)


def test_a_domain_in_another_script_is_sent_in_its_ascii_form() -> None:
    assert address(" vera@exämple.com ").addr_spec == "vera@xn--exmple-cua.com"


@pytest.mark.parametrize("message_id", ["x@y", "<a b@c>", "<a@b>\r\nX: y", ""])
def test_a_message_id_that_is_none_is_a_mistake_of_ours(message_id: str) -> None:
    with pytest.raises(ValueError, match="Message-ID"):
        as_bytes(replace(MESSAGE, message_id=message_id), FROM)


def test_a_style_sheet_elsewhere_is_neither_fetched_nor_read(tmp_path: str) -> None:
    html = '<link rel="stylesheet" href="file:///etc/passwd"><p>hello</p>'
    assert "root:" not in part(read(as_bytes(replace(MESSAGE, html=html), FROM)), "html")
