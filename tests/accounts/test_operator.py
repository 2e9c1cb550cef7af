"""The operator's desk: off by default; on, it is for staff with a second factor and shows no shop's orders."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from accounts.operator import site
from merchants.models import AuditEntry, Membership, Merchant, MerchantModel
from merchants.scope import merchant_scope

PATHS = ("/admin/", "/admin/auth/user/", "/admin/merchants/merchant/", "/admin/merchants/membership/")
on = pytest.mark.urls("config.admin_urls")


def client_of(user: User, *, second_factor: bool = True) -> Client:
    client = Client()
    client.force_login(user)
    session = client.session
    session["second_factor"] = second_factor
    session.save()
    return client


@pytest.fixture
def operator(db: None) -> User:
    """Somebody who runs the installation and works for no shop."""
    return User.objects.create_superuser("root@host.test", "root@host.test", "lighthouse-9-keeper")


@pytest.mark.parametrize("path", PATHS)
def test_there_is_no_such_page_by_default(path: str, operator: User) -> None:
    assert client_of(operator).get(path).status_code == 404


@on
@pytest.mark.parametrize("path", PATHS)
def test_nobody_is_sent_to_the_one_sign_in_page(path: str, db: None) -> None:
    answer = Client().get(path, follow=True)
    assert answer.redirect_chain[-1][0] == "/app/sign-in/?next=/admin/"


@on
@pytest.mark.parametrize("path", PATHS)
def test_a_shops_owner_finds_no_such_page(path: str, clara: User) -> None:
    assert client_of(clara).get(path, follow=True).status_code == 404


@on
@pytest.mark.parametrize("path", PATHS)
def test_staff_without_a_second_factor_is_asked_to_set_one_up(path: str, operator: User) -> None:
    answer = client_of(operator, second_factor=False).get(path, follow=True)
    assert answer.redirect_chain[-1][0] == "/app/account/"


@on
@pytest.mark.parametrize("path", PATHS)
def test_staff_with_a_second_factor_gets_in_under_a_policy_of_its_own(
    path: str, operator: User, clara: User
) -> None:
    client = client_of(operator)
    answer = client.get(path)
    assert answer.status_code == 200
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert "unsafe" not in client.get("/app/account/")["Content-Security-Policy"]


def test_no_shops_own_rows_are_registered() -> None:
    assert [model for model in site._registry if issubclass(model, MerchantModel)] == []


@on
def test_a_role_given_by_the_operator_stands_in_the_shops_audit_log(
    merchant: Merchant, ben: User, operator: User
) -> None:
    member = Membership.objects.get(user=ben)
    given = {"user": ben.pk, "merchant": str(merchant.pk), "role": "owner"}
    path = f"/admin/merchants/membership/{member.pk}/change/"
    assert client_of(operator).post(path, given).status_code == 302
    assert Membership.objects.get(user=ben).role == "owner"
    with merchant_scope(merchant):
        entry = AuditEntry.objects.latest("occurred_at")
    assert (entry.action, entry.actor) == ("team.changed_by_operator", "root@host.test")
    assert entry.changes == {"role": ["support", "owner"]}


@on
def test_somebody_who_is_locked_is_out_at_once(ben: User, operator: User) -> None:
    his = client_of(ben)
    assert his.get("/app/account/").status_code == 200
    path = f"/admin/auth/user/{ben.pk}/change/"
    assert client_of(operator).post(path, {"first_name": "Ben"}).status_code == 302
    assert not User.objects.get(pk=ben.pk).is_active
    assert his.get("/app/account/").status_code == 302


@on
def test_passwords_are_not_changed_here(ben: User, operator: User) -> None:
    client: Any = client_of(operator)
    assert client.get(f"/admin/auth/user/{ben.pk}/password/").status_code == 404
    assert client.get("/admin/auth/user/add/").status_code == 403
