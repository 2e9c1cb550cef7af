"""Settings, all from the environment; `docs/production.md` lists every variable.

Without `DATABASE_URL` and `REDIS_URL` the program starts its own PostgreSQL and Redis (`config/embedded.py`).
"""

import json
from pathlib import Path
from typing import Any

from csp.constants import NONCE

from config import embedded
from config.environment import database, flag, integer, text, words
from config.secrets import local_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
# What an installation keeps for itself beside its database: the embedded servers, the demo's state. May be missing.
HOME = Path(text("AFTERWARD_HOME") or BASE_DIR / ".afterward").resolve()

DEBUG = flag("AFTERWARD_DEBUG")
# An installation that names no secret gets one of its own, kept beside the embedded servers.
SECRET_KEY = text("AFTERWARD_SECRET_KEY") or local_secret_key()
SECRET_KEY_FALLBACKS = words("AFTERWARD_SECRET_KEY_FALLBACKS")
# The address under which people reach this installation; links in messages start with it.
PUBLIC_URL = text("AFTERWARD_PUBLIC_URL", "http://localhost:8000").rstrip("/")
SECURE = PUBLIC_URL.startswith("https://")
# Merchants' own portal domains arrive with any Host: `portal.middleware` knows them, and refuses what is
# neither one of them nor one of ours.
ALLOWED_HOSTS = ["*"]
KNOWN_HOSTS = words("AFTERWARD_ALLOWED_HOSTS", "*" if not SECURE else PUBLIC_URL.split("/")[2].split(":")[0])
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
# Addresses of reverse proxies whose X-Forwarded-For is believed.
TRUSTED_PROXIES = words("AFTERWARD_TRUSTED_PROXIES")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.admin.apps.SimpleAdminConfig",  # its tables; its pages are off by default
    "django.contrib.postgres",
    "django.forms",  # the widgets' templates, which ours stand in front of
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "template_partials",
    "csp",
    "anymail",
    "merchants",
    "events",
    "ledger",
    "accounts",
    "orders",
    "orders.segments",
    "tracking",
    "cases",
    "returns",
    "returns.money",
    "returns.policy",
    "returns.withdrawal",
    "returns.claims",
    "imports",
    "notifications",
    "notifications.followups",
    "notifications.campaigns",
    "notifications.consent",
    "notifications.push",
    "notifications.marketing_tools",
    "analytics",
    "webhooks",  # after all that declare facts: it delivers every kind
    "portal",
    "dashboard",
    "demo",
]

