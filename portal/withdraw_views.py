"""A12 and A13: withdrawing from the contract (Directive 2011/83/EU, Article 11a), and the receipt of it.

The link is the first step, the button "Confirm withdrawal" the second. What is declared is recorded before anything is
looked up or limited, and the answer is the same whether or not there is such an order.
"""

from django.http import HttpRequest, HttpResponse

from merchants.models import WithdrawalFor
from portal import errors
from portal.loading import OrderRow
from portal.opening import open_order
from portal.pages import portal_page, render
from portal.site import Site
from portal.withdraw_form import Form, declaration_of, form_of, suspicions
from portal.withdraw_page import form_context, receipt_context
from returns.withdrawal.commands import declare
from returns.withdrawal.queries import of_receipt
from returns.withdrawal.receipts import receipt_token


@portal_page("GET", "POST", takes_foreign=True)
def withdraw(request: HttpRequest, site: Site) -> HttpResponse:
    """By whoever names the order: no account, no link, no reason."""
    return _answer(request, site, None, "")


@portal_page("GET", "POST", takes_foreign=True)
def withdraw_order(request: HttpRequest, site: Site, token: str) -> HttpResponse:
    """From the order's link, which fills the form in. A link that opens nothing any more leads to the empty form."""
    try:
        order = open_order(site, token)
    except errors.LinkGone:
        return _answer(request, site, None, "", shown=410)
    with site.speaking(order.locale):
        return _answer(request, site, order, token)


@portal_page("GET")
def receipt(request: HttpRequest, site: Site, token: str) -> HttpResponse:
    """What was declared and when, to be read, printed and kept."""
    found = of_receipt(token)
    if found is None:
        raise errors.NotFound
    with site.speaking(found.locale):
        return render(request, site, "portal/withdrawn.html", receipt_context(site, found))


def _answer(
    request: HttpRequest, site: Site, order: OrderRow | None, token: str, *, shown: int = 200
) -> HttpResponse:
    """shown: the status of the form that was not sent yet; 410 for one under a link that opens nothing any more."""
    if site.merchant.withdrawal_for == WithdrawalFor.OFF:
        raise errors.NotFound
    form = form_of(request, order) if request.method == "POST" else Form()
    if request.method == "POST" and not form.errors:
        declaration = declaration_of(request, site, order, form)
        found = declare(site.merchant, declaration, suspect=lambda: suspicions(request, site, form))
        response = HttpResponse(status=303)
        response["Location"] = site.path(f"withdraw/receipt/{receipt_token(found)}/")
        return response
    context = form_context(site, order, token, form)
    return render(
        request, site, "portal/withdraw.html", context, status=422 if form.errors and shown == 200 else shown
    )
