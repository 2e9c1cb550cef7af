from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "notifications.campaigns"
    label = "campaigns"

    def ready(self) -> None:
        from notifications.campaigns import queries, tasks  # noqa: F401  # declare due work and what uses segments
