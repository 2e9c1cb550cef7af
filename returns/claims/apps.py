from django.apps import AppConfig


class ClaimsConfig(AppConfig):
    name = "returns.claims"
    label = "claims"
