"""A portal remembers its shop for a moment."""

from typing import Any

import pytest

from merchants.models import Merchant
from portal import site


@pytest.fixture(autouse=True)
def _remembering(settings: Any) -> None:
    settings.PORTAL_SECONDS = 3600.0  # until a test says that the time is over
    site._remembered.cache_clear()


def test_a_shop_is_asked_for_once_and_its_changes_hold_when_the_moment_is_over(
    merchant: Merchant, django_assert_num_queries: Any, settings: Any
) -> None:
    with django_assert_num_queries(1):
        names = {getattr(site.find_merchant(slug="nordwind"), "name", None) for _ in range(3)}
    assert names == {merchant.name}
    Merchant.objects.filter(pk=merchant.pk).update(name="Südwind")
    settings.PORTAL_SECONDS = 0.0001
    assert getattr(site.find_merchant(slug="nordwind"), "name", None) == "Südwind"


def test_each_request_has_an_object_of_its_own(merchant: Merchant) -> None:
    first, second = (site.find_merchant(pk=merchant.pk) for _ in range(2))
    assert first is not None
    assert second is not None
    first.name = "changed and never saved"
    assert second.name == merchant.name


def test_a_shop_that_is_not_there_is_not(db: None) -> None:
    assert site.find_merchant(slug="nobody") is None
