from django.apps import AppConfig


class PushConfig(AppConfig):
    name = "notifications.push"
    label = "push"

    def ready(self) -> None:
        from notifications.push import facts  # noqa: F401  # declares them
