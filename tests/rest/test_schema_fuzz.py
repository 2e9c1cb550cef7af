"""The whole API against its own description: no fault of ours, no answer that is not described, whatever is sent.

Schemathesis reads the description, makes requests of it (the edges of every field, then random ones, also such that
must be refused) and compares the answers with what is described. Nothing is left to chance: a run can be had again.
"""

import json
from typing import Any

import pytest
import requests
import schemathesis
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from merchants.models import Merchant
from merchants.rest.auth import create_api_key
from merchants.rest.developers import described
from merchants.sandbox import sandbox_of

pytestmark = pytest.mark.django_db

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
EXAMPLES = 4  # Beside the edges of every field, of which a large body has hundreds.


@schemathesis.serializer("application/x-ndjson")
def lines(context: Any, value: Any) -> bytes:
    """A file of JSON lines is sent as it was made up."""
    return value if isinstance(value, bytes) else str(value).encode()


schema = schemathesis.openapi.from_dict(json.loads(described(as_json=True)))
schema.config.update(base_url="http://localhost")
# Methods that a route does not answer are tests/rest/test_auth.py's.
schema.config.phases.coverage.unexpected_methods = set()


@schema.parametrize()
@hypothesis_settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_operation_answers_what_is_described(case: Any, key: str, settings: Any) -> None:
    settings.API_RATE = 0  # What is refused for its number says nothing about the rest.
    case.validate_response(send(case, key), checks=CHECKS)


@pytest.fixture
def key(merchant: Merchant) -> str:
    """A key of a sandbox that may do everything."""
    return create_api_key(sandbox_of(merchant), name="fuzz")[1]


def send(case: Any, key: str) -> Response:
    """Answer a made-up request in this process, as a server would."""
    wanted = requests.Request(**{
        name: value for name, value in case.as_transport_kwargs().items()
        if name in ("method", "url", "headers", "params", "json", "data", "cookies")
    }).prepare()  # fmt: skip
    headers = {name: value for name, value in wanted.headers.items() if name.lower() != "content-length"}
    headers["Authorization"] = f"Bearer {key}"
    body = wanted.body.encode() if isinstance(wanted.body, str) else wanted.body or b""
    with transaction.atomic():  # What one request does wrong in the database must not be met by the next one.
        given = Client(raise_request_exception=False).generic(
            str(wanted.method),
            wanted.path_url,
            body,
            content_type=headers.pop("Content-Type", ""),
            headers=headers,
        )
    fields = {name: [value] for name, value in given.headers.items()}
    return Response(given.status_code, fields, given.getvalue(), wanted, elapsed=0.0, verify=False)
