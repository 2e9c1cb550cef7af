"""The columns that a CSV may have: what each one becomes, and under which names the well-known exports carry it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from imports.models import Kind

TEXT, AMOUNT, NUMBER, MOMENT, DAY, FLAG, COUNTRY, CURRENCY, EMAIL, LIST, CODE = (
    "text", "amount", "number", "moment", "day", "flag", "country", "currency", "email", "list", "code",
)  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One thing that a column can mean.

    key: its place in the API's body; `lines[].sku` is one of each line. names: headers of other exports, without
    signs and in lower case, best first.
    """

    key: str
    label: str | Promise
    type: str = TEXT
    names: tuple[str, ...] = ()
    required: bool = False

    @property
    def of_line(self) -> bool:
        """Whether each of the record's rows has its own."""
        return "[]." in self.key


def _of(*entries: tuple[str, str | Promise, str, str]) -> tuple[Field, ...]:
    return tuple(
        Field(key.rstrip("*"), label, kind, tuple(names.split()), key.endswith("*"))
        for key, label, kind, names in entries
    )


_ORDERS = _of(
    ("external_id*", _("Order ID"), TEXT, "orderid id externalid bestellid"),
    ("number", _("Order number"), TEXT, "ordernumber ordername name number bestellnummer auftragsnummer"),
    ("placed_at", _("Placed at"), MOMENT,
     "createdat orderdate datecreated placedat date bestelldatum datum paidat"),
    ("cancelled_at", _("Cancelled at"), MOMENT, "cancelledat canceledat"),
    ("currency", _("Currency"), CURRENCY, "currency ordercurrency waehrung währung"),
    ("customer.email", _("E-mail"), EMAIL,
     "email customeremail billingemail billingemailaddress emailbilling e-mail emailadresse"),
    ("customer.external_id", _("Customer ID"), TEXT, "customerid customeruserid kundennummer"),
    ("customer.first_name", _("First name"), TEXT,
     "customerfirstname billingfirstname firstnamebilling firstname vorname"),
    ("customer.last_name", _("Last name"), TEXT,
     "customerlastname billinglastname lastnamebilling lastname nachname"),
    ("customer.phone", _("Phone"), CODE, "phone customerphone billingphone phonebilling shippingphone telefon"),
    ("customer.locale", _("Language"), TEXT, "locale language sprache"),
    ("customer.sms_consent", _("May be sent text messages"), FLAG, "smsconsent"),
    ("shipping_address.name", _("Recipient"), TEXT, "shippingname recipient empfänger"),
    ("shipping_address.company", _("Company"), TEXT, "shippingcompany companyshipping firma"),
    ("shipping_address.address1", _("Street"), TEXT,
     "shippingaddress1 shippingstreet address12shipping shippingaddress strasse straße address1"),
    ("shipping_address.address2", _("Second address line"), TEXT, "shippingaddress2 address2"),
    ("shipping_address.city", _("City"), TEXT, "shippingcity cityshipping city ort stadt"),
    ("shipping_address.region", _("Region"), TEXT, "shippingprovince shippingstate statecodeshipping region"),
    ("shipping_address.postcode", _("Postcode"), CODE,
     "shippingzip shippingpostcode postcodeshipping postcode zip plz postleitzahl"),
    ("shipping_address.country", _("Country"), COUNTRY,
     "shippingcountry shippingcountrycode countrycodeshipping country land"),
    ("subtotal", _("Subtotal"), AMOUNT, "subtotal ordersubtotal ordersubtotalamount zwischensumme"),
    ("shipping", _("Shipping cost"), AMOUNT, "shipping shippingtotal ordershippingamount shippingcost versandkosten"),
    ("tax", _("Tax"), AMOUNT, "taxes tax taxtotal ordertotaltaxamount mwst steuer"),
    ("discount", _("Discount"), AMOUNT, "discountamount discount discounttotal cartdiscountamount rabatt"),
    ("total", _("Total"), AMOUNT, "total ordertotal ordertotalamount gesamt gesamtsumme gesamtbetrag"),
    ("delivery.earliest", _("Promised from"), DAY, "promisedfrom"),
    ("delivery.latest", _("Promised until"), DAY, "promisedto"),
    ("lines[].external_id", _("Line ID"), TEXT, "lineid lineitemid orderitemid"),
    ("lines[].title*", _("Product"), TEXT,
     "lineitemname itemname productname lineitemtitle producttitle artikelname artikel bezeichnung"),
    ("lines[].variant", _("Variant"), TEXT, "variant varianttitle productvariation variante"),
    ("lines[].sku", _("SKU"), TEXT, "lineitemsku itemsku productsku sku artikelnummer"),
    ("lines[].quantity", _("Quantity"), NUMBER, "lineitemquantity itemquantity quantity qty menge anzahl"),
    ("lines[].unit_price", _("Unit price"), AMOUNT,
     "lineitemprice itemprice itemcost unitprice price preis einzelpreis"),
    ("lines[].image_url", _("Picture"), TEXT, "lineitemimage imageurl image"),
    ("lines[].requires_shipping", _("Has to be shipped"), FLAG, "lineitemrequiresshipping requiresshipping"),
)  # fmt: skip

