"""The words of the consent ledger. Part of the public API: add, never rename."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ConsentState(models.TextChoices):
    """What an entry of the ledger says about an address and a topic."""

    REQUESTED = "requested", _("Asked to confirm")
    GIVEN = "given", _("Agreed")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    OBJECTED = "objected", _("Objected")


class Basis(models.TextChoices):
    """What lets a message be sent.

    existing_customer: §7(3) UWG and its like elsewhere: own similar goods, told of the right to object.
    opt_out: no agreement is asked for where the person lives, as long as nobody objects.
    not_needed: the message carries out the contract, or the law demands it.
    """

    CONSENT = "consent", _("Consent")
    DOUBLE_OPT_IN = "double_opt_in", _("Consent, confirmed by e-mail")
    EXISTING_CUSTOMER = "existing_customer", _("Existing customer, has not objected")
    OPT_OUT = "opt_out", _("Allowed there unless somebody objects")
    NOT_NEEDED = "not_needed", _("Not needed: it belongs to the order")


# The bases that an entry `given` can have; the others follow from a message's class and the country.
RECORDED = (Basis.CONSENT, Basis.DOUBLE_OPT_IN, Basis.EXISTING_CUSTOMER)


class Topic(models.TextChoices):
    """What shoppers can choose to hear about. Messages about an order have none: they belong to the order."""

    TIPS = "tips", _("Tips and care for what you bought")
    REVIEWS = "reviews", _("Reviews and surveys")
    REMINDERS = "reminders", _("Reminders when something runs out")
    OFFERS = "offers", _("News and offers")
    POINTS = "points", _("Points and rewards")


# In an entry: every topic.
EVERYTHING = ""
