"""Who in a merchant's team may do what: one matrix for every page, shown on the team page and in the docs."""

from enum import StrEnum

from merchants.models import Role


class Permission(StrEnum):
    """A kind of thing that a person may do at a merchant's desk."""

    READ = "read"  # look at orders, parcels, messages, figures
    ACT = "act"  # the daily work: cancel, try again, renew a link
    SETTINGS = "settings"  # brand, shops, carriers, webhooks, keys, delivery
    DATA = "data"  # imports and exports
    TEAM = "team"  # people, their roles, sign-in rules, the audit log


MATRIX: dict[str, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.MANAGER: frozenset({Permission.READ, Permission.ACT, Permission.SETTINGS, Permission.DATA}),
    Role.SUPPORT: frozenset({Permission.READ, Permission.ACT}),
    Role.ANALYST: frozenset({Permission.READ}),
    Role.WAREHOUSE: frozenset({Permission.READ}),
}


def may(role: str, permission: Permission) -> bool:
    """Whether people with this role may. A role that is not in the matrix may nothing."""
    return permission in MATRIX.get(role, frozenset())
