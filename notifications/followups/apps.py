from django.apps import AppConfig


class FollowUpsConfig(AppConfig):
    name = "notifications.followups"
    label = "followups"

    def ready(self) -> None:
        from notifications.condition_context import declare_segments
        from notifications.followups import subscribers, tasks  # noqa: F401  # declare a reader and due work
        from orders.segments.queries import members

        declare_segments(members)
