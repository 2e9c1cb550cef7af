"""The proof pack: complete in itself, and broken by any change."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from merchants.models import Merchant
from merchants.scope import merchant_scope
from returns.withdrawal import commands
from returns.withdrawal.models import Source, Withdrawal
from returns.withdrawal.proof import Broken, check, pack_of
from returns.withdrawal.steps import Declaration
from tests import factories


@pytest.fixture
def pack(merchant: Merchant) -> bytes:
    order = factories.order(merchant)
    first = _declared(merchant, "Anna Weber", order.number)
    commands.match(merchant, first.pk, order.pk)
    _declared(merchant, "Secret Somebody", "#2")
    commands.note_goods(merchant, first.pk, back=True)
    commands.complete(merchant, first.pk)
    with merchant_scope(merchant):
        return pack_of(Withdrawal.objects.select_related("merchant").get(pk=first.pk))


def _declared(merchant: Merchant, name: str, contract: str) -> Withdrawal:
    return commands.declare(
        merchant,
        Declaration(timezone.now(), Source.FORM, name=name, contract=contract, email="a@example.test"),
    )


def test_it_shows_its_own_declaration_and_nobody_elses(pack: bytes) -> None:
    told = check(pack)
    assert told["declared"]["name"] == "Anna Weber"
    assert told["links"] == 5
    assert b"Secret" not in pack


def test_every_changed_byte_breaks_it(pack: bytes) -> None:
    for at in [*range(0, len(pack), max(1, len(pack) // 150)), len(pack) - 1]:
        changed = bytearray(pack)
        changed[at] ^= 1
        with pytest.raises((Broken, ValueError, KeyError, TypeError)):
            check(bytes(changed))
    for other in (pack[:-1], pack + b" ", b"", b"{}"):
        with pytest.raises(Broken):
            check(other)


def test_the_command_writes_it_and_checks_it_anywhere(
    merchant: Merchant, pack: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    number = check(pack)["number"]
    path = tmp_path / "proof.json"
    call_command("withdrawal", "proof", number, "--out", str(path))
    call_command("withdrawal", "check", str(path))
    assert f"{number}: unchanged, 5 links" in capsys.readouterr().out
    path.write_bytes(path.read_bytes().replace(b"Anna", b"Anne"))
    with pytest.raises(CommandError, match="digest of the body"):
        call_command("withdrawal", "check", str(path))
    path.write_bytes(pack)
    with pytest.raises(CommandError, match="another key"):
        call_command("withdrawal", "check", str(path), "--key", "0" * 64)
    with pytest.raises(CommandError, match="no such withdrawal"):
        call_command("withdrawal", "proof", "W-NOTHING1")
