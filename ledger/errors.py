"""What the ledger refuses. Nothing has moved then."""

from merchants.rest.errors import Conflict


class NotEnough(Conflict):
    """The account does not hold that much, or it is set aside already."""

    code = "not_enough_money"


class KeyReused(Conflict):
    """The key moved something else before."""

    code = "transfer_key_reused"


class NotPending(Conflict):
    """The transfer was settled otherwise, or its time is up."""

    code = "transfer_not_pending"
