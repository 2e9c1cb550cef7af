from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "analytics"

    def ready(self) -> None:
        from analytics import subscribers  # noqa: F401  # declares them
        from analytics.scorecards import subscribers as scorecards  # noqa: F401
