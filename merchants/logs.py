"""Structured logs: one JSON object a line, with the request's and the merchant's id on every one."""

import logging
import logging.config
import re
from contextvars import ContextVar
from typing import Any

import structlog
from django_scopes import get_scope

_request_id: ContextVar[str] = ContextVar("request_id", default="")


def request_id() -> str:
    """The id of the request that is being answered, empty outside one."""
    return _request_id.get()


def set_request_id(value: str) -> None:
    """Give the request that begins its id."""
    _request_id.set(value)


def configure(config: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG: `level` and `json` (lines for machines, or colours for people)."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_context,
        structlog.processors.format_exc_info,
        _hide_addresses,
    ]
    last: Any = structlog.processors.JSONRenderer() if config["json"] else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "structured": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
                    "foreign_pre_chain": shared,
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
            "root": {"handlers": ["stderr"], "level": config["level"]},
            # One line a tick says nothing.
            "loggers": {
                name: {"level": "WARNING"}
                for name in ("celery.app.trace", "celery.beat", "celery.worker.strategy")
            },
        }
    )


# Mail servers repeat the recipient in what they answer, and libraries put that into their errors.
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")


def _hide_addresses(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """No e-mail address of anybody stands in a log, whichever value or traceback it came with."""
    for name, value in event.items():
        if isinstance(value, str) and "@" in value:
            event[name] = _ADDRESS.sub("[address]", value)
    return event


def _add_context(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    if current := _request_id.get():
        event["request_id"] = current
    merchant = get_scope().get("merchant")
    if merchant is not None:
        event["merchant"] = getattr(merchant, "slug", str(merchant))
    return event
