"""The operator's desk at /admin/: Django's own admin, for people of the installation and not of a shop.

Off unless AFTERWARD_ADMIN says otherwise. For staff who signed in with a second factor, and for nobody else: to
everybody else there is no such page. It shows people, shops and who works where; shops' orders are not in it.
"""

from collections.abc import Callable
from typing import Any

from csp.decorators import csp_replace
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts import sessions
from merchants import audit
from merchants.models import Membership, Merchant
from merchants.scope import merchant_scope

# Its pages style themselves with attributes. No script but its own files.
_POLICY = {
    "style-src": ["'self'", "'unsafe-inline'"],
    "script-src": ["'self'"],
    "frame-ancestors": ["'none'"],
}


class OperatorSite(AdminSite):
    """Signs nobody in by itself: that is the dashboard's sign-in page, with its throttle and its second step."""

    site_header = site_title = "Afterward"
    index_title = "Installation"
    site_url = "/app/"

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff whose session has a second factor."""
        return _is_staff(request) and sessions.has_second_factor(request)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Nobody: to the sign-in page. Staff without a second factor: to where one is set up. Others: 404."""
        if not request.user.is_authenticated:
            return redirect(f"{reverse('dashboard:sign_in')}?next={self._start()}")
        if self.has_permission(request):
            return redirect(self._start())
        if _is_staff(request):
            return redirect("dashboard:account")
        raise Http404

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """Every page of it, under its own Content-Security-Policy."""
        return csp_replace(_POLICY)(super().admin_view(view, cacheable))

    def _start(self) -> str:
        return reverse("admin:index", current_app=self.name)


def _is_staff(request: HttpRequest) -> bool:
    return bool(request.user.is_active and getattr(request.user, "is_staff", False))


class PeopleAdmin(UserAdmin):
    """People: lock an account, make somebody staff. Passwords are changed by their owners only."""

    list_display = ("username", "first_name", "is_active", "is_staff", "last_login")
    fieldsets = (
        (None, {"fields": ("username", "first_name", "email", "is_active", "is_staff", "is_superuser")}),
    )
    readonly_fields = ("username", "email")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People come by invitation."""
        return False

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        raise Http404

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Whoever is locked out, or is staff no more, is out at once."""
        super().save_model(request, obj, form, change)
        if not obj.is_active or "is_staff" in form.changed_data:
            sessions.end_all(obj, but=request.session.session_key)


class MerchantAdmin(ModelAdmin):
    """Shops, to look at: what is set is set in the shop's own dashboard."""

    list_display = ("slug", "name", "country", "created_at")
    search_fields = ("slug", "name")
    fields = readonly_fields = ("slug", "name", "legal_name", "country", "currency", "locale", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MembershipAdmin(ModelAdmin):
    """Who works where: for the day a shop has lost its owner. The shop's audit log says that it was the operator."""

    list_display = ("user", "merchant", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "merchant")
    raw_id_fields = ("user", "merchant")

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        self._note(request, obj, {"role": [form.initial.get("role"), obj.role]})

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        self._note(request, obj, {"role": [obj.role, None]})
        super().delete_model(request, obj)

    def get_actions(self, request: HttpRequest) -> Any:
        """One at a time, so that each is noted."""
        return {}

    def _note(self, request: HttpRequest, obj: Membership, changes: dict[str, list[Any]]) -> None:
        assert isinstance(request.user, User)
        with merchant_scope(obj.merchant), audit.acting_as(audit.person(request.user)):
            audit.record_change("team.changed_by_operator", f"mem_{obj.pk}", obj.user.username, changes)


site = OperatorSite(name="admin")
site.register(User, PeopleAdmin)
site.register(Merchant, MerchantAdmin)
site.register(Membership, MembershipAdmin)
