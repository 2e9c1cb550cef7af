"""B15: the delivery promise: when an order leaves the house, how long it is on its way, and what that means today."""

from copy import copy
from operator import itemgetter
from typing import Any

from babel import Locale
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from dashboard import formats
from dashboard.access import Seat, merchant_view
from dashboard.settings_forms import MerchantForm, edit
from merchants.models import Merchant
from merchants.permissions import Permission
from tracking.regions import regions_of
from tracking.windows import Zone, by_rule

_FEWEST_ROWS = 3
MOST_DAYS = 90
_EU = "AT,BE,BG,CY,CZ,DE,DK,EE,ES,FI,FR,GR,HR,HU,IE,IT,LT,LU,LV,MT,NL,PL,PT,RO,SE,SI,SK"
_WEEKDAYS = [
    (0, gettext_lazy("Monday")), (1, gettext_lazy("Tuesday")), (2, gettext_lazy("Wednesday")),
    (3, gettext_lazy("Thursday")), (4, gettext_lazy("Friday")), (5, gettext_lazy("Saturday")),
    (6, gettext_lazy("Sunday")),
]  # fmt: skip


def _days(label: Any, *, least: int = 0, required: bool = True) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=least, max_value=MOST_DAYS, required=required)


class DeliveryForm(MerchantForm):
    """The rule. Groups of countries are rows of three fields each, `zone_0_countries`, `zone_0_min`, `zone_0_max` …"""

    order_cutoff = forms.TimeField(
        label=gettext_lazy("Orders until"),
        required=False,
        help_text=gettext_lazy(
            "leave your house as planned, later ones a working day after. Empty: no cut-off."
        ),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    processing_days = _days(gettext_lazy("Working days to pack an order"))
    working_days = forms.TypedMultipleChoiceField(
        label=gettext_lazy("You pack on"),
        choices=_WEEKDAYS,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one day.")},
    )
    keeps_holidays = forms.BooleanField(
        label=gettext_lazy("Public holidays are no working days"),
        required=False,
        help_text=gettext_lazy(
            "Your country's and your region's for packing. The destination's for delivery, with those of its region"
            " where the address or the postcode tells it."
        ),
    )
    region = forms.ChoiceField(
        label=gettext_lazy("Your region"),
        required=False,
        help_text=gettext_lazy("Where you pack. It has public holidays of its own."),
    )
    transit_days_min = _days(gettext_lazy("At least"))
    transit_days_max = _days(gettext_lazy("At most"))

    shares_delivery_times = forms.BooleanField(
        label=gettext_lazy("Learn delivery times together with the other shops here"),
        required=False,
        help_text=gettext_lazy(
            "When parcels will be there is learned from those that were delivered: from yours only, or, if you agree,"
            " from those of all shops of this installation that agree too. They learn from yours how long parcels take"
            " from country to postcode area, and nothing about who bought what."
        ),
    )

    class Meta(MerchantForm.Meta):
        fields = (
            "order_cutoff", "processing_days", "working_days", "keeps_holidays", "region",
            "transit_days_min", "transit_days_max", "shares_delivery_times",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        regions = sorted(regions_of(self.merchant.country).items(), key=itemgetter(1))
        self.fields["region"].choices = [("", _("None: national holidays only")), *regions]  # type: ignore[attr-defined]
        stored = [Zone.read(text) for text in self.merchant.transit_zones]
        for place in range(max(_FEWEST_ROWS, len(stored) + 2)):
            zone = stored[place] if place < len(stored) else None
            self._add_row(f"zone_{place}", zone)

    def _add_row(self, name: str, zone: Zone | None) -> None:
        self.fields[f"{name}_countries"] = forms.CharField(
            label=_("Countries"),
            max_length=900,
            required=False,
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )
        self.fields[f"{name}_min"] = _days(_("At least"), required=False)
        self.fields[f"{name}_max"] = _days(_("At most"), required=False)
        if zone is not None:
            self.initial[f"{name}_countries"] = ", ".join(zone.countries)
            self.initial[f"{name}_min"], self.initial[f"{name}_max"] = zone.shortest, zone.longest

    @property
    def zones(self) -> list[tuple[forms.BoundField, ...]]:
        """The rows, for the template."""
        names = [name[: -len("_countries")] for name in self.fields if name.endswith("_countries")]
        return [(self[f"{name}_countries"], self[f"{name}_min"], self[f"{name}_max"]) for name in names]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self._check_order("transit_days_min", "transit_days_max")
        taken: set[str] = set()
        cleaned["transit_zones"] = [
            str(zone) for countries, _low, _high in self.zones if (zone := self._zone(countries.name, taken))
        ]
        return cleaned

    def _zone(self, field: str, taken: set[str]) -> Zone | None:
        name = field.removesuffix("_countries")
        text = self.cleaned_data.get(field, "")
        low, high = self.cleaned_data.get(f"{name}_min"), self.cleaned_data.get(f"{name}_max")
        if not text and low is None and high is None:
            return None
        countries, unknown = read_countries(text)
        if unknown:
            self.add_error(field, _("We know no country “%(name)s”.") % {"name": unknown})
        elif not countries:
            self.add_error(field, _("Name the countries, separated by commas."))
        elif again := next((code for code in countries if code in taken), None):
            self.add_error(field, _("%(country)s is in two groups.") % {"country": again})
        for end, value in (("min", low), ("max", high)):
            if value is None and f"{name}_{end}" not in self.errors:
                self.add_error(f"{name}_{end}", _("How many working days?"))
        self._check_order(f"{name}_min", f"{name}_max")
        taken.update(countries)
        return (
            Zone(tuple(countries), low, high)
            if not self.errors and low is not None and high is not None
            else None
        )

    def _check_order(self, low: str, high: str) -> None:
        least, most = self.cleaned_data.get(low), self.cleaned_data.get(high)
        if least is not None and most is not None and least > most:
            self.add_error(high, _("This is less than “at least”."))

    def values(self) -> dict[str, Any]:
        return {**super().values(), "transit_zones": self.cleaned_data["transit_zones"]}


def read_countries(text: str) -> tuple[list[str], str]:
    """Codes of the countries in a text like `AT, Schweiz, EU`, and the first word that is no country, or ""."""
    english, own = Locale("en"), Locale.parse(formats.locale(), sep="-")
    names = {name.casefold(): code for locale in (english, own) for code, name in locale.territories.items()
             if len(code) == 2}  # fmt: skip
    codes: list[str] = []
    for word in (part.strip() for part in text.replace(";", ",").split(",")):
        code = word.upper() if len(word) == 2 else names.get(word.casefold(), "")
        if code == "EU":
            codes += _EU.split(",")
        elif code in english.territories:
            codes.append(code)
        elif word:
            return codes, word
    return list(dict.fromkeys(codes)), ""


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def delivery(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The form, and what it means for an order placed now."""
    return edit(request, seat, "delivery", DeliveryForm, around=lambda form: {"examples": examples(form)})


@require_safe
@merchant_view(needs=Permission.SETTINGS)
def delivery_example(request: HttpRequest, seat: Seat) -> HttpResponse:
    """What the rule that is being typed means for an order placed now (a fragment)."""
    form = DeliveryForm(request.GET, merchant=seat.merchant)
    form.is_valid()
    return render(request, "dashboard/settings/delivery.html#example", {"examples": examples(form)})


def examples(form: MerchantForm) -> list[dict[str, str]]:
    """Windows of an order placed now: at home, and to the first country of each group. Of what is right in the form."""
    merchant = form.instance if not form.is_bound else _as_typed(form)
    own = Locale.parse(formats.locale(), sep="-")
    zones = [Zone.read(text) for text in merchant.transit_zones]
    wanted = [merchant.country, *(zone.countries[0] for zone in zones)]
    now = timezone.now()
    found = []
    for country in dict.fromkeys(wanted):
        window = by_rule(merchant, placed_at=now, shipped_at=None, country=country)
        found.append(
            {
                "country": own.territories.get(country, country),
                "window": formats.window(window.start, window.end),
            }
        )
    return found


def _as_typed(form: MerchantForm) -> Merchant:
    """The merchant with those values of a form that are right; the saved ones instead of the others."""
    merchant = copy(form.merchant)
    for name, value in form.cleaned_data.items():
        if name in (*DeliveryForm.Meta.fields, "transit_zones"):
            setattr(merchant, name, value)
    return merchant
