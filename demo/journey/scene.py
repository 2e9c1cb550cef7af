"""One shopper and one order of theirs: what a story does with them, in its language."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from django.utils import timezone

from demo.seed.catalogue import PRODUCTS
from demo.seed.people import Shopper, make_shopper
from demo.seed.plan import FIRST_NUMBER
from merchants.models import Merchant
from merchants.scope import merchant_scope
from notifications.choices import Channel
from notifications.consent import commands as consent
from notifications.consent.choices import EVERYTHING, Basis
from notifications.consent.commands import Said
from notifications.holdout import is_held_out, percent_of
from notifications.switches import switches
from notifications.touchpoints import TOUCHPOINTS
from orders.commands import place_order
from orders.customers import put_customer
from orders.models import Customer, Order
from orders.schemas import AddressIn, CustomerIn, LineIn, OrderIn, PromiseIn
from tracking.commands import put_shipment, record_scans
from tracking.models import Shipment
from tracking.schemas import ScanIn, ShipmentIn, WindowIn
from tracking.statuses import Status

_PRODUCTS = {product.sku: product for product in PRODUCTS}
# SKU, variant, quantity.
Basket = tuple[tuple[str, int, int], ...]
SWEATER: Basket = (("FJ-SW-P", 1, 1),)
MUGS: Basket = (("HA-MU-B", 0, 2), ("TK-RE", 0, 1))


FLOW = "flow"


@dataclass(frozen=True)
class Call:
    """A story calls on the workers. awaited: the touchpoint, or `FLOW`, whose time it waits for."""

    awaited: str = ""


Story = Callable[["Scene"], Iterator[Call]]
NEXT = Call()


class Scene:
    """What a story acts with. Nothing is stored before the first act."""

    def __init__(self, merchant: Merchant, german: bool, numbers: Iterator[int]) -> None:
        self.merchant, self.german = merchant, german
        self._numbers = numbers
        self._shopper: Shopper | None = None
        self._customer: Customer | None = None
        self._order: Order | None = None
        self._about = ""

    # --- people ---

    def says(self, english: str, german: str) -> str:
        """What is written, in the story's language."""
        return german if self.german else english

    @property
    def customer_id(self) -> UUID | None:
        """The story's customer, once it has one."""
        return self._customer.id if self._customer else None

    @property
    def shopper(self) -> Shopper:
        """The story's person: they confirmed that they want to hear from the shop."""
        return self._found()[0]

    @property
    def customer(self) -> Customer:
        return self._found()[1]

    def hears_of(self, touchpoint: str) -> None:
        """What the story is about: its person is one whom chance does not leave out of it. Said first."""
        self._about = touchpoint

    def _found(self) -> tuple[Shopper, Customer]:
        while self._shopper is None or self._customer is None:
            number = next(self._numbers)
            shopper = make_shopper(Random(number), number, german=self.german)  # noqa: S311
            body = CustomerIn(
                external_id=f"c-{number}", email=shopper.email, first_name=shopper.first_name,
                last_name=shopper.last_name, locale=shopper.locale,
            )  # fmt: skip
            customer, _ = put_customer(self.merchant, body)
            if self._is_left_out(customer):
                continue
            said = Said("double_opt_in", country=shopper.country, locale=shopper.locale)
            consent.give(
                self.merchant, Channel.EMAIL, shopper.email, EVERYTHING, said, basis=Basis.DOUBLE_OPT_IN
            )
            self._shopper, self._customer = shopper, customer
        return self._shopper, self._customer

    def _is_left_out(self, customer: Customer) -> bool:
        if not self._about:
            return False
        with merchant_scope(self.merchant):
            how = switches([self._about])[self._about]
        percent = percent_of(TOUCHPOINTS[self._about].message_class, how.holdout)
        return is_held_out(self._about, customer, percent)

    # --- the shop ---

    def place(
        self, basket: Basket = MUGS, *, days_ago: float = 0, notify: bool = True, quantity: int = 0,
        promise: tuple[int, int] | None = None, name: str = "",
    ) -> Order:  # fmt: skip
        """Place the order, or change it: `quantity` of its first product. promise: in so many days from now."""
        shopper, german, now = self.shopper, self.german, timezone.now()
        name = name or f"story-{shopper.number}"
        with merchant_scope(self.merchant):
            known = Order.objects.filter(external_id=name).first()
            number = known.number if known else f"#{FIRST_NUMBER + Order.objects.count()}"
        lines = []
        for place, (sku, variant, pieces) in enumerate(basket, start=1):
            product = _PRODUCTS[sku]
            lines.append(
                LineIn(
                    external_id=str(place), sku=product.sku_of(variant), title=product.title(german),
                    variant=product.variants[variant][german], unit_price=product.price,
                    quantity=quantity if quantity and place == 1 else pieces, image_url=product.image_url,
                )
            )  # fmt: skip
        placed_at = known.placed_at if known else now - timedelta(days=days_ago)
        placed = place_order(
            self.merchant,
            OrderIn(
                external_id=name, number=number, currency="EUR", lines=lines, shipping=Decimal("4.90"),
                placed_at=placed_at, notify=notify,
                customer=CustomerIn(
                    external_id=f"c-{shopper.number}", email=shopper.email, first_name=shopper.first_name,
                    last_name=shopper.last_name, locale=shopper.locale,
                ),
                shipping_address=AddressIn(
                    name=f"{shopper.first_name} {shopper.last_name}", address1=shopper.street, city=shopper.city,
                    postcode=shopper.postcode, country=shopper.country,
                ),
                delivery=PromiseIn(*(now.date() + timedelta(days=days) for days in promise)) if promise else None,
            ),
        )  # fmt: skip
        with merchant_scope(self.merchant):
            self._order = Order.objects.prefetch_related("lines").get(pk=placed.order_id)
        return self._order

    def ship(self, *, days_ago: float = 0, arrives_in: float = 2) -> None:
        """Hand the parcel over, or say anew when it arrives (in so many days from now)."""
        now = timezone.now()
        day = datetime.combine((now + timedelta(days=arrives_in)).date(), time(), UTC)
        window = WindowIn(earliest=day + timedelta(hours=8), latest=day + timedelta(hours=16))
        parcel = ShipmentIn(
            order_external_id=self.order.external_id, external_id="1", carrier="dhl", tracking_number=self._parcel(),
            shipped_at=now - timedelta(days=days_ago), delivery=window,
        )  # fmt: skip
        put_shipment(self.merchant, parcel)

    def scan(self, status: Status, substatus: str = "", description: str = "") -> None:
        """The carrier reports something where the order goes."""
        shopper = self.shopper
        scan = ScanIn(
            tracking_number=self._parcel(), carrier="dhl", status=status, substatus=substatus, description=description,
            occurred_at=timezone.now(), city=shopper.city, postcode=shopper.postcode, country=shopper.country,
        )  # fmt: skip
        record_scans(self.merchant, [scan])

    def receives(self, basket: Basket = MUGS) -> Iterator[Call]:
        """Some days ago ordered, yesterday shipped, just delivered: what most stories begin with."""
        self.place(basket, days_ago=3, notify=False)
        self.ship(days_ago=1, arrives_in=0)
        yield NEXT
        self.scan(Status.DELIVERED, "delivered.recipient")
        yield NEXT

    @property
    def order(self) -> Order:
        """The story's order."""
        assert self._order is not None, "nothing was ordered yet"
        return self._order

    @property
    def parcel(self) -> Shipment:
        """The order's parcel."""
        with merchant_scope(self.merchant):
            return Shipment.objects.get(order=self.order, external_id="1")

    def line(self, place: int = 1) -> UUID:
        """One of the order's lines."""
        return next(line.id for line in self.order.lines.all() if line.external_id == str(place))

    def _parcel(self) -> str:
        return f"00340434{self.shopper.number:012}"
