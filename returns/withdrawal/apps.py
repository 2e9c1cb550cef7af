from django.apps import AppConfig


class WithdrawalConfig(AppConfig):
    name = "returns.withdrawal"
    label = "withdrawal"

    def ready(self) -> None:
        from returns.withdrawal import facts, subscribers  # noqa: F401  # declares them
