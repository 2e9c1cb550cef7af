from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    name = "orders.segments"
    label = "segments"

    def ready(self) -> None:
        from orders.segments import subscribers  # noqa: F401  # declares its reader
