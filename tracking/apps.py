from django.apps import AppConfig


class TrackingConfig(AppConfig):
    name = "tracking"

    def ready(self) -> None:
        from tracking import facts, subscribers  # noqa: F401  # declares them
        from tracking.pushes import subscribing  # noqa: F401
        from tracking.watch import facts as watch_facts  # noqa: F401
        from tracking.watch import subscribers as watch_subscribers  # noqa: F401
