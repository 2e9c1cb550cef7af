"""The models that a process has at hand. A merchant's row says which one holds, so that nobody asks for it twice."""

import struct
import zlib
from collections import OrderedDict
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from merchants.models import Merchant
from merchants.scope import merchant_scope
from tracking.eta.model import Model
from tracking.eta.models import EtaModel

log = structlog.get_logger(__name__)

# Some 300 KB each, unpacked.
_KEPT: Final = 32
_models: "OrderedDict[UUID, tuple[datetime, Model | None]]" = OrderedDict()


def model_of(merchant: Merchant) -> Model | None:
    """The merchant's model; None where it has none. One query when this process has not seen this version yet."""
    version = merchant.eta_fitted_at
    if version is None:
        return None
    known = _models.get(merchant.id)
    if known is None or known[0] != version:
        known = _models[merchant.id] = (version, _load(merchant))
        if len(_models) > _KEPT:
            _models.popitem(last=False)
    _models.move_to_end(merchant.id)
    return known[1]


def _load(merchant: Merchant) -> Model | None:
    with merchant_scope(merchant):
        data = EtaModel.objects.filter(fitted_at__isnull=False).values_list("data", flat=True).first()
    try:
        return Model.unpack(bytes(data)) if data else None
    except (ValueError, KeyError, zlib.error, struct.error) as error:
        # Of another release: there is none until it is fitted anew, which must not stop a scan.
        log.warning("eta_model_unreadable", merchant=merchant.slug, error=repr(error))
        return None
