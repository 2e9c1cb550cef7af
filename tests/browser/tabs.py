"""Browser tabs that tests hand on to each other.

A new context starts a new renderer, which costs a second of computing before it shows anything. A tab that is used
again costs a quarter of that. What a page could leave behind for the next one is taken away between two visits:
cookies, storage, caches, permissions, routes, listeners and further windows.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page

Kind = tuple[bool, str]  # JavaScript, language


class Tab:
    """A window of a context of its own."""

    def __init__(self, context: BrowserContext, kind: Kind) -> None:
        self.context, self.kind = context, kind
        self.page: Page = context.new_page()
        self._debugger = context.new_cdp_session(self.page)
        self._listeners: list[tuple[Any, Callable[..., None]]] = []
        self._origin = ""

    def listen(self, event: Any, to: Callable[..., None]) -> None:
        """Have `to` called at every `event` of the page, until the tab is handed back."""
        self.page.on(event, to)
        self._listeners.append((event, to))

    def prepare(self, url: str, width: int, height: int, scheme: Any, cookies: list[Any]) -> None:
        """Make it as a new one would be, for a visit to `url`."""
        parts = urlsplit(url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme=scheme)
        self._forget()
        if cookies:
            self.context.add_cookies(cookies)

    def leave(self) -> bool:
        """Let go of the page that is shown. Returns whether the tab can be used again."""
        for event, to in self._listeners:
            self.page.remove_listener(event, to)
        self._listeners.clear()
        if self.page.is_closed():
            return False
        for page in self.context.pages:
            if page is not self.page:
                page.close()
        self.page.unroute_all(behavior="ignoreErrors")
        self.context.clear_permissions()
        # A page that asks for news every second has to stop. Another page of the same server keeps the renderer. This
        # one names its icon: for one that does not, the browser would ask for /favicon.ico during the next visit.
        self.context.clear_cookies()
        self.page.goto(f"{self._origin}/app/sign-in/")
        return True

    def _forget(self) -> None:
        self.context.clear_cookies()
        self._debugger.send("Storage.clearDataForOrigin", {"origin": self._origin, "storageTypes": "all"})
        self._debugger.send("Network.enable")
        for is_disabled in (True, False):  # Switching it off empties the renderer's own cache.
            self._debugger.send("Network.setCacheDisabled", {"cacheDisabled": is_disabled})
        self._debugger.send("Network.clearBrowserCache")


class Tabs:
    """The tabs of a browser, those that nobody uses ready for the next one."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._idle: list[Tab] = []

    def take(self, javascript: bool, language: str) -> Tab:
        """A tab of this kind, used before or new."""
        kind = (javascript, language)
        for tab in self._idle:
            if tab.kind == kind:
                self._idle.remove(tab)
                return tab
        context = self._browser.new_context(
            java_script_enabled=javascript, locale=language, timezone_id="Europe/Berlin"
        )
        return Tab(context, kind)

    def give_back(self, tab: Tab, *, again: bool) -> None:
        """Hand a tab on to whoever takes one next, or close it."""
        if again and tab.leave():
            self._idle.append(tab)
        else:
            tab.context.close()
