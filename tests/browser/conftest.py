"""A real chromium for the tests of both faces, and axe to judge what it shows.

`browse(url, width=390, scheme="dark")` opens a page and notes everything that it asked for and complained about;
`axe(visit)` lists what keeps people from using it. Without a chromium these tests skip and say so.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.tabs import Tabs

# Playwright's synchronous API keeps an event loop in this thread, and Django would refuse the database there.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

ARTEFACTS = Path(__file__).parents[2] / "test-artifacts"
AXE = Path(__file__).parent / "vendor" / "axe-core-4.14.1" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The rules that look at colours. The others find in a dark scheme what they find in the light one, at twice the price.
COLOURS = ["color-contrast", "link-in-text-block"]
# Quiet: no call home, no sandbox (containers), no GPU.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@dataclass
class Visit:
    """A page in the browser, and what happened while it was opened."""

    page: Page
    over: Callable[[], None]  # hands the tab on before the test ends, for one that looks at many pages
    status: int = 0
    messages: list[str] = field(default_factory=list)  # console messages, script errors and CSP reports
    requests: list[str] = field(default_factory=list)  # all but data: URLs

    @property
    def strangers(self) -> list[str]:
        """Requests to other hosts than the page's own."""
        own = urlsplit(self.page.url).netloc
        return [url for url in self.requests if urlsplit(url).netloc != own]

    def transferred(self) -> int:
        """Bytes over the wire, headers included."""
        return self.page.evaluate(
            "() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
            ".reduce((sum, entry) => sum + entry.transferSize, 0)"
        )

    def elements(self) -> int:
        """How many elements the page has."""
        return self.page.evaluate("() => document.querySelectorAll('*').length")

    def look(self, width: int, scheme: str, height: int = 900) -> None:
        """Change the window and the colour scheme without loading again."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme=scheme)

    def keep(self, name: str) -> None:
        """Leave a picture of the whole page in `test-artifacts/`, when AFTERWARD_SCREENSHOTS is set."""
        if os.environ.get("AFTERWARD_SCREENSHOTS"):
            ARTEFACTS.mkdir(exist_ok=True)
            self.page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)

    def scrolls_sideways(self) -> bool:
        """Whether something sticks out of the window."""
        return self.page.evaluate("() => document.documentElement.scrollWidth > window.innerWidth")


Browse = Callable[..., Visit]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser. Skips loudly where there is none."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        reason = (
            "NO BROWSER: the browser tests did NOT run. Install Debian's chromium, or name one in CHROMIUM."
        )
        print(f"\n{reason}", file=sys.__stderr__)  # past pytest's capture: nobody should overlook it
        if os.environ.get("AFTERWARD_REQUIRE_BROWSER") == "1":  # `.ci/run`
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def tabs(chromium: Browser) -> Tabs:
    """The browser's tabs, which tests hand on to each other."""
    return Tabs(chromium)


@pytest.fixture
def browse(tabs: Tabs) -> Iterator[Browse]:
    """Open a URL: `browse(url, width=1280, height=900, scheme="light", javascript=True, cookies=[…])`.

    `first` is a script that runs before any of the page's own; such a tab is not used again.
    """
    with ExitStack() as visits:

        def run(
            url: str, *, width: int = 1280, height: int = 900, scheme: str = "light", javascript: bool = True,
            cookies: list[dict[str, Any]] | None = None, language: str = "en-GB", first: str = "",
        ) -> Visit:  # fmt: skip
            tab = tabs.take(javascript, language)
            over = visits.enter_context(ExitStack())
            over.callback(tabs.give_back, tab, again=not first)
            visit = Visit(tab.page, over.close)
            tab.prepare(url, width, height, scheme, cookies or [])
            if first:
                tab.page.add_init_script(first)
            tab.listen("console", lambda message: visit.messages.append(message.text))
            tab.listen("pageerror", lambda error: visit.messages.append(str(error)))
            tab.listen("request", lambda request: _note(visit, request.url))
            answer = tab.page.goto(url, wait_until="load")
            visit.status = answer.status if answer else 0
            return visit

        yield run


def _note(visit: Visit, url: str) -> None:
    if not url.startswith("data:"):
        visit.requests.append(url)


@pytest.fixture(scope="session")
def axe() -> Callable[..., list[str]]:
    """What axe finds on a page: one line a violation, with the elements it is about. Empty is good.

    `axe(visit, colours=True)` asks only what another colour scheme can have changed.
    """
    source = AXE.read_text()

    def run(visit: Visit, colours: bool = False) -> list[str]:
        only = {"type": "rule", "values": COLOURS} if colours else {"type": "tag", "values": RULES}
        # What is not violated is not described: the rules are the same, the report is smaller.
        options = json.dumps({"runOnly": only, "resultTypes": ["violations"]})
        # Through the debugger, so that it also works under a policy that allows no script.
        if not visit.page.evaluate("() => 'axe' in window"):
            visit.page.evaluate(source)
        found = visit.page.evaluate(f"() => axe.run(document, {options}).then(result => result.violations)")
        return [f"{rule['id']}: {[node['target'] for node in rule['nodes']][:5]}" for rule in found]

    return run
