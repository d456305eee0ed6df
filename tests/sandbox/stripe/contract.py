"""The derived contract as judge of the answers: no field unknown, of a wrong type, or missing."""

import json
import os
import re
from functools import cache
from pathlib import Path

import jsonschema

_NAME = "stripe/stripe_contract_2026-10-28.endive.derived.json"
_MAPS = {"metadata", "object", "previous_attributes", "payload"}


@cache
def path():
    beside = Path(__file__).resolve().parents[4] / "shared" / "contracts"
    found = Path(os.environ.get("SUBLEDGER_CONTRACTS", beside)) / _NAME
    return found if found.exists() else None


@cache
def _contract():
    return json.loads(path().read_text())


def _schema(node):
    """As JSON Schema: `nullable` spelled out, no field beside the known ones, decimals as strings."""
    if isinstance(node, list):
        return [_schema(one) for one in node]
    if not isinstance(node, dict):
        return node
    out = {}
    for name, value in node.items():
        if name == "properties":
            out[name] = {field: _schema(inner) for field, inner in value.items()}
            if value.get("object", {}).get("enum") == ["search_result"]:
                # the derived file forgets it; the official client pages by it
                out[name]["next_page"] = {"type": ["string", "null"]}
            out["additionalProperties"] = False
        elif name in ("anyOf", "oneOf", "allOf", "items", "additionalProperties"):
            out["anyOf" if name == "oneOf" else name] = _schema(value)
        elif name in ("type", "enum", "required", "$ref"):
            out[name] = value
    if node.get("format") == "decimal":
        out["pattern"] = r"^-?[0-9]+(\.[0-9]{1,12})?$"
    if node.get("nullable"):
        return {"anyOf": [out, {"type": "null"}]}
    return out


@cache
def _schemas():
    schemas = _contract()["components"]["schemas"]
    return {name: _schema(value) for name, value in schemas.items() if not name.startswith("params.")}


@cache
def _validator(key):
    root = {**json.loads(key), "components": {"schemas": _schemas()}}
    return jsonschema.Draft202012Validator(root)


@cache
def operations():
    """Method, pattern of the path, and the schema of a good answer, words before ids."""
    found = []
    for template, methods in _contract()["paths"].items():
        pattern = re.compile(re.sub(r"\{[^}]*\}", "[^/]+", template) + "$")
        for method, operation in methods.items():
            schema = operation["responses"]["200"].get("content", {}).get("application/json", {}).get("schema", {})
            found.append((method.upper(), template, pattern, json.dumps(_schema(schema))))
    return sorted(found, key=lambda one: one[1].count("{"))


def operation_of(method, path_):
    for of, template, pattern, schema in operations():
        if of == method and pattern.match(path_):
            return template, schema
    return None


def complaints(method, path_, status, body):
    """What is wrong with an answer, in words; None where the contract does not know the operation."""
    if status != 200:
        schema = json.dumps(
            {
                "type": "object",
                "required": ["error"],
                "properties": {"error": {"$ref": "#/components/schemas/ErrorObject"}},
            }
        )
    else:
        known = operation_of(method, path_)
        if known is None:
            return None
        schema = known[1]
    if body.get("deleted") and body["object"] != "discount":
        return [] if set(body) <= {"id", "object", "deleted"} else [f"a deleted object shows {sorted(body)}"]
    return [_worded(problem) for problem in _validator(schema).iter_errors(body)]


def of_kind(kind, body):
    """The same for an object that stands outside of a response, such as in an event."""
    schema = json.dumps({"$ref": f"#/components/schemas/{kind}"})
    return [_worded(problem) for problem in _validator(schema).iter_errors(body)]


def _worded(problem):
    deepest = problem
    while deepest.context:
        deepest = max(deepest.context, key=lambda one: len(one.absolute_path))
    return f"{'.'.join(map(str, deepest.absolute_path))}: {deepest.message[:300]}"
