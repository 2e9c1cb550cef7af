"""The marketing tools' page in a real browser: one that fails with a long answer, and one that works."""

from collections.abc import Callable
from typing import Any

import pytest

from merchants.models import Merchant
from notifications.marketing_tools import commands
from tests.browser.conftest import Browse, Visit
from tests.browser.test_dashboard_pages import judge, signed_in
from tests.notifications.klaviyo_sink import KEY

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_its_page_in_the_settings_is_usable(
    merchant: Merchant, live_server: Any, browse: Browse, axe: Callable[[Visit], list[str]]
) -> None:
    hook = commands.save_webhook(merchant, "https://messages.nordwind.example/" + "a-long-path/" * 6)
    commands.note_failure(merchant, hook, "503 upstream-" + "unavailable-" * 12)
    commands.note_success(merchant, commands.save_klaviyo(merchant, KEY))
    cookies = signed_in(merchant, live_server.url)
    judge(
        browse(f"{live_server.url}/app/nordwind/settings/marketing_tools/", cookies=cookies),
        "settings-marketing-tools", axe,
    )  # fmt: skip
