from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"

    def ready(self) -> None:
        from notifications import about_withdrawals, facts, subscribers  # noqa: F401  # declares them
        from notifications.flows import facts as flow_facts  # noqa: F401
        from notifications.flows import reader  # noqa: F401
