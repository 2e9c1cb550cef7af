from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"

    def ready(self) -> None:
        from orders import facts, inbox, pulls  # noqa: F401  # declares facts and due work
