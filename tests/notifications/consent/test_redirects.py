"""R29: nothing here sends anybody on to another host. Links in mails are not rewritten: we track no clicks.

What people click in mails is told by their provider's webhook; the targets stand in the mail as they are.
"""

from urllib.parse import quote, urljoin, urlsplit

import pytest
from django.test import Client

from dashboard.own_path import own_path
from merchants.models import Merchant
from notifications.consent import links
from notifications.rendering.filters import LINK_SCHEMES, link_filter
from orders.models import Order
from tests.notifications.consent.conftest import Advertise

EVIL = "evil.example"
BYPASSES = (
    f"https://{EVIL}", f"http://{EVIL}/", f"//{EVIL}", f"///{EVIL}", f"////{EVIL}", f"/\\{EVIL}", f"\\/{EVIL}",
    f"\\\\{EVIL}", f"/\\/{EVIL}", f"\\/\\/{EVIL}", f"https:{EVIL}", f"https:/{EVIL}",
    f"https:///{EVIL}", f"https:\\\\{EVIL}",
    f"HtTpS://{EVIL}", f" https://{EVIL}", f"\thttps://{EVIL}", f"\nhttps://{EVIL}", f"https://testserver@{EVIL}",
    f"https://testserver.{EVIL}", f"https://{EVIL}#testserver", f"https://{EVIL}?testserver",
    f"https://{EVIL}\\@testserver",
    f"https://testserver:80@{EVIL}", f"/%2F{EVIL}", f"/%5C{EVIL}", f"%2F%2F{EVIL}", f"/%0d%0aLocation: https://{EVIL}",
    f"/app/\r\nLocation: https://{EVIL}", "/app/%0d%0aSet-Cookie: a=b", f"/.{EVIL}", f"/..//{EVIL}", f"/app/..//{EVIL}",
    f"/app/../../{EVIL}", f"/app//{EVIL}", f"/app/\u2028//{EVIL}", f"\u3002{EVIL}", f"//{EVIL}\u3002com",
    f"https://{EVIL}\u2044x",
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,<script>1</script>",
    "vbscript:x",
    f"ftp://{EVIL}", f"//{EVIL}/%2e%2e", f"/app/?next=//{EVIL}", f"@{EVIL}", f":{EVIL}", f"https://[::1]@{EVIL}",
)  # fmt: skip


def leads_away(location: str) -> bool:
    """As a browser reads it: backslashes are slashes, tabs and line breaks are nothing."""
    read = "".join(letter for letter in location.strip() if letter not in "\t\r\n").replace("\\", "/")
    target = urlsplit(urljoin("https://testserver/app/", read))
    return target.scheme != "https" or target.hostname != "testserver"


def test_there_are_forty_ways_at_least() -> None:
    assert len(set(BYPASSES)) >= 40


@pytest.mark.parametrize("text", BYPASSES)
def test_where_to_go_next_is_always_here(text: str) -> None:
    assert not leads_away(own_path(text))


@pytest.mark.parametrize("text", BYPASSES)
def test_a_link_in_a_mail_is_web_mail_or_telephone(text: str) -> None:
    shown = link_filter(text)
    assert shown == "" or shown.lower().startswith(LINK_SCHEMES)


def test_no_page_behind_a_link_of_a_mail_sends_anybody_away(
    merchant: Merchant, anna: Order, advertise: Advertise
) -> None:
    message = advertise(anna)
    pages = [
        f"/p/nordwind/{links.path(purpose, message.pk)}" for purpose in (links.UNSUBSCRIBE, links.PREFERENCES)
    ]
    shopper, faults = Client(), []
    for text in BYPASSES:
        given = dict.fromkeys(("next", "url", "to", "redirect", "return", "lang", "what", "language"), text)
        answers = [
            answer for page in pages for answer in (shopper.get(page, given), shopper.post(page, given))
        ]
        answers += [shopper.get(f"/p/nordwind/{quote(text)}"), shopper.get(f"/p/{quote(text, safe='')}/")]
        answers.append(shopper.get("/p/nordwind/", {"next": text, "lang": text}))
        for answer in answers:
            if "Location" in answer and leads_away(answer["Location"]):
                faults.append((text, answer["Location"]))
    assert faults == []
