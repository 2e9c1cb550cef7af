from django.apps import AppConfig


class PolicyConfig(AppConfig):
    name = "returns.policy"
    label = "policy"

    def ready(self) -> None:
        from returns.policy import subscribers  # noqa: F401  # Read when there are facts to read.
