from django.apps import AppConfig


class ClaimsConfig(AppConfig):
    name = "returns.claims"
    label = "claims"

    def ready(self) -> None:
        from returns.claims import facts, subscribers  # noqa: F401  # declares them
