from django.apps import AppConfig


class PolicyConfig(AppConfig):
    name = "returns.policy"
    label = "policy"
