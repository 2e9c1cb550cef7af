from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "analytics"

    def ready(self) -> None:
        from analytics import subscribers  # noqa: F401  # declares them
        from analytics.lift import maturing  # noqa: F401
        from analytics.lift import subscribers as lift  # noqa: F401
        from analytics.scorecards import subscribers as scorecards  # noqa: F401
