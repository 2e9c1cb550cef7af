from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"

    def ready(self) -> None:
        from notifications import about_withdrawals, facts, subscribers  # noqa: F401  # declares them
