from django.apps import AppConfig


class MoneyConfig(AppConfig):
    name = "returns.money"
    label = "money"

    def ready(self) -> None:
        from returns.money import facts, subscribers  # noqa: F401  # declares them
