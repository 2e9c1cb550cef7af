"""Content negotiation of the REST API: there is one representation, so any `Accept` header gets it."""

from collections.abc import Iterable, Sequence

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class OnlyJSON(BaseContentNegotiation):
    """JSON in, JSON out."""

    def select_parser(self, request: Request, parsers: Sequence) -> None:  # type: ignore[override]
        return None  # Bodies are decoded by `ApiView.body`.

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)
