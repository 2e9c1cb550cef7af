"""Addresses of the shop's own settings, below /app/<slug>/settings/."""

from django.urls import path

from dashboard.pages import (
    brand,
    care,
    carriers,
    delivery,
    domains,
    keys,
    legal,
    message_rules,
    self_service,
    sender,
    setup,
    suppressions,
)

shop_settings = [
    path("setup/", setup.setup, name="setup"),
    path("setup/hide/", setup.hide_setup, name="hide_setup"),
    path("trial/", setup.trial_order, name="trial"),
    path("trial/<str:order_id>/", setup.trial_step, name="trial_step"),
    path("message_rules/", message_rules.message_rules, name="message_rules"),
    path("brand/", brand.brand, name="brand"),
    path("brand/preview/", brand.brand_preview, name="brand_preview"),
    path("brand/reset/", brand.reset_brand, name="reset_brand"),
    path("domains/", domains.domains, name="domains"),
    path("domains/<str:domain_id>/check/", domains.check_domain, name="check_domain"),
    path("domains/<str:domain_id>/remove/", domains.remove_domain, name="remove_domain"),
    path("legal/", legal.legal, name="legal"),
    path("delivery/", delivery.delivery, name="delivery"),
    path("self_service/", self_service.self_service, name="self_service"),
    path("delivery/example/", delivery.delivery_example, name="delivery_example"),
    path("sender/", sender.sender_page, name="sender"),
    path("sender/test/", sender.test_sender, name="test_sender"),
    path("sender/check/", sender.check_sender, name="check_sender"),
    path("care/", care.care, name="care"),
    path("care/<str:rule_id>/remove/", care.remove_care, name="remove_care"),
    path("suppressions/", suppressions.suppression_list, name="suppressions"),
    path("suppressions/<str:suppression_id>/lift/", suppressions.lift_suppression, name="lift_suppression"),
    path("carriers/", carriers.carriers, name="carriers"),
    path("carriers/<slug:carrier>/", carriers.carrier_account, name="carrier_account"),
    path("carriers/<slug:carrier>/test/", carriers.test_carrier, name="test_carrier"),
    path("carriers/<slug:carrier>/remove/", carriers.remove_carrier, name="remove_carrier"),
    path("keys/", keys.keys, name="keys"),
    path("keys/<str:key_id>/revoke/", keys.revoke_key, name="revoke_key"),
]
