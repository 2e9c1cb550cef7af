"""Settings of the test run: the real PostgreSQL and Redis, a Redis database of its own for each test process."""

import os

os.environ.setdefault("AFTERWARD_STATIC_STORAGE", "django.contrib.staticfiles.storage.StaticFilesStorage")
os.environ.setdefault("AFTERWARD_SECRET_KEY", "for-tests-only-" + "x" * 40)
os.environ.setdefault("AFTERWARD_FROM_EMAIL", "Afterward <orders@shop.test>")

from config.settings import *  # noqa: F403

_process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
REDIS_URL = REDIS_URL.split("?")[0] + f"?db={_process + 1}"  # noqa: F405
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
# The tests' own host is known: looking for a merchant of that name now and then would be a query more.
KNOWN_HOSTS = ["testserver", "*"]
# Argon2 is slow on purpose; tests sign in often.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGGING = {**LOGGING, "level": "WARNING"}  # noqa: F405
# Static files come straight from `static/`; nothing is collected first.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
STATIC_ROOT = None

# A machine that runs many tests at once may let Redis wait: the limits hold nevertheless.
API_RATE_TIMEOUT = 2.0
# Tests change merchants and keys between two calls; `tests/rest/test_known_keys.py` switches it on.
API_KEY_SECONDS = 0
PORTAL_SECONDS = 0  # likewise; `tests/portal/test_remembered_shops.py`
# Chance holds out one shopper in twenty: tests of a holdout choose its share themselves.
HOLDOUT_PERCENT = 0
