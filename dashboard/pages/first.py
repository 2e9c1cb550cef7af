"""The first page of a fresh installation: its first shop and the shop's owner."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from merchants import first


class FirstForm(forms.Form):
    """A shop and a person."""

    name = forms.CharField(
        label=gettext_lazy("Name of the shop"),
        max_length=120,
        help_text=gettext_lazy("As shoppers know it."),
        widget=forms.TextInput(attrs={"autocomplete": "organization", "autofocus": True}),
    )
    slug = forms.SlugField(
        label=gettext_lazy("Address"),
        max_length=63,
        help_text=gettext_lazy("Part of every link: small letters, digits and hyphens."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    locale = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)
    email = forms.EmailField(
        label=gettext_lazy("Your e-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        label=gettext_lazy("A password"),
        max_length=1000,
        strip=False,
        help_text=gettext_lazy("10 characters or more."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"].lower()
        return slug

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def first_run(request: HttpRequest, token: str) -> HttpResponse:
    """The form. Not found for a link that was not printed here, is older than a day, or was used."""
    if not first.is_valid(token):
        raise Http404
    if request.method != "POST":
        return _show(request, FirstForm(initial={"locale": get_language() or "en"}))
    form = FirstForm(request.POST)
    if form.is_valid():
        try:
            membership = first.begin(**form.cleaned_data)
        except first.NotFirst:
            raise Http404 from None
        except ValidationError as error:
            _show_at_fields(form, error)
        else:
            login(request, membership.user)
            messages.success(request, _("Welcome. These are the next steps."))
            return redirect("dashboard:setup", membership.merchant.slug)
    return _show(request, form, status=422)


def _show(request: HttpRequest, form: FirstForm, *, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {"form": form}
    return render(request, "dashboard/first.html", context, status=status)


def _show_at_fields(form: FirstForm, error: ValidationError) -> None:
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, found in error.message_dict.items():
        for text in found:
            form.add_error(name if name in form.fields else None, text)