MIDDLEWARE = [
    "merchants.middleware.RequestContext",
    "portal.middleware.PortalDomains",  # before whatever sends people on: no redirect to a host that is not ours
    "django.middleware.security.SecurityMiddleware",
    "merchants.middleware.ApiLane",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "merchants.content_policy.ContentPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.SessionClock",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

# The operator's desk at /admin/ (accounts/operator.py).
ADMIN = flag("AFTERWARD_ADMIN")
ROOT_URLCONF = "config.admin_urls" if ADMIN else "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "config.templates.Loader",
                            [
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Data -------------------------------------------------------------------------------------------

DATABASE_URL = text("DATABASE_URL") or embedded.postgres_url()
DATABASES = {"default": database(DATABASE_URL)}
# Celery's processes keep one connection each. A web process shares a pool between its threads (config/wsgi.py):
# the server ends idle threads, and a connection that a thread keeps would stay open after it.
DATABASE_POOL = integer("AFTERWARD_DATABASE_POOL", 0)
DATABASES["default"]["CONN_MAX_AGE"] = 0 if DATABASE_POOL else 600
if DATABASE_POOL:
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": DATABASE_POOL, "timeout": 5}
# A statement or an idle transaction that runs for long holds back every claim (a held snapshot keeps
# dead rows alive), so the server ends it. Migrations set the first one to 0.
DATABASES["default"]["OPTIONS"]["options"] = " ".join(
    f"-c {name}={value}"
    for name, value in {
        "statement_timeout": text("AFTERWARD_STATEMENT_TIMEOUT", "30s"),
        "idle_in_transaction_session_timeout": "30s",
        "lock_timeout": "10s",
        "timezone": "UTC",
    }.items()
)
DATABASES["default"]["OPTIONS"]["connect_timeout"] = 3
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = text("REDIS_URL") or embedded.redis_url()

# --- Celery: a hint, never a store. A row in PostgreSQL is the truth (docs/architecture.md) -----------

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 100
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = integer("AFTERWARD_WORKERS", 2)
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 200_000  # KB; a child above it is replaced after its task
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,  # longer than any task may run
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "socket_keepalive": True,
}
# How often a worker looks for work that no bell was rung for, in seconds.
TICK_SECONDS = integer("AFTERWARD_TICK_SECONDS", 2)

# --- Messages ---------------------------------------------------------------------------------------

EMAIL_BACKEND = text("AFTERWARD_EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
EMAIL_HOST = text("AFTERWARD_SMTP_HOST", "localhost")
EMAIL_PORT = integer("AFTERWARD_SMTP_PORT", 25)
EMAIL_HOST_USER = text("AFTERWARD_SMTP_USER")
EMAIL_HOST_PASSWORD = text("AFTERWARD_SMTP_PASSWORD")
EMAIL_USE_TLS = flag("AFTERWARD_SMTP_TLS")
EMAIL_TIMEOUT = 15
# Several providers, the preferred one first (`accounts/mailers.py`); without it EMAIL_BACKEND is the only one.
MAIL_PROVIDERS = words("AFTERWARD_MAIL_PROVIDERS")
DEFAULT_FROM_EMAIL = text("AFTERWARD_FROM_EMAIL", "orders@localhost")
ANYMAIL: dict[str, Any] = {
    key: text(key)
    for key in (
        "BREVO_API_KEY",
        "MAILGUN_API_KEY",
        "MAILGUN_SENDER_DOMAIN",
        "MAILGUN_WEBHOOK_SIGNING_KEY",
        "POSTMARK_SERVER_TOKEN",
        "RESEND_API_KEY",
        "SENDGRID_API_KEY",
        "SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY",
    )
    if text(key)
}
# What boto3 does not find in its own environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_DEFAULT_REGION). It
# must not try again by itself: a try whose answer was lost would reach the shopper twice.
ANYMAIL["AMAZON_SES_SESSION_PARAMS"] = json.loads(text("AMAZON_SES_SESSION_PARAMS", "{}"))
ANYMAIL["AMAZON_SES_CLIENT_PARAMS"] = {
    "config": {"connect_timeout": 3, "read_timeout": 15, "retries": {"total_max_attempts": 1}}
}
# "user:password" that mail providers' webhooks sign in with; two while one is replaced by the other.
ANYMAIL["WEBHOOK_SECRET"] = words("AFTERWARD_MAIL_WEBHOOK_SECRETS")
# How many of a hundred shoppers do not get a service or marketing message, so that its effect can be measured: in a
# shop that did not choose a share of its own.
HOLDOUT_PERCENT = integer("AFTERWARD_HOLDOUT_PERCENT", 5)
TWILIO_ACCOUNT_SID = text("TWILIO_ACCOUNT_SID")
TWILIO_AUTH_TOKEN = text("TWILIO_AUTH_TOKEN")
TWILIO_FROM = text("TWILIO_FROM")
# Other senders by country or by the beginning of the number: "US=+1…,AT=Nordwind,+1416=+1416…".
TWILIO_SENDERS = words("TWILIO_SENDERS")
TWILIO_API_URL = text("TWILIO_API_URL")  # empty: Twilio's own; a stand-in for tests and sandboxes
KLAVIYO_API_URL = text("KLAVIYO_API_URL", "https://a.klaviyo.com")  # another one: a stand-in, for tests
SHOPIFY_API_URL = text("SHOPIFY_API_URL")  # empty: each shop's own; a stand-in for tests and sandboxes
DHL_API_URL = text("DHL_API_URL", "https://api-eu.dhl.com")
DHL_API_KEY = text("DHL_API_KEY")  # for merchants who have no account of their own
# The same for the other carriers: what each of them calls its keys, as UPS_CLIENT_ID, UPS_API_URL …
CARRIER_KEYS = {
    carrier: {name: value for name in names if (value := text(f"{carrier.upper()}_{name.upper()}"))}
    for carrier, names in {
        "ups": ("client_id", "client_secret", "webhook_secret"),
        "fedex": ("client_id", "client_secret", "webhook_secret"),
        "usps": ("client_id", "client_secret", "webhook_secret"),
        "royal_mail": ("client_id", "client_secret"),
        "canada_post": ("username", "password"),
        "dhl_parcel_de": ("api_key", "user", "password"),
        "dpd": ("delis_id", "password"),
        "gls": ("client_id", "client_secret"),
    }.items()
}
CARRIER_URLS = {
    carrier: text(f"{carrier.upper()}_API_URL")
    for carrier in (*CARRIER_KEYS, "easypost", "aftership", "shippo", "17track")
}
LABEL_URLS = {
    maker: text(f"{maker.upper()}_LABEL_URL") for maker in ("dhl_returns", "easypost", "sendcloud", "shippo")
}
# Days that webhooks and pushes are kept word for word (docs/production.md). Less than three and a repeat that a shop
# sends late would count as new.
RAW_DAYS: int = max(integer("AFTERWARD_RAW_DAYS", 30), 3)
# Seconds that a carrier has for an answer; at most 30, for a claimed parcel is leased for 60.
CARRIER_TIMEOUT: float = min(integer("AFTERWARD_CARRIER_TIMEOUT", 15), 30)
# Ask the sandbox carrier about its parcels. Off where the demo moves them (docs/carriers.md).
SANDBOX_POLL = flag("AFTERWARD_SANDBOX_POLL")
# host:port of name servers for looking up merchants' domains; empty: the machine's own.
DNS_SERVERS = words("AFTERWARD_DNS_SERVERS")
# host:port pairs that outgoing calls may reach although their address is private (sandboxes).
OUTBOUND_ALLOW = words("AFTERWARD_OUTBOUND_ALLOW")

# Who may read /metrics: `Authorization: Bearer …`. Empty: nobody.
METRICS_TOKEN = text("AFTERWARD_METRICS_TOKEN")

# --- People -----------------------------------------------------------------------------------------

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "merchants.passwords.Argon2",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "dashboard:sign_in"
LOGIN_REDIRECT_URL = "dashboard:home"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Web --------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Only our own: nothing of what the packages bring is used, and it is twenty times as much.
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
if ADMIN:
    STATICFILES_FINDERS.append("django.contrib.staticfiles.finders.AppDirectoriesFinder")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": text("AFTERWARD_STATIC_STORAGE", "config.static_files.Storage")},
}
WHITENOISE_USE_FINDERS = flag("AFTERWARD_STATIC_FROM_SOURCE")

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE, LANGUAGE_COOKIE_HTTPONLY, LANGUAGE_COOKIE_SAMESITE = SECURE, True, "Lax"
# A session ends after so long whatever happens, and after so long without use.
SESSION_COOKIE_AGE = integer("AFTERWARD_SESSION_HOURS", 14 * 24) * 3600
SESSION_IDLE_SECONDS = integer("AFTERWARD_SESSION_IDLE_HOURS", 24) * 3600
# Owners may make further shops from the dashboard.
NEW_SHOPS = flag("AFTERWARD_NEW_SHOPS")
PASSWORD_RESET_TIMEOUT = 3600  # seconds that a link for a forgotten password works
SECURE_SSL_REDIRECT = SECURE and flag("AFTERWARD_SSL_REDIRECT", default=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^tls-allowed$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
# Not "no-referrer": browsers then send `Origin: null` with our own forms, and they would be refused as foreign.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"

# The dashboard's policy; the portal (no script at all, but on one page) and the API reference bring their own.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'", NONCE],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "frame-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# A body over this is refused with 413 before it is read.
MAX_BODY_BYTES = integer("AFTERWARD_MAX_BODY_BYTES", 2_000_000)
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
# Files to import, until they are worked off. Never served. Web and workers have to see the same folder.
IMPORTS_FOLDER = Path(text("AFTERWARD_IMPORTS_FOLDER") or HOME / "imports")
# A file over this is refused with 413 before it is read.
IMPORT_MAX_BYTES = integer("AFTERWARD_IMPORT_MAX_BYTES", 1_500_000_000)

# Seconds that a process believes what it knows about a key: a revoked one may work for so much longer. 0: it asks
# the database each time.
API_KEY_SECONDS: float = 1.0
# Seconds that a portal believes what it knows about its shop: other looks and words hold after it. 0: asked each time.
PORTAL_SECONDS: float = 1.0
# What one API key may do: so many requests a second on average (0: no limit), and so many at once.
API_RATE = integer("AFTERWARD_API_RATE", 100)
API_BURST = integer("AFTERWARD_API_BURST", 1000)
# Seconds that a request waits for Redis to say so; then nobody is limited for a moment.
API_RATE_TIMEOUT = 0.05

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["merchants.rest.auth.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["merchants.rest.auth.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "merchants.rest.negotiation.OnlyJSON",
    "DEFAULT_PARSER_CLASSES": [],
    "DEFAULT_SCHEMA_CLASS": "merchants.rest.openapi.ApiSchema",
    "EXCEPTION_HANDLER": "merchants.rest.errors.handle",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Afterward API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "DESCRIPTION": (
        "Orders, shipments, scans, customers, messages and the log of everything that happened."
        " How to begin is in [the guide](/developers/), what an error means in"
        " [the list of errors](/developers/errors)."
    ),
    "TAGS": [
        {
            "name": "Orders",
            "description": "What was bought. Sent again with the same `external_id` it is an update.",
        },
        {
            "name": "Shipments",
            "description": "Parcels: several an order, each with its lines and quantities.",
        },
        {
            "name": "Scans",
            "description": "What happened to a parcel, for carriers that are not asked by themselves.",
        },
        {
            "name": "Sandbox",
            "description": "What keys that begin with `aw_test_` can do beside the rest: [how](/developers/sandbox).",
        },
        {"name": "Customers", "description": "Who bought. They come with their orders."},
        {
            "name": "Products",
            "description": "What is sold. What an order sold stands in its lines, as it was then.",
        },
        {"name": "Messages", "description": "What shoppers were told, and why not."},
        {"name": "Events", "description": "The log: everything that happened, once and in order."},
        {
            "name": "Webhook endpoints",
            "description": "Addresses of yours that are told what happens, signed as Standard Webhooks has it.",
        },
        {
            "name": "Imports",
            "description": "Files of orders, shipments, customers and products, read in the background.",
        },
        {"name": "Exports", "description": "Whole lists as CSV or NDJSON."},
        {"name": "Webhook deliveries", "description": "What they were told, what they answered, and again."},
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "POSTPROCESSING_HOOKS": [],  # Our Structs name their choices themselves.
}

LOGGING_CONFIG = "merchants.logs.configure"
LOGGING = {
    "level": text("AFTERWARD_LOG_LEVEL", "INFO"),
    "json": flag("AFTERWARD_LOG_JSON", default=not DEBUG),
}
SILENCED_SYSTEM_CHECKS: list[str] = []
