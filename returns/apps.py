from django.apps import AppConfig


class ReturnsConfig(AppConfig):
    name = "returns"

    def ready(self) -> None:
        from returns import exchange_facts, facts, subscribers, tasks  # noqa: F401  # declares them
