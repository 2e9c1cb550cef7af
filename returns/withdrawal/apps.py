from django.apps import AppConfig


class WithdrawalConfig(AppConfig):
    name = "returns.withdrawal"
    label = "withdrawal"
