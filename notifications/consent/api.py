"""REST: the consent ledger."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema

from merchants.ids import parse_public_id, public_id
from merchants.rest.decode import aware
from merchants.rest.errors import InvalidParameter, Unprocessable
from merchants.rest.pages import Page, newest_first
from merchants.rest.parameters import PAGING, query
from merchants.rest.views import ApiView
from notifications.choices import MessageClass
from notifications.consent import commands, queries
from notifications.consent.choices import Basis, ConsentState, Topic
from notifications.consent.commands import Said
from notifications.consent.countries import rule_of
from notifications.consent.double_opt_in import ask
from notifications.consent.models import ConsentEntry
from notifications.consent.schemas import (
    ConsentIn,
    ConsentOut,
    ErasedOut,
    EraseIn,
    StandingOut,
    TopicOut,
    show_consent,
)
from notifications.consent.standing import Grant
from notifications.suppressions import normal_address

_READ, _WRITE = "messages:read", "messages:write"
_CHANNELS = ("email", "sms")


class Consents(ApiView):
    """The ledger."""

    scopes = {"GET": _READ, "POST": _WRITE}

    @extend_schema(
        operation_id="consents_list",
        parameters=[
            query("address", "One address, whole."),
            query("channel", "Of one channel.", values=_CHANNELS),
            query("topic", "About one topic.", values=Topic.values),
            query("state", "What was said.", values=ConsentState.values),
            *PAGING,
        ],
        responses={200: Page[ConsentOut]},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """List what was said, newest first: with `?address=` everything about one person, for their own request."""
        asked = {name: request.GET.get(name, "") for name in ("address", "channel", "topic", "state")}
        _check(asked, channel=_CHANNELS, topic=Topic.values, state=ConsentState.values)
        rows = queries.ledger(**asked)
        return self.show(newest_first(rows, request.GET, show_consent, by="recorded_at"))

    @extend_schema(operation_id="consents_create", request=ConsentIn, responses={201: ConsentOut})
    def post(self, request: HttpRequest) -> HttpResponse:
        """Add what somebody said. Nothing is ever overwritten: the latest word counts, by `occurred_at`."""
        return self.once("POST /consents", self._create)

    def _create(self) -> HttpResponse:
        body = self.body(ConsentIn)
        return self.show(show_consent(_add(self, body)), 201)


class OneConsent(ApiView):
    """One entry."""

    scopes = {"GET": _READ}

    @extend_schema(operation_id="consents_read", responses={200: ConsentOut})
    def get(self, request: HttpRequest, consent_id: str) -> HttpResponse:
        """Read an entry of the ledger."""
        return self.show(show_consent(queries.get_entry(parse_public_id("csn", consent_id))))


class ConsentStanding(ApiView):
    """Where an address stands now."""

    scopes = {"GET": _READ}

    @extend_schema(
        operation_id="consents_standing",
        parameters=[
            query("address", "A whole address.", required=True),
            query("channel", "`email` when absent.", values=_CHANNELS),
            query("country", "Where they live, `DE`: the law of that country is applied."),
        ],
        responses={200: StandingOut},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """Say for each topic whether marketing may be sent to an address now, and on which basis."""
        channel, country = request.GET.get("channel", "email"), request.GET.get("country", "").upper()
        _check({"channel": channel}, channel=_CHANNELS)
        address = normal_address(channel, request.GET.get("address", ""))
        if not address:
            raise InvalidParameter("This is no address of the channel.", param="address")
        known, now = queries.consents([(channel, address)]), timezone.now()
        topics = []
        for topic in Topic.values:
            found = known.may_send(MessageClass.MARKETING, topic, channel, address, country, now)
            yes = isinstance(found, Grant)
            topics.append(
                TopicOut(
                    topic=topic, may_send=yes, basis=found.basis if isinstance(found, Grant) else "",
                    reason="" if isinstance(found, Grant) else found.value,
                    reason_text="" if isinstance(found, Grant) else str(found.label),
                    consent_id=public_id("csn", found.entry_id)
                    if isinstance(found, Grant) and found.entry_id else None,
                )
            )  # fmt: skip
        return self.show(
            StandingOut(
                channel=channel, address=address, country=country, rule=rule_of(country).name, topics=topics
            )
        )


class EraseConsents(ApiView):
    """Forgetting who it was."""

    scopes = {"POST": _WRITE}

    @extend_schema(operation_id="consents_erase", request=EraseIn, responses={200: ErasedOut})
    def post(self, request: HttpRequest) -> HttpResponse:
        """Empty what names a person in every entry about an address. A hash stays, so that an objection holds."""
        return self.once("POST /consents/erase", self._erase)

    def _erase(self) -> HttpResponse:
        return self.show(ErasedOut(erased=commands.erase(self.merchant, self.body(EraseIn).address)))


def _add(view: ApiView, body: ConsentIn) -> ConsentEntry:
    said = Said(
        source=body.source or "api", wording=body.wording, wording_version=body.wording_version,
        country=body.country, locale=body.locale, ip=body.ip, url=body.url,
        at=aware(body.occurred_at, "occurred_at") if body.occurred_at else None,
    )  # fmt: skip
    where = (view.merchant, body.channel, body.address, body.topic, said)
    match body.state:
        case "given":
            if not body.basis:
                raise Unprocessable("What was given needs a `basis`.", param="basis", code="invalid_consent")
            return commands.give(*where, basis=Basis(body.basis))
        case "requested":
            if body.channel != "email":
                raise Unprocessable("A confirmation goes by e-mail.", param="channel", code="invalid_consent")
            return ask(view.merchant, body.address, body.topic, said)
        case "withdrawn":
            return commands.withdraw(*where)
    return commands.object_to(*where)


def _check(asked: dict[str, str], **known: object) -> None:
    for name, values in known.items():
        if asked.get(name) and asked[name] not in values:  # type: ignore[operator]
            raise InvalidParameter(f"{name} is one of {', '.join(values)}.", param=name)  # type: ignore[arg-type]
