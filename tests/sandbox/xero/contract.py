"""Xero's published contract as a judge of the sandbox's answers, where its files are at hand."""

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

_BESIDE = Path(__file__).parents[4] / "shared" / "contracts"
FOLDER = Path(os.environ.get("SUBLEDGER_CONTRACTS", _BESIDE)) / "xero"
PRESENT = FOLDER.is_dir()

_MS_DATE = r"^/Date\(-?\d+(\+0000)?\)/$"
_ENVELOPE = {"Id", "Status", "ProviderName", "DateTimeUTC"}
_UNDOCUMENTED = {
    "Invoice": {"DateString", "DueDateString"},
    "CreditNote": {"DateString", "DueDateString", "ID"},
    "Overpayment": {"DateString", "ID"},
    "Prepayment": {"DateString", "ID"},
    "BankTransaction": {"DateString", "HasErrors", "UpdatedDateUTCString"},
    "Payment": {"UpdatedDateUTCString"},
    "LineItem": {"ValidationErrors"},
    "BankTransfer": {"DateString", "CreatedDateUTCString"},
    "Element": None,
}
"""What Xero's own examples show beyond its schemas; None: anything."""


class _Loader(yaml.CSafeLoader):
    """YAML would turn the examples' dates into dates."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not tag.endswith("timestamp")]
    for first, found in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


@cache
def contract() -> dict[str, Any]:
    return yaml.load((FOLDER / "xero_accounting.yaml").read_text("utf-8"), _Loader)


@cache
def _schemas() -> dict[str, Any]:
    return {name: _closed(name, schema) for name, schema in contract()["components"]["schemas"].items()}


def _closed(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema, refusing fields that neither it nor the vendor's examples know."""
    closed = _as_json_schema(schema)
    closed.pop("required", None)  # Xero: its lists of required fields speak of requests
    extra = _UNDOCUMENTED.get(name, set())
    if "properties" in closed and extra is not None:
        closed["additionalProperties"] = False
        for field in extra | (_ENVELOPE if name.endswith("s") and f"{name[:-1]}" in _entities() else set()):
            closed["properties"].setdefault(field, {})
    return closed


@cache
def _entities() -> frozenset[str]:
    names = set(contract()["components"]["schemas"])
    return frozenset(name for name in names if f"{name}s" in names) | {
        "TaxRate",
        "Currencie",
        "TrackingCategorie",
    }


def _as_json_schema(node: Any) -> Any:
    if isinstance(node, list):
        return [_as_json_schema(one) for one in node]
    if not isinstance(node, dict):
        return node
    plain = {
        key: _as_json_schema(value)
        for key, value in node.items()
        if key in {"type", "properties", "items", "$ref", "enum", "required", "maxLength", "format"}
        or key not in {"default", "example", "description", "externalDocs", "readOnly", "deprecated"}
    }
    if node.get("x-is-msdate") or node.get("x-is-msdate-time"):
        plain["pattern"] = _MS_DATE
    if node.get("format") == "uuid":
        plain["pattern"] = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
    return plain


@cache
def _operations() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    return [
        (re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path) + "$", re.IGNORECASE), methods)
        for path, methods in contract()["paths"].items()
    ]


@cache
def _validator(reference: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": reference, "components": {"schemas": _schemas()}})


def _response_schema(method: str, path: str, status: int) -> str | None:
    for pattern, methods in _operations():
        if pattern.match(path) and method.lower() in methods:
            if status == 400:
                return "#/components/schemas/Error"  # reads refuse as writes do, though only writes say so
            answer = methods[method.lower()]["responses"].get(str(status), {})
            content = answer.get("content", {}).get("application/json")
            return content["schema"]["$ref"] if content else None
    return None


def problems(method: str, path: str, status: int, body: bytes) -> list[str]:
    """What the contract has to say against an answer; `path` is below /api.xro/2.0."""
    reference = _response_schema(method, path, status)
    if reference is None:
        return (
            []
            if status in {204, 404, 405, 412, 413, 429, 501}
            else [f"{method} {path} -> {status} is not in the contract"]
        )
    return [
        f"{method} {path} at {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
        for error in _validator(reference).iter_errors(json.loads(body))
    ]
