"""What shops, pulls, privacy requests and the fields of a mapping are called."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dashboard.words import Label
from orders.models import PrivacyKind, PullKind, PullState, ShopKind

KINDS: dict[str, Promise] = {
    ShopKind.SHOPIFY: _("Shopify"),
    ShopKind.WOOCOMMERCE: _("WooCommerce"),
    ShopKind.GENERIC: _("Another shop"),
}
ABOUT: dict[str, Promise] = {
    ShopKind.SHOPIFY: _("Orders, parcels, refunds, customers and products, with their history."),
    ShopKind.WOOCOMMERCE: _("Orders with the parcels of its tracking plug-ins, customers and products."),
    ShopKind.GENERIC: _("Any shop that can send its orders as JSON: you say where each field is."),
}
PULL_KINDS: dict[str, Promise] = {
    PullKind.ORDERS: _("Orders"),
    PullKind.CUSTOMERS: _("Customers"),
    PullKind.PRODUCTS: _("Products"),
}
PULL_STATES: dict[str, Label] = {
    PullState.RUNNING: Label(_("Under way"), "info"),
    PullState.DONE: Label(_("Done"), "ok"),
    PullState.FAILED: Label(_("Failed"), "bad"),
    PullState.STOPPED: Label(_("Stopped")),
}
PRIVACY: dict[str, Promise] = {
    PrivacyKind.CUSTOMER_DATA: _("Wants to know what is stored about them"),
    PrivacyKind.CUSTOMER_ERASURE: _("Wants what is stored about them erased"),
    PrivacyKind.SHOP_ERASURE: _("The shop left: everything of it is to be erased"),
}

# The fields of a mapping, under their headings.
MAPPING: dict[Promise, dict[str, Promise]] = {
    _("Order"): {
        "order": _("The order in what is sent"),
        "external_id": _("Id"),
        "number": _("Number that people read"),
        "placed_at": _("Placed at"),
        "updated_at": _("Changed at"),
        "cancelled_at": _("Cancelled at"),
    },
    _("Lines"): {
        "lines": _("The list of lines"),
        "line.external_id": _("Id of a line"),
        "line.title": _("Title"),
        "line.variant": _("Variant"),
        "line.sku": _("SKU"),
        "line.quantity": _("Quantity"),
        "line.unit_price": _("Price of one"),
        "line.image_url": _("Picture"),
    },
    _("Customer"): {
        "email": _("E-mail address"),
        "phone": _("Phone"),
        "first_name": _("First name"),
        "last_name": _("Last name"),
        "customer_id": _("Id of the customer"),
        "locale": _("Language"),
    },
    _("Delivery address"): {
        "name": _("Name"),
        "company": _("Company"),
        "address1": _("Street"),
        "address2": _("Second line"),
        "postcode": _("Postcode"),
        "city": _("City"),
        "region": _("Region"),
        "country": _("Country (two letters)"),
    },
    _("Amounts"): {
        "currency": _("Currency"),
        "subtotal": _("Subtotal"),
        "shipping": _("Shipping"),
        "tax": _("Tax"),
        "discount": _("Discount"),
        "total": _("Total"),
    },
    _("Parcels"): {
        "parcels": _("The list of parcels"),
        "parcel.external_id": _("Id of a parcel"),
        "parcel.carrier": _("Carrier"),
        "parcel.tracking_number": _("Tracking number"),
        "parcel.tracking_url": _("Tracking link"),
        "parcel.shipped_at": _("Shipped at"),
    },
}
