"""Errors of the REST API as RFC 9457 problems: a stable `code`, what is wrong, and where (`param`)."""

from typing import Any

import msgspec
import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpResponse, UnreadablePostError
from rest_framework import exceptions

from merchants.logs import request_id

log = structlog.get_logger(__name__)


class Problem(Exception):
    """Base of everything that a command or view refuses. Subclasses carry status and title."""

    status = 400
    code = "bad_request"
    title = "The request cannot be understood."

    def __init__(
        self, detail: str, *, param: str = "", code: str = "", retry_after: int | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.param = param
        self.code = code or self.code
        self.retry_after = retry_after


class InvalidBody(Problem):
    """The body is not JSON, or a field of it is wrong. `param` names the field (`lines[0].quantity`)."""

    code = "invalid_body"
    title = "The body is not valid."


class InvalidParameter(Problem):
    code = "invalid_parameter"
    title = "A parameter of the query is not valid."


class NotAuthenticated(Problem):
    status = 401
    code = "not_authenticated"
    title = "A valid API key is needed."


class Forbidden(Problem):
    status = 403
    code = "missing_scope"
    title = "This API key may not do that."


class NotFound(Problem):
    status = 404
    code = "not_found"
    title = "There is no such object."


class MethodNotAllowed(Problem):
    status = 405
    code = "method_not_allowed"
    title = "This address does not answer this method."


class Conflict(Problem):
    status = 409
    code = "conflict"
    title = "The request conflicts with the state of the object."


class TooLarge(Problem):
    status = 413
    code = "body_too_large"
    title = "The body is too large."


class UnsupportedMediaType(Problem):
    status = 415
    code = "unsupported_media_type"
    title = "The body is not sent as JSON."


class Unprocessable(Problem):
    """The body is well-formed, but what it asks for cannot be done. `param` names the field."""

    status = 422
    code = "unprocessable"
    title = "This cannot be done."


class TooManyRequests(Problem):
    """Asked for again too soon. `retry_after` says how many seconds to wait."""

    status = 429
    code = "too_many_requests"
    title = "This was asked for too often."


class InternalError(Problem):
    """A fault of ours. It is logged; nothing of the request was stored."""

    status = 500
    code = "internal_error"
    title = "Something went wrong on our side."


class Unavailable(Problem):
    status = 503
    code = "unavailable"
    title = "The service cannot answer just now. Try again."


class ProblemBody(msgspec.Struct, omit_defaults=True):
    """The body of every error (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    param: str = ""
    doc_url: str = ""


def respond(problem: Problem) -> HttpResponse:
    """The problem as an HTTP response."""
    body = ProblemBody(
        type=f"urn:afterward:problem:{problem.code}",
        title=problem.title,
        status=problem.status,
        code=problem.code,
        detail=problem.detail,
        param=problem.param,
        request_id=request_id(),
        doc_url=f"{settings.PUBLIC_URL}/developers/errors#{problem.code}",
    )
    response = HttpResponse(
        msgspec.json.encode(body), status=problem.status, content_type="application/problem+json"
    )
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    if problem.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="afterward"'
    return response


def handle(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """DRF's exception handler: every error leaves as a problem, a fault of ours as one that tells nothing more."""
    problem = as_problem(error)
    if problem is None:
        log.exception("internal_error", exc_info=error)
        problem = InternalError("It was noted under this request's id.")
    return respond(problem)


def as_problem(error: Exception) -> Problem | None:
    """The problem that an exception stands for, or None when it is a fault of ours."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, Http404):
        return NotFound("There is no such object.")
    if isinstance(error, PermissionDenied):
        return Forbidden("This is not allowed.")
    if isinstance(error, UnreadablePostError):
        return InvalidBody("The connection broke off while the body was sent.")
    if isinstance(error, RequestDataTooBig):
        return TooLarge("The body is larger than this installation accepts.")
    if isinstance(error, OperationalError | InterfaceError):
        # Also a deadlock, a lock or a statement that took too long: nothing was stored, and the same call may succeed.
        log.error("database_unavailable", error=repr(error))
        return Unavailable("The database cannot do this just now.", retry_after=2)
    if isinstance(error, DataError):
        log.exception("unchecked_value", exc_info=error)  # A check of ours is missing.
        return Unprocessable("A value is too long or too large to be stored.")
    if isinstance(error, exceptions.APIException):
        problem = Problem(str(error.detail), code=str(error.default_code))
        problem.status = error.status_code
        problem.title = str(error.default_detail)
        return problem
    return None
