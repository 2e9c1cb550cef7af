"""A5: what the pages show on which a shopper reports a problem."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.models import CaseKind, CaseStatus
from cases.promise import answer_by
from cases.steps import LONGEST_TEXT, MOST_PHOTOS
from merchants.ids import public_id
from portal.goods import choices_of
from portal.loading import CaseRow, OrderRow, ParcelRow
from portal.problem_form import Typed
from portal.proof import Proof, proof_of
from portal.site import Site
from portal.state import hero_of
from portal.style import Style
from returns.claims.queries import claims_of
from returns.claims.words import KINDS
from tracking.statuses import Status


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of problem in the shopper's words."""

    kind: CaseKind
    name: Promise
    about: Promise
    ask: Promise  # above the field for words
    photos: bool = True

    @property
    def slug(self) -> str:
        """How addresses write it."""
        return self.kind.replace("_", "-")


PROBLEMS = (
    Problem(
        CaseKind.NOT_RECEIVED, gettext_lazy("My parcel is not here"),
        gettext_lazy("It says delivered, or it has been on its way for too long"),
        gettext_lazy("Anything that helps us to find it"), photos=False,
    ),
    Problem(
        CaseKind.DAMAGED, gettext_lazy("Something is damaged"), gettext_lazy("Broken, scratched, wet, open"),
        gettext_lazy("What is damaged, and how?"),
    ),
    Problem(
        CaseKind.MISSING_ITEM, gettext_lazy("Something is missing"),
        gettext_lazy("The parcel is here, but not all of it"), gettext_lazy("Anything else that we should know"),
    ),
    Problem(
        CaseKind.WRONG_ITEM, gettext_lazy("I got the wrong thing"),
        gettext_lazy("Another article, size or colour than ordered"), gettext_lazy("What came instead?"),
    ),
)  # fmt: skip
BY_SLUG = {problem.slug: problem for problem in PROBLEMS}
BY_KIND = {str(problem.kind): problem for problem in PROBLEMS}


@dataclass(frozen=True, slots=True)
class CaseCard:
    """A report that is not closed, as pages about its order show it."""

    kind: str
    name: Promise
    sentence: str
    url: str


def problem_path(site: Site, token: str, parcel: ParcelRow | None, slug: str = "") -> str:
    """The page on which a problem with a parcel (or with an order that has none) is chosen, or reported."""
    which = f"{parcel.number}/" if parcel else ""
    return site.path(f"t/{token}/{which}problem/" + (f"{slug}/" if slug else ""))


def cards_of(
    site: Site, order: OrderRow, token: str, parcel: ParcelRow | None, style: Style
) -> list[CaseCard]:
    """What was reported about a parcel and is not closed."""
    wanted = parcel.id if parcel else None
    return [_card(site, token, case, style) for case in order.cases if case.shipment_id == wanted]


def all_cards(site: Site, order: OrderRow, token: str, style: Style) -> list[CaseCard]:
    """What was reported about an order and is not closed."""
    return [_card(site, token, case, style) for case in order.cases]


def _card(site: Site, token: str, case: CaseRow, style: Style) -> CaseCard:
    url = site.path(f"o/{token}/cases/{public_id('cas', case.id)}/")
    return CaseCard(
        case.kind, BY_KIND[case.kind].name, sentence_of(case.status, case.answer_by, case.due_at, style), url
    )


def sentence_of(status: str, answer_at: Any, opens_at: Any, style: Style) -> str:
    """Whose turn it is, in one sentence."""
    if status == CaseStatus.WAITING and opens_at:
        return _("We wait with you until %(time)s. Then your report reaches us by itself.") % {
            "time": style.day_and_time(opens_at)
        }
    if status == CaseStatus.OPEN and answer_at and answer_at > style.now:
        return _("You hear from us by %(day)s.") % {"day": style.day(answer_at)}
    if status == CaseStatus.OPEN:
        return _("We’re later than we said. Sorry! You hear from us as soon as possible.")
    if status == CaseStatus.ANSWERED:
        return _("We have answered you.")
    return _("This report is closed.")


def choose_context(site: Site, order: OrderRow, token: str, parcel: ParcelRow | None) -> dict[str, Any]:
    """What `portal/problem.html` shows: the kinds to choose from, and what was reported already."""
    style = Style.of(site, order, timezone.now())
    reported = cards_of(site, order, token, parcel, style)
    known = {card.kind for card in reported}
    protected = parcel is not None and order.is_protected
    return {
        "claim_url": site.path(f"t/{token}/{parcel.number}/claim/") if parcel and protected else "",
        "claims": [
            (site.path(f"o/{token}/claims/{public_id('clm', row.pk)}/"), KINDS[row.kind], row.number)
            for row in (claims_of(order.id) if protected else [])
        ],
        "title": _("Report a problem"),
        "order_number": order.number,
        "which": _which(order, parcel),
        "reported": reported,
        "problems": [
            {
                "name": problem.name,
                "about": problem.about,
                "url": problem_path(site, token, parcel, problem.slug),
            }
            for problem in PROBLEMS
            if problem.kind not in known
        ],
        "back_url": back_path(site, token, parcel),
    }


def form_context(
    site: Site, order: OrderRow, token: str, parcel: ParcelRow | None, problem: Problem, typed: Typed
) -> dict[str, Any]:
    """What `portal/problem_form.html` (or, of a parcel that is said to be delivered, `portal/not_here.html`) shows."""
    style = Style.of(site, order, timezone.now())
    chosen = typed.lines
    choices = choices_of(order, parcel, style) if problem.kind != CaseKind.NOT_RECEIVED else []
    delivered = parcel is not None and parcel.status == Status.DELIVERED
    return {
        "title": problem.name,
        "order_number": order.number,
        "which": _which(order, parcel),
        "problem": problem,
        "choices": [(c, c.line_id in chosen or len(choices) == 1, chosen.get(c.line_id, 1)) for c in choices],
        "typed": typed,
        "answer_day": style.day(answer_by(site.merchant, style.now)),
        "longest": LONGEST_TEXT,
        "most_photos": MOST_PHOTOS,
        "action": problem_path(site, token, parcel, problem.slug),
        "back_url": problem_path(site, token, parcel),
        "parcel_url": back_path(site, token, parcel),
        "hero": hero_of(site.merchant, order, parcel, style),
        "delivered": delivered,
        "proof": proof_of(parcel, style) if parcel and delivered else Proof(),
        "reported": [c for c in cards_of(site, order, token, parcel, style) if c.kind == problem.kind],
    }


def back_path(site: Site, token: str, parcel: ParcelRow | None) -> str:
    """The parcel's own page."""
    return site.path(f"t/{token}/{parcel.number}/" if parcel else f"t/{token}/")


def _which(order: OrderRow, parcel: ParcelRow | None) -> str:
    if parcel is None or len(order.parcels) < 2:
        return ""
    place = order.parcels.index(parcel) + 1
    return _("Parcel %(number)s of %(count)s") % {"number": place, "count": len(order.parcels)}
