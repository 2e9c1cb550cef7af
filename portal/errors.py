"""What goes wrong on a portal, as pages that help on: each says what happened and offers the look-up and a new link."""

from typing import Any

from django.utils.translation import gettext as _

from portal.site import Site


class PageError(Exception):
    """The request ends with a page that says why."""

    status = 404
    headers: dict[str, str]
    offers_link = True

    def __init__(self) -> None:
        self.headers = {}

    def words(self) -> tuple[str, str]:
        """Headline and sentence, in the language that is spoken now."""
        return _("This page does not exist"), _("The address may have a typing error, or the page has moved.")

    def context(self, site: Site) -> dict[str, Any]:
        """What `portal/error.html` shows."""
        headline, sentence = self.words()
        return {
            "title": headline,
            "headline": headline,
            "sentence": sentence,
            "status": self.status,
            "offers_link": self.offers_link,
        }


class NotFound(PageError):
    """No such page."""


class LinkGone(PageError):
    """A link that opens nothing: expired, revoked, another shop's or made up. One page for all of them."""

    status = 410

    def words(self) -> tuple[str, str]:
        return _("This link no longer works"), _(
            "Links to orders work for a year or so, and end when a new one is made. Have a new one sent to you, or "
            "find your order with its number."
        )


class NotLetIn(PageError):
    """A branch's page on a phone that gave no PIN, or gave it too long ago."""

    status = 403
    offers_link = False

    def words(self) -> tuple[str, str]:
        return _("This page is for the people of a branch"), _(
            "Open the link of your branch on this phone and give its PIN. A customer’s code is scanned at the counter."
        )


class TooMany(PageError):
    """Tried too often."""

    status = 429
    offers_link = False

    def __init__(self, wait: int) -> None:
        super().__init__()
        self.headers["Retry-After"] = str(wait)

    def words(self) -> tuple[str, str]:
        return _("Too many tries"), _(
            "Please wait a minute and try again. This protects the orders of all of us."
        )


class TooLate(PageError):
    """What could be changed for a while, or until the order left."""

    status = 409
    offers_link = False

    def words(self) -> tuple[str, str]:
        return _("It is too late to change this here"), _(
            "Your order is being packed, has left, or the time for changes is over. Write to us, and we’ll see what "
            "can still be done."
        )


class TooLarge(PageError):
    """More bytes than a form may have."""

    status = 413
    offers_link = False

    def words(self) -> tuple[str, str]:
        return _("These photos are too large"), _(
            "Please go back and choose fewer of them, or smaller ones: 12 MB each at most."
        )


class ForeignForm(PageError):
    """A form that came from another site."""

    status = 403

    def words(self) -> tuple[str, str]:
        return _("This form came from another page"), _(
            "For your safety we did not accept it. Please fill it in here once more."
        )


class WrongMethod(PageError):
    """The page does not take that method."""

    status = 405

    def __init__(self, methods: tuple[str, ...]) -> None:
        super().__init__()
        self.headers["Allow"] = ", ".join(methods)


class Broken(PageError):
    """Our fault."""

    status = 500

    def words(self) -> tuple[str, str]:
        return _("Something went wrong here"), _(
            "The fault is ours, and we have been told. Please try again soon."
        )
