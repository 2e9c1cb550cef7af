"""Where the pages of flows are, and the flow that an address names."""

from django.http import Http404
from django.urls import reverse

from dashboard.access import Seat, id_or_404
from notifications.flows.models import Flow


def url(seat: Seat, name: str, *ids: str) -> str:
    """A page of this merchant's flows."""
    return reverse(f"dashboard:{name}", args=[seat.merchant.slug, *ids])


def get_flow(flow_id: str) -> Flow:
    """A flow of the open scope, deleted ones left out. Raises Http404."""
    found: Flow | None = Flow.objects.filter(pk=id_or_404("flow", flow_id), deleted_at__isnull=True).first()
    if found is None:
        raise Http404
    return found
