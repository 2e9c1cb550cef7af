"""REST: campaigns."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from msgspec import Meta

from merchants.ids import parse_public_id, public_id
from merchants.rest.decode import aware
from merchants.rest.pages import Page, newest_first
from merchants.rest.parameters import PAGING
from merchants.rest.views import ApiView
from notifications.campaigns import commands
from notifications.campaigns.models import Campaign
from notifications.campaigns.queries import get_campaign, report

_READ, _WRITE = "messages:read", "messages:write"


class CampaignDraftIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A campaign as it is written. `words`: language → place (`subject`, `heading`, `lead`, `button` …) → text."""

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    segment: Annotated[
        str, Meta(min_length=1, max_length=40, description="`seg_…`, or a built-in one: `new`.")
    ]
    words: dict[str, dict[str, str]] = {}
    url: Annotated[
        str, Meta(max_length=1000, description="Where the button leads. Default: to the shop.")
    ] = ""
    starts_at: Annotated[datetime | None, Meta(description="Default: when it is scheduled.")] = None
    per_minute: Annotated[int, Meta(ge=1, le=60_000)] = 600


class CampaignOut(msgspec.Struct, kw_only=True):
    """A campaign. `state`: draft, scheduled, planning, sending, paused, cancelled or done."""

    id: str
    name: str
    segment: str
    words: dict[str, dict[str, str]]
    url: str
    state: str
    starts_at: datetime | None
    per_minute: int
    audience: int
    planned: int
    begun_at: datetime | None
    finished_at: datetime | None
    created_at: datetime


class CampaignReport(msgspec.Struct, kw_only=True):
    """What became of it. `orders`, `revenue`: of whoever got it, within 7 days after; in the shop's currency."""

    planned: int
    waiting: int
    sent: int
    failed: int
    skipped: dict[str, int]
    delivered: int
    undelivered: int
    complained: int
    opened: int
    clicked: int
    orders: int
    revenue: Decimal


class FullCampaignOut(CampaignOut, kw_only=True):
    """A campaign with its report."""

    report: CampaignReport


def show(row: Campaign) -> CampaignOut:
    """A campaign as the API lists it."""
    return CampaignOut(
        id=public_id("cmp", row.pk), name=row.name, segment=row.segment, words=row.words, url=row.url, state=row.state,
        starts_at=row.starts_at, per_minute=row.per_minute, audience=row.audience, planned=row.planned,
        begun_at=row.begun_at, finished_at=row.finished_at, created_at=row.created_at,
    )  # fmt: skip


class Campaigns(ApiView):
    """The merchant's campaigns."""

    scopes = {"GET": _READ, "POST": _WRITE}

    @extend_schema(operation_id="campaigns_list", parameters=[*PAGING], responses={200: Page[CampaignOut]})
    def get(self, request: HttpRequest) -> HttpResponse:
        """List campaigns, newest first."""
        return self.show(newest_first(Campaign.objects.all(), request.GET, show))

    @extend_schema(operation_id="campaigns_create", request=CampaignDraftIn, responses={201: CampaignOut})
    def post(self, request: HttpRequest) -> HttpResponse:
        """Write a campaign. Nothing goes out before it is scheduled."""
        return self.once("POST /campaigns", self._create)

    def _create(self) -> HttpResponse:
        return self.show(show(commands.save_campaign(self.merchant, _said(self.body(CampaignDraftIn)))), 201)


class OneCampaign(ApiView):
    """One campaign."""

    scopes = {"GET": _READ, "PATCH": _WRITE}

    @extend_schema(operation_id="campaigns_read", responses={200: FullCampaignOut})
    def get(self, request: HttpRequest, campaign_id: str) -> HttpResponse:
        """Read a campaign with what became of it so far."""
        row = get_campaign(parse_public_id("cmp", campaign_id))
        found = report(self.merchant, row)
        told = CampaignReport(**{name: getattr(found, name) for name in CampaignReport.__struct_fields__})
        return self.show(FullCampaignOut(**msgspec.structs.asdict(show(row)), report=told))

    @extend_schema(operation_id="campaigns_update", request=CampaignDraftIn, responses={200: CampaignOut})
    def patch(self, request: HttpRequest, campaign_id: str) -> HttpResponse:
        """Write a campaign anew that has not begun. What is left out takes its default."""
        return self.once(f"PATCH /campaigns/{campaign_id}", lambda: self._change(campaign_id))

    def _change(self, campaign_id: str) -> HttpResponse:
        row = get_campaign(parse_public_id("cmp", campaign_id))
        return self.show(
            show(commands.save_campaign(self.merchant, _said(self.body(CampaignDraftIn)), campaign_id=row.pk))
        )


class MoveCampaign(ApiView):
    """Letting a campaign go, hold, go on, and end."""

    scopes = {"POST": _WRITE}
    move = "schedule"

    @extend_schema(request=None, responses={200: CampaignOut})
    def post(self, request: HttpRequest, campaign_id: str) -> HttpResponse:
        """Move a campaign on."""
        return self.once(f"POST /campaigns/{campaign_id}/{self.move}", lambda: self._move(campaign_id))

    def _move(self, campaign_id: str) -> HttpResponse:
        do = {
            "schedule": commands.schedule, "pause": commands.pause, "resume": commands.resume,
            "cancel": commands.cancel,
        }[self.move]  # fmt: skip
        return self.show(show(do(self.merchant, parse_public_id("cmp", campaign_id))))


class ScheduleCampaign(MoveCampaign):
    """Letting it go."""

    @extend_schema(operation_id="campaigns_schedule", request=None, responses={200: CampaignOut})
    def post(self, request: HttpRequest, campaign_id: str) -> HttpResponse:
        """Let a draft go: at its time, or now. Consent, caps and quiet hours count for it as for every message."""
        return super().post(request, campaign_id)


class PauseCampaign(MoveCampaign):
    """Holding it."""

    move = "pause"

    @extend_schema(operation_id="campaigns_pause", request=None, responses={200: CampaignOut})
    def post(self, request: HttpRequest, campaign_id: str) -> HttpResponse:
        """Hold whatever has not gone out."""
        return super().post(request, campaign_id)


class ResumeCampaign(MoveCampaign):
    """Going on."""

    move = "resume"

    @extend_schema(operation_id="campaigns_resume", request=None, responses={200: CampaignOut})
    def post(self, request: HttpRequest, campaign_id: str) -> HttpResponse:
        """Let a held campaign go on at its pace."""
        return super().post(request, campaign_id)


class CancelCampaign(MoveCampaign):
    """Ending it."""

    move = "cancel"

    @extend_schema(operation_id="campaigns_cancel", request=None, responses={200: CampaignOut})
    def post(self, request: HttpRequest, campaign_id: str) -> HttpResponse:
        """End a campaign: what has not gone out never does. Doing it twice changes nothing."""
        return super().post(request, campaign_id)


def _said(body: CampaignDraftIn) -> commands.CampaignIn:
    starts_at = aware(body.starts_at, "starts_at") if body.starts_at else None
    return commands.CampaignIn(
        name=body.name, segment=body.segment, words=body.words, url=body.url, starts_at=starts_at,
        per_minute=body.per_minute,
    )  # fmt: skip
