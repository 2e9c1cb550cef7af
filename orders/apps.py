from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"

    def ready(self) -> None:
        from orders import facts, housekeeping, inbox, pulls  # noqa: F401  # declares facts and due work
