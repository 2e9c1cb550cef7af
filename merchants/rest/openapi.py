"""The API's description (OpenAPI 3.1). Bodies are described by the Structs that decode and encode them: one source."""

import re
import types
import typing
from enum import Enum
from typing import Any

import msgspec
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from merchants.rest.errors import ProblemBody
from merchants.rest.exports import ExportView

JSON = "application/json"
_REF = "#/components/schemas/"
# What every answer may be instead of the expected one; what a method may answer beside that.
_PROBLEMS = {
    "400": "Something in the request is wrong: `param` names it.",
    "401": "No valid API key.",
    "403": "The API key lacks the scope.",
    "429": "The key made more requests than it may, or asked for the same thing too soon: see `Retry-After`.",
    "503": "The database cannot do this just now. Try again after `Retry-After` seconds.",
}
_PROBLEMS_OF_WRITING = {
    "409": "It conflicts with something, or a request with this `Idempotency-Key` is being worked on.",
    "413": "The body is too large.",
    "415": "The body is not sent as JSON.",
    "422": "It is well-formed and cannot be done, or the `Idempotency-Key` was used with another body.",
}
_NOT_FOUND = {"404": "There is no such object."}
_SAME = {"description": "It is what you hold: the `ETag` that you sent still stands for it."}
_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of an earlier answer: 304 and no body when nothing has changed.",
    "schema": {"type": "string", "maxLength": 255},
}
_RETRY_AFTER = {
    "description": "Seconds to wait before the request is sent again.",
    "schema": {"type": "integer", "minimum": 1},
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A request that is sent again with the same key and body within 24 hours gets the first answer again"
    " (`Idempotent-Replayed: true`) and does nothing twice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}


class ApiSchema(AutoSchema):
    """Describes an operation of an `ApiView`."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        problems = {**_PROBLEMS}
        parameters = operation.setdefault("parameters", [])
        if self.method != "GET":
            parameters.append(_IDEMPOTENCY_KEY)
            problems |= _PROBLEMS_OF_WRITING
        elif not isinstance(self.view, ExportView):  # a stream's hash is not known before its end
            parameters.append(_IF_NONE_MATCH)
            operation["responses"]["304"] = _SAME
        if (
            "{" in self.path
            or "requestBody" in operation
            or "shipment_id" in str(operation.get("parameters"))
            or self.view.may_be_missing
        ):
            problems |= _NOT_FOUND
        answers = operation["responses"]
        answers |= {status: self._problem(text) for status, text in problems.items() if status not in answers}
        for status in ("429", "503"):
            answers[status]["headers"] = {"Retry-After": _RETRY_AFTER}
        operation["responses"] = dict(sorted(answers.items()))
        return operation

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/v1/").split("/")[0].replace("-", " ").capitalize()]

    def get_summary(self) -> str:
        """The first sentence of the method's docstring, without its full stop."""
        return re.split(r"\.(?=\s|$)", super().get_description(), maxsplit=1)[0]

    def get_description(self) -> str:  # type: ignore[override]  # the base is older than its user
        """What the docstring says after its first sentence."""
        return super().get_description().removeprefix(self.get_summary()).removeprefix(".").strip()

    def map_parsers(self) -> list[str]:
        return [JSON]

    def map_renderers(self, attribute: str) -> list[str]:
        return [JSON]

    def _get_request_for_media_type(
        self, serializer: Any, direction: Any = "request"
    ) -> tuple[dict[str, Any] | None, bool]:
        if not _is_struct(serializer):
            return super()._get_request_for_media_type(serializer, direction)  # type: ignore[no-untyped-call]
        required = any(
            field.required for kind in _members(serializer) for field in msgspec.structs.fields(kind)
        )
        return self._schema_of(serializer), required

    def _get_response_for_code(
        self, serializer: Any, status_code: str, media_types: Any = None, direction: Any = "response"
    ) -> dict[str, Any]:
        if not _is_struct(serializer):
            return super()._get_response_for_code(serializer, status_code, media_types, direction)  # type: ignore[no-untyped-call]
        description = {"200": "Done.", "201": "It is new.", "202": "It is being done."}[status_code]
        return {"description": description, "content": {JSON: {"schema": self._schema_of(serializer)}}}

    def _problem(self, text: str) -> dict[str, Any]:
        content = {"application/problem+json": {"schema": self._schema_of(ProblemBody)}}
        return {"description": text, "content": content}

    def _schema_of(self, hint: Any) -> dict[str, Any]:
        """A reference to what a Struct, a generic one or a choice of them looks like; registers all that are in it."""
        references = []
        for kind in _members(hint):
            (reference,), components = msgspec.json.schema_components(
                [kind], ref_template=_REF + "{name}", schema_hook=_choices
            )
            for name, schema in components.items():
                self._register(_readable(name), _renamed(schema))
            references.append(_renamed(reference))
        return references[0] if len(references) == 1 else {"anyOf": references}

    def _register(self, name: str, schema: dict[str, Any]) -> None:
        if schema.get("title", name) != name:
            schema = {**schema, "title": name}
        kind = ResolvedComponent.SCHEMA
        component = ResolvedComponent(name, kind, schema=schema, object=name)  # type: ignore[no-untyped-call]
        if component in self.registry and self.registry[component.key].schema != schema:
            raise ValueError(f"two Structs of the API are called {name}: one of them needs another name")
        self.registry.register_on_missing(component)


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How a request shows its key, and which scope it needs."""

    target_class = "merchants.rest.auth.ApiKeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "`Authorization: Bearer aw_live_…`. Keys belong to one merchant and carry scopes;"
            " `aw_test_…` are keys of its sandbox.",
        }

    def get_security_requirement(self, auto_schema: AutoSchema) -> dict[str, list[str]]:
        scopes: dict[str, str] = getattr(auto_schema.view, "scopes", {})
        return {self.name: [scopes[auto_schema.method]]}


def _choices(kind: type) -> dict[str, Any]:
    """What Django's choices look like: msgspec reads and writes them, and does not describe them."""
    if issubclass(kind, Enum):
        return {"type": "string", "enum": [member.value for member in kind]}
    raise NotImplementedError  # what msgspec asks of a hook that does not know a kind


def _members(hint: Any) -> tuple[Any, ...]:
    """The Structs of a choice (`A | B`), or the one."""
    is_choice = isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union
    return typing.get_args(hint) if is_choice else (hint,)


def _is_struct(hint: Any) -> bool:
    kinds = [typing.get_origin(kind) or kind for kind in _members(hint)]
    return all(isinstance(kind, type) and issubclass(kind, msgspec.Struct) for kind in kinds)


def _readable(name: str) -> str:
    """`Page_OrderOut_` and `Page[OrderOut]` → `OrderPage`; `OrderOut` → `Order`; `ProblemBody` → `Problem`."""
    generic = re.fullmatch(r"Page[\[_](\w+?)[\]_]", name)
    if generic:
        return generic[1].removesuffix("Out") + "Page"
    return name.removesuffix("Out").removesuffix("Body")


def _renamed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with every reference and title under its readable name."""

    def walk(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {k: walk(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [walk(v) for v in value]
        if key == "$ref":
            return _REF + _readable(value.removeprefix(_REF))
        return _readable(value) if key == "title" and isinstance(value, str) else value

    renamed: dict[str, Any] = walk(schema)
    return renamed
