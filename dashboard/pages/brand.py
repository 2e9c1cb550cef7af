"""B15: what the shop looks like to its customers, with a live preview and the contrast in numbers."""

import re
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.access import Seat, merchant_view
from dashboard.settings_forms import MerchantForm, edit
from dashboard.settings_pages import settings_page
from merchants.brand import LARGEST_RADIUS, Check, checks, make_brand, preview_token
from merchants.commands import change_merchant
from merchants.models import Merchant
from merchants.permissions import Permission
from merchants.pictures import BadPicture, logo_from

_HEX = re.compile(r"#[0-9a-f]{6}")
_USES: dict[str, Promise] = {
    "button": gettext_lazy("Words on a button"),
    "text": gettext_lazy("Words and links"),
    "text_dark": gettext_lazy("Words and links, dark"),
    "mark": gettext_lazy("Lines and dots"),
    "mark_dark": gettext_lazy("Lines and dots, dark"),
}
_REFUSED: dict[str, Promise] = {
    "too_large": gettext_lazy("This file is larger than 1 MB."),
    "svg": gettext_lazy(
        "SVG files are not taken, because they can carry scripts. Export the logo as PNG, about 640 pixels wide."
    ),
    "unknown": gettext_lazy("This is not a PNG, JPEG or WebP picture."),
    "too_many_pixels": gettext_lazy("This picture has too many pixels. 640 × 240 is enough."),
    "broken": gettext_lazy("This picture is damaged and cannot be read."),
}


class BrandForm(MerchantForm):
    """Name, logo, colour and corners."""

    logo_file = forms.FileField(
        label=gettext_lazy("Logo"),
        required=False,
        help_text=gettext_lazy("PNG, JPEG or WebP, up to 1 MB. Without one your name is shown."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )
    remove_logo = forms.BooleanField(label=gettext_lazy("Remove the logo"), required=False)
    brand_color = forms.CharField(
        label=gettext_lazy("Brand colour"),
        max_length=9,
        help_text=gettext_lazy("As hex digits, like #0b6b53."),
        widget=forms.TextInput(attrs={"class": "short mono", "autocomplete": "off", "spellcheck": "false"}),
    )
    corner_radius = forms.TypedChoiceField(
        label=gettext_lazy("Corners"),
        coerce=int,
        choices=[
            (0, gettext_lazy("Square")),
            (8, gettext_lazy("A little round")),
            (14, gettext_lazy("Round")),
            (LARGEST_RADIUS, gettext_lazy("Very round")),
        ],
        widget=forms.RadioSelect,
    )

    class Meta(MerchantForm.Meta):
        fields = ("name", "brand_color", "corner_radius")
        labels = {"name": gettext_lazy("Name of the shop")}

    def clean_brand_color(self) -> str:
        color = read_color(self.cleaned_data["brand_color"])
        if color is None:
            raise forms.ValidationError(
                _("This is not a colour. Write # and six digits or letters a–f: #0b6b53.")
            )
        return color

    def clean_logo_file(self) -> bytes | None:
        upload = self.cleaned_data["logo_file"]
        if not isinstance(upload, UploadedFile):
            return None
        try:
            return logo_from(upload.read())
        except BadPicture as refused:
            raise forms.ValidationError(str(_REFUSED[refused.code])) from None

    def values(self) -> dict[str, Any]:
        logo = self.cleaned_data["logo_file"]
        if logo is None and not self.cleaned_data["remove_logo"]:
            return super().values()
        return {**super().values(), "logo": logo}


@dataclass(frozen=True)
class Row:
    """One line of the contrast check."""

    use: Promise
    check: Check

    @property
    def ratio(self) -> str:
        return f"{self.check.ratio:.1f}"

    @property
    def wished_ratio(self) -> str:
        return f"{self.check.wished_ratio:.1f}"

    @property
    def needed(self) -> str:
        return f"{self.check.needed:g}"


def read_color(text: str) -> str | None:
    """`#rrggbb` in lower case out of what people type: with or without #, three digits or six. None: no colour."""
    digits = text.strip().lower().removeprefix("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    return f"#{digits}" if _HEX.fullmatch(f"#{digits}") else None


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_view(needs=Permission.SETTINGS)
def brand(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The form. Its button "Preview" shows what was typed without saving it."""
    if request.method == "POST" and "preview" in request.POST:
        form = BrandForm(request.POST, merchant=seat.merchant)
        form.is_valid()
        context = {"form": form, "is_preview": True, **_look(seat.merchant, form)}
        return settings_page(request, seat, "brand", "dashboard/settings/brand.html", context)
    return edit(request, seat, "brand", BrandForm, around=lambda form: _look(seat.merchant, form))


@require_safe
@merchant_view(needs=Permission.SETTINGS)
def brand_preview(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The preview and the check for a colour and corners that are being chosen (a fragment)."""
    form = BrandForm(request.GET, merchant=seat.merchant)
    return render(request, "dashboard/settings/brand.html#look", {"form": form, **_look(seat.merchant, form)})


@require_POST
@merchant_view(needs=Permission.SETTINGS)
def reset_brand(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Colour and corners as they were on the first day. Name and logo stay."""
    new = Merchant()
    change_merchant(
        seat.merchant, "settings.brand", brand_color=new.brand_color, corner_radius=new.corner_radius
    )
    messages.success(request, _("Colour and corners are the default ones again."))
    return redirect(reverse("dashboard:brand", args=[seat.merchant.slug]))


def _look(merchant: Merchant, form: forms.Form | forms.ModelForm) -> dict[str, Any]:
    """The preview's addresses and the contrast of the colour that is typed, or of the saved one."""
    color = read_color(str(form["brand_color"].value() or "")) or merchant.brand_color.lower()
    radius = _radius(form["corner_radius"].value(), merchant.corner_radius)
    rows = [Row(_USES[check.use], check) for check in checks(make_brand(color, radius))]
    return {
        "color": color,
        "rows": rows,
        "is_mended": any(row.check.is_mended for row in rows),
        "previews": [
            {
                "scheme": scheme,
                "words": words,
                "url": f"/p/{merchant.slug}/preview/"
                f"{preview_token(merchant, color=color, radius=radius, scheme=scheme)}/",
            }
            for scheme, words in (("light", _("Light")), ("dark", _("Dark")))
        ],
    }


def _radius(typed: Any, saved: int) -> int:
    try:
        return min(max(int(typed), 0), LARGEST_RADIUS)
    except (TypeError, ValueError):
        return saved
