"""Mails that we write ourselves say to whoever parses them what the standard library's would say."""

import email
import email.policy
from email.message import EmailMessage
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from hypothesis import example, given, settings
from hypothesis import strategies as st

from notifications.channels.mime import as_bytes, envelope

# What mails are made of, and what encoders stumble over.
PIECES = st.sampled_from(
    ["Grüße", " ", "  ", "\n", "\r\n", "\r", "\t", ".", "\n.\n", "..", "=", "=20", "=\n", " \n", "\t\n", "From ",
     "\n--", "x" * 70, "ü" * 40, "y" * 75, "z" * 76, "🧶", "e\u0301", "\u00a0", "–", "<p>", "w" * 1000, "a b " * 30]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=12).map("".join)
LINES = TEXTS.map(lambda text: " ".join(text.split()))


def mail(subject: str, text: str, html: str, **more: Any) -> EmailMultiAlternatives:
    given = {"from_email": "Nordwind <orders@shop.test>", "to": ["anna@example.test"], **more}
    made = EmailMultiAlternatives(subject=subject, body=text, **given)
    made.attach_alternative(html, "text/html")
    return made


def parsed(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)


def lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


@settings(max_examples=300, deadline=None)
@given(subject=LINES, text=TEXTS, html=TEXTS)
@example(subject="", text="", html="")
@example(subject="=?utf-8?q?=0D=0ABcc:_evil=40example.test?=", text=".", html="\n.")
@example(subject="Bestätigt: " + "Straße " * 40, text="ends with a space ", html="\tü\t")
def test_content_arrives_as_it_was(subject: str, text: str, html: str) -> None:
    raw = as_bytes(mail(subject, text, html))
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    found = parsed(raw)
    assert not found.defects
    assert found["Subject"] == subject
    for kind, said in (("plain", text), ("html", html)):
        part = found.get_body((kind,))
        assert part is not None
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        assert lines(payload.decode()) == lines(said)
    head = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert all(len(line) <= 78 for line in head if b"=?" in line)


HEADERS = [
    {},
    {"from_email": "Müller & Söhne <orders@shop.test>", "reply_to": ["Grüße <hallo@müller.test>"]},
    {"from_email": '"Nordwind, the shop" <orders@shop.test>', "to": ["jürgen@example.test"]},
    {"to": ["o'neill+a/b@sub.example.test"], "reply_to": ["hallo@nordwind.test"]},
    {
        "headers": {
            "Message-ID": "<abc@shop.test>",
            "List-Unsubscribe": f"<https://shop.test/{'u' * 90}>, <mailto:a@b.test?subject=unsubscribe%20{'t' * 60}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    },
]


@pytest.mark.parametrize("more", HEADERS)
def test_headers_say_what_the_standard_library_says(more: dict[str, Any]) -> None:
    made = mail(
        "Confirmed – Ünïcode", "Text", "<p>HTML</p>", **{"headers": {"Message-ID": "<a@b.test>"}, **more}
    )
    ours, theirs = parsed(as_bytes(made)), parsed(made.message().as_bytes(linesep="\r\n"))
    assert sorted(ours.keys()) == sorted(theirs.keys())
    for name in set(ours.keys()) - {"Content-Type", "Date"}:
        assert str(ours[name]) == str(theirs[name]).strip(), (
            name
        )  # It begins what is long with an empty line.
    assert abs((ours["Date"].datetime - theirs["Date"].datetime).total_seconds()) <= 5


def test_a_header_of_several_lines_is_refused() -> None:
    for more in (
        {"subject": "A\nBcc: b@c.test"},
        {"headers": {"X": "A\r\nBcc: b@c.test"}},
        {"from_email": "A\nB <a@b.test>"},
    ):
        with pytest.raises(ValueError, match="line"):
            as_bytes(mail(**{"subject": "A", "text": "", "html": "", **more}))


def test_the_envelope_has_bare_addresses_that_a_server_takes() -> None:
    assert envelope("Müller <orders@müller.test>") == "orders@xn--mller-kva.test"
