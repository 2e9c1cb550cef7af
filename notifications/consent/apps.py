from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "notifications.consent"
    label = "consent"

    def ready(self) -> None:
        from notifications.consent import facts, subscribers  # noqa: F401  # declares them
