"""A16: out of a list with one click, the preference centre, and the confirmation of an agreement.

The links come from messages and need no account. Opening one shows a page and changes nothing: programs that look
into every link of a mail unsubscribe nobody, and confirm nothing (PRODUCT, N12).
"""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from merchants.client_ip import client_ip, network_of
from merchants.rest.errors import NotFound as NoSuchRow
from merchants.throttle import hit
from notifications import unsubscribe
from notifications.consent import commands, links
from notifications.consent.choices import EVERYTHING, ConsentState, Topic
from notifications.consent.commands import Said
from notifications.consent.models import ConsentEntry
from notifications.lawful import message_topic
from notifications.models import Message
from portal import errors, preference_page
from portal.pages import portal_page, render
from portal.site import Site

_ONE_CLICK = "One-Click"
_WRITES, _HOUR = 60, 3600  # of one connection


@portal_page("GET", "POST", takes_foreign=True)
def leave(request: HttpRequest, site: Site, token: str) -> HttpResponse:
    """RFC 8058: a POST with `List-Unsubscribe=One-Click` takes the address off every list, at once.

    No cookie, no sign-in, no redirect. People who open the link get a page with a button, and may choose to leave
    only what this message was about.
    """
    message = _message(links.UNSUBSCRIBE, token)
    with site.speaking(message.locale):
        if request.method != "POST":
            return _leave_page(request, site, message, token, done=False)
        one_click = request.POST.get("List-Unsubscribe") == _ONE_CLICK
        topic = EVERYTHING if one_click or request.POST.get("what") != "topic" else message_topic(message)
        said = _said(request, site, "one_click" if one_click else "unsubscribe_page", message.locale)
        unsubscribe.leave(site.merchant, message, topic, said)
        return _leave_page(request, site, message, token, done=True)


@portal_page("GET", "POST")
def preferences(request: HttpRequest, site: Site, token: str) -> HttpResponse:
    """What somebody wants to hear about, over which channel, in which language, and when not."""
    message = _message(links.PREFERENCES, token)
    centre = preference_page.centre_of(site, message)
    with site.speaking(centre.language):
        faults: dict[str, str] = {}
        if request.method == "POST":
            _count(request, site)
            faults = preference_page.save(
                site, centre, request.POST, _said(request, site, "preference_centre", site.language)
            )
            if not faults:
                response = HttpResponse(status=303)
                response["Location"] = site.path(links.path(links.PREFERENCES, message.pk)) + "#saved"
                return response
        context = preference_page.context(site, centre, token, faults, request.POST if faults else None)
        return render(request, site, "portal/preferences.html", context, status=422 if faults else 200)


@portal_page("GET", "POST")
def confirm(request: HttpRequest, site: Site, token: str) -> HttpResponse:
    """Double opt-in: the page behind the link asks once more; its button is what confirms."""
    row_id = links.read_token(links.CONFIRM, token)
    asked = ConsentEntry.objects.filter(pk=row_id, state=ConsentState.REQUESTED).first() if row_id else None
    if asked is None or not asked.address:
        raise errors.NotFound
    with site.speaking(asked.locale):
        if request.method == "POST":
            _count(request, site)
            try:
                commands.confirm(
                    site.merchant, asked.pk, _said(request, site, "double_opt_in", site.language)
                )
            except NoSuchRow:
                raise errors.NotFound from None
        context = {
            "title": _("Thank you") if request.method == "POST" else _("Please confirm"),
            "done": request.method == "POST",
            "action": site.path(links.path(links.CONFIRM, asked.pk)),
            "address": preference_page.masked(asked.address),
            "wording": asked.wording,
            "topics": [Topic(asked.topic).label] if asked.topic else [topic.label for topic in Topic],
        }
        return render(request, site, "portal/confirm.html", context)


def _leave_page(
    request: HttpRequest, site: Site, message: Message, token: str, *, done: bool
) -> HttpResponse:
    topic = message_topic(message)
    context = {
        "title": _("You are unsubscribed") if done else _("Unsubscribe"),
        "done": done,
        "action": site.path(links.path(links.UNSUBSCRIBE, message.pk)),
        "centre_url": site.path(links.path(links.PREFERENCES, message.pk)),
        "address": preference_page.masked(message.recipient),
        "topic": Topic(topic).label if topic else "",
    }
    return render(request, site, "portal/unsubscribe.html", context)


def _message(purpose: str, token: str) -> Message:
    """The message that a link came with. An unknown link, another purpose's and another shop's are the same 404."""
    message = unsubscribe.message_of(purpose, token)
    if message is None:
        raise errors.NotFound
    return message


def _said(request: HttpRequest, site: Site, source: str, locale: str) -> Said:
    return Said(
        source=source, locale=locale, ip=client_ip(request), url=request.build_absolute_uri(request.path)
    )


def _count(request: HttpRequest, site: Site) -> None:
    client = network_of(client_ip(request))
    if wait := hit("portal-consent", site.merchant.pk, client, limit=_WRITES, window=_HOUR):
        raise errors.TooMany(wait)
