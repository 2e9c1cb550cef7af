"""What the installation under test has beside the product."""

from django.apps import AppConfig

# While a test holds this advisory lock, the reader waits at every order whose external id begins with "wait".
BARRIER = 4242


class LiveConfig(AppConfig):
    name = "tests.live"
    label = "live"

    def ready(self) -> None:
        from tests.live import readers  # noqa: F401
