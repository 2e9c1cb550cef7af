"""What every test may ask for. Real PostgreSQL, real Redis; helpers that make rows are in `tests/factories.py`."""

from collections.abc import Callable, Iterator

import hypothesis
import pytest
import pytest_django
from django.db import connection
from django.test import Client, TransactionTestCase
from django.utils import translation

from events.drain import drain
from merchants.models import SHARDS, Merchant
from merchants.rest.auth import create_api_key
from merchants.scope import merchant_scope
from tests import database, factories
from tests.api_client import ApiClient
from tests.smtp_sink import smtp_sink  # noqa: F401  # a fixture for every test

# An example's time says how busy the machine was, and not whether the property holds.
hypothesis.settings.register_profile("afterward", deadline=None)
hypothesis.settings.load_profile("afterward")


# Files that take long go first, the longest foremost: begun last, one of them would keep a whole run waiting for one
# process. `--durations=20` tells which they are.
LONG = (
    "tests/chaos/test_small.py",
    "tests/config/test_deployment.py",
    "tests/config/test_embedded.py",
    "tests/rest/test_openapi.py",  # Short: it is given out together with the first one, and waits for it.
    "tests/demo/test_supervisor.py",
    "tests/browser/test_dashboard_pages.py",
    "tests/isolation/test_isolation.py",
    "tests/rest/test_schema_fuzz.py",
    "tests/live/test_web_live.py",
    "tests/notifications/test_crash.py",
    "tests/browser/",
    "tests/dashboard/",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long first. All else stays in its order. And give every item an id of its own."""

    def rank(item: pytest.Item) -> int:
        return next((number for number, name in enumerate(LONG) if item.nodeid.startswith(name)), len(LONG))

    items.sort(key=rank)
    for item in items:  # Schemathesis gives all operations the same id: of those, xdist would run one.
        if label := getattr(item, "operation_label", ""):
            item._id = item.id.with_params(label)
    assert len({item.nodeid for item in items}) == len(items), (
        "of items with the same id only one would be run"
    )


@pytest.fixture(autouse=True)
def _nobodys_language() -> Iterator[None]:
    """A request leaves its language in the thread: the next test begins with the default one."""
    yield
    translation.deactivate()


@pytest.fixture
def merchant(db: None) -> Merchant:
    """Nordwind, the merchant whose data a test is about. No scope is open."""
    return factories.merchant("nordwind", "Nordwind")


@pytest.fixture
def stranger(db: None) -> Merchant:
    """Another merchant of the same installation."""
    return factories.merchant("sudwind", "Südwind")


@pytest.fixture
def in_scope(merchant: Merchant) -> Iterator[Merchant]:
    """Nordwind with its scope open for the whole test."""
    with merchant_scope(merchant):
        yield merchant


@pytest.fixture
def api(merchant: Merchant) -> ApiClient:
    """A shop backend with a key of Nordwind that may do everything."""
    return ApiClient(create_api_key(merchant, name="test")[1])


@pytest.fixture
def strangers_api(stranger: Merchant) -> ApiClient:
    """A shop backend with a key of the other merchant."""
    return ApiClient(create_api_key(stranger, name="test")[1])


@pytest.fixture
def drain_all() -> Callable[[], int]:
    """Let every subscriber read the log to its end, as a worker would. Returns how many facts were handed out."""

    def run() -> int:
        return sum(drain(shard) for shard in range(SHARDS))

    return run


@pytest.fixture
def browser_client() -> Client:
    """A shopper or a person of the team, without JavaScript."""
    return Client()


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_blocker: pytest_django.DjangoDbBlocker,
) -> Iterator[None]:
    """The test database: a copy of a migrated one. Dropped at the end, whoever is still connected."""
    original = connection.settings_dict["NAME"]
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", database.delete_what_was_written)
        database.spare_the_disk()
        database.create()
        with django_db_blocker.block():
            yield
        database.drop(original)
