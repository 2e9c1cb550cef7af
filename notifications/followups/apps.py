from django.apps import AppConfig


class FollowUpsConfig(AppConfig):
    name = "notifications.followups"
    label = "followups"

    def ready(self) -> None:
        from notifications.followups import subscribers, tasks  # noqa: F401  # declare a reader and due work
