"""Which merchant a command of the console is about."""

from django.core.management.base import CommandError, CommandParser

from merchants.models import Merchant


def add_merchant_option(parser: CommandParser) -> None:
    """`--merchant SLUG`."""
    parser.add_argument("--merchant", metavar="SLUG", default="", help="Which shop, when there are several.")


def chosen_merchant(slug: str) -> Merchant:
    """The merchant of this slug; for "" the only one that is no sandbox. Raises CommandError."""
    rows = Merchant.objects.defer("logo")
    if slug:
        found = rows.filter(slug=slug).first()
        if found is None:
            raise CommandError(f"There is no merchant {slug}.")
        return found
    several = list(rows.filter(sandbox_of=None)[:2])
    if len(several) != 1:
        raise CommandError("Say which shop: --merchant SLUG." if several else "There is no merchant yet.")
    return several[0]
