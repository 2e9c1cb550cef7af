"""Python processes beside the test's own, on the same database: they can be killed and the test lives on."""

import os
import subprocess
import sys
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connection


def environment(**more: str) -> dict[str, str]:
    """Environment variables with which a process of ours works on the test's database, Redis and mail server."""
    database = connection.settings_dict
    credentials = f"{quote(database['USER'])}:{quote(database['PASSWORD'])}@"
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": f"postgresql://{credentials}:{database['PORT'] or 5432}/{quote(database['NAME'])}"
        f"?host={quote(database['HOST'], safe='')}",
        "REDIS_URL": settings.REDIS_URL,
        "AFTERWARD_SECRET_KEY": settings.SECRET_KEY,
        "AFTERWARD_EMAIL_BACKEND": settings.EMAIL_BACKEND,
        "AFTERWARD_SMTP_HOST": str(settings.EMAIL_HOST),
        "AFTERWARD_SMTP_PORT": str(settings.EMAIL_PORT),
        "TWILIO_ACCOUNT_SID": settings.TWILIO_ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": settings.TWILIO_AUTH_TOKEN,
        "TWILIO_FROM": settings.TWILIO_FROM,
        "TWILIO_API_URL": settings.TWILIO_API_URL,
        **more,
    }


def run_python(script: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run a script after `django.setup()` in a process of its own, to its end."""
    whole = "import django\ndjango.setup()\n" + script
    arguments: Any = [sys.executable, "-c", whole]
    return subprocess.run(arguments, env=environment(**more), capture_output=True, text=True, timeout=60)