_SHIPMENTS = _of(
    ("order_external_id", _("Order ID"), TEXT, "orderid orderexternalid bestellid"),
    ("order_number", _("Order number"), TEXT, "ordernumber ordername name order number bestellnummer"),
    ("external_id", _("Shipment ID"), TEXT, "shipmentid fulfillmentid externalid id"),
    ("carrier", _("Carrier"), TEXT,
     "carrier trackingcompany courier shippingcarrier couriername trackingprovider versanddienst"),
    ("tracking_number", _("Tracking number"), TEXT, "trackingnumber trackingno tracking sendungsnummer"),
    ("tracking_url", _("Tracking link"), TEXT, "trackingurl trackinglink"),
    ("service", _("Service"), TEXT, "service shippingmethod"),
    ("shipped_at", _("Shipped at"), MOMENT, "shippedat dateshipped fulfilledat shipdate versanddatum"),
    ("delivered_at", _("Delivered at"), MOMENT, "deliveredat deliverydate zugestelltam"),
    ("lines[].line", _("Line ID"), TEXT, "lineid lineexternalid"),
    ("lines[].quantity", _("Quantity"), NUMBER, "linequantity quantity menge"),
)  # fmt: skip

_CUSTOMERS = _of(
    ("email", _("E-mail"), EMAIL, "email customeremail billingemail emailadresse"),
    ("external_id", _("Customer ID"), TEXT, "customerid id userid externalid kundennummer"),
    ("first_name", _("First name"), TEXT, "firstname billingfirstname vorname"),
    ("last_name", _("Last name"), TEXT, "lastname billinglastname nachname"),
    ("phone", _("Phone"), CODE, "phone defaultaddressphone billingphone telefon"),
    ("locale", _("Language"), TEXT, "locale language sprache"),
    ("birthday", _("Birthday"), DAY, "birthday birthdate dateofbirth dob geburtstag geburtsdatum"),
    ("tags", _("Tags"), LIST, "tags"),
)  # fmt: skip

_PRODUCTS = _of(
    ("external_id*", _("Product ID"), TEXT, "productid id externalid handle"),
    ("title*", _("Product"), TEXT, "title name productname bezeichnung"),
    ("handle", _("Handle"), TEXT, "handle slug urlhandle"),
    ("url", _("Address"), TEXT, "url permalink producturl"),
    ("image_url", _("Picture"), TEXT, "imagesrc productimageurl images image imageurl"),
    ("product_type", _("Type"), TEXT, "type producttype productcategory categories kategorie"),
    ("tags", _("Tags"), LIST, "tags"),
    ("status", _("Status"), TEXT, "status"),
    ("variants[].external_id", _("Variant ID"), TEXT, "variantid variantexternalid"),
    ("variants[].sku", _("SKU"), TEXT, "variantsku sku artikelnummer"),
    ("variants[].title", _("Variant"), TEXT, "varianttitle option1value variant"),
    ("variants[].price", _("Price"), AMOUNT, "variantprice price regularprice preis"),
    ("variants[].currency", _("Currency"), CURRENCY, "currency waehrung währung"),
    ("variants[].inventory_quantity", _("In stock"), NUMBER,
     "variantinventoryqty inventoryquantity stock bestand"),
    ("variants[].image_url", _("Picture of the variant"), TEXT, "variantimage variantimageurl"),
)  # fmt: skip

FIELDS: dict[str, tuple[Field, ...]] = {
    Kind.ORDERS: _ORDERS,
    Kind.SHIPMENTS: _SHIPMENTS,
    Kind.CUSTOMERS: _CUSTOMERS,
    Kind.PRODUCTS: _PRODUCTS,
}
# The column whose repetition says that a row belongs to the record before it. None: each row is a record.
GROUPED_BY: dict[str, tuple[str, ...]] = {
    Kind.ORDERS: ("external_id", "number"),
    Kind.SHIPMENTS: ("external_id", "tracking_number"),
    Kind.CUSTOMERS: (),
    Kind.PRODUCTS: ("external_id",),
}
_SIGNS = re.compile(r"[\W_]+")


def suggest(kind: str, headers: Sequence[str]) -> dict[str, str]:
    """Field → header, for the headers that are known. Our own export carries the keys themselves."""
    by_name: dict[str, str] = {}
    for header in headers:
        by_name.setdefault(_SIGNS.sub("", header.casefold()), header)
    taken: set[str] = set()
    mapping: dict[str, str] = {}
    for field in FIELDS[kind]:
        own = field.key if field.key in headers else None
        found = own or next(
            (by_name[n] for n in field.names if n in by_name and by_name[n] not in taken), None
        )
        if found and found not in taken:
            mapping[field.key] = found
            taken.add(found)
    return mapping


def missing(kind: str, mapping: Mapping[str, str]) -> list[Field]:
    """Required fields that no column was mapped to."""
    return [field for field in FIELDS[kind] if field.required and not mapping.get(field.key)]


def keys(kind: str) -> Iterable[str]:
    """Keys of all fields of a kind."""
    return (field.key for field in FIELDS[kind])
