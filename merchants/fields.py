"""Model fields and migration operations shared by every app.

`cryptography` is loaded by the first secret that is read or written: 7 MB that a process without any never needs.
"""

import base64
import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.db import models
from django.db.migrations.operations import RunSQL

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


class MerchantForeignKey(models.ForeignKey):
    """A reference to another row of the same merchant.

    Joins on (merchant_id, id), so that they use the parent's primary key; the database's own
    constraint is composite too (`merchant_reference` in a migration) and refuses a row of another merchant.
    """

    def __init__(self, to: Any, on_delete: Any = models.CASCADE, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        kwargs.setdefault("db_index", False)
        super().__init__(to, on_delete, **kwargs)

    def get_joining_fields(self, reverse_join: bool = False) -> tuple[tuple[models.Field, models.Field], ...]:
        own = super().get_joining_fields(reverse_join)
        here = cast(models.Field, self.model._meta.get_field("merchant"))
        there = cast(models.Field, self.remote_field.model._meta.get_field("merchant"))
        return (*own, (there, here) if reverse_join else (here, there))


def merchant_primary_key(table: str, column: str = "id") -> RunSQL:
    """Migration operation: make (merchant_id, column) the table's primary key.

    Every key of a large table leads with the merchant, so that the schema can be spread over machines by merchant.
    """
    return RunSQL(
        f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey, ADD PRIMARY KEY (merchant_id, {column})",
        f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey, ADD PRIMARY KEY ({column})",
    )


def merchant_reference(table: str, column: str, parent: str, *, on_delete: str = "CASCADE") -> RunSQL:
    """Migration operation: (merchant_id, column) references parent (merchant_id, id)."""
    name = f"{table}_{column}_merchant_fk"
    action = f"SET NULL ({column})" if on_delete == "SET NULL" else on_delete
    return RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (merchant_id, {column})"
        f" REFERENCES {parent} (merchant_id, id) ON DELETE {action}",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


@lru_cache(maxsize=1)
def _cipher() -> "MultiFernet":
    from cryptography.fernet import Fernet, MultiFernet

    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    keys = [base64.urlsafe_b64encode(hashlib.sha256(b"fields:" + s.encode()).digest()) for s in secrets]
    return MultiFernet([Fernet(key) for key in keys])


class EncryptedTextField(models.TextField):
    """Text that is encrypted at rest (Fernet, keyed from SECRET_KEY and its fall-backs)."""

    def get_prep_value(self, value: Any) -> Any:
        return value if value in (None, "") else _cipher().encrypt(value.encode()).decode()

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        if not value:
            return value
        from cryptography.fernet import InvalidToken

        try:
            return _cipher().decrypt(value.encode()).decode()
        except InvalidToken:
            return ""  # The key was lost: the secret has to be entered again.
