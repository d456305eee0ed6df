"""The XML in which Xero answers whoever does not ask for JSON; it is made from the JSON answer."""

import re
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from sandbox.xero import wire

_SINGULAR = {
    "Addresses": "Address",
    "Currencies": "Currency",
    "Elements": "DataContractBase",
    "Tracking": "TrackingCategory",
    "TrackingCategories": "TrackingCategory",
}
_MOMENT = re.compile(r"/Date\(-?\d+(\+0000)?\)/")


def rendered(answer: dict[str, Any]) -> bytes:
    root = "ApiException" if "ErrorNumber" in answer else "Response"
    return f'<?xml version="1.0" encoding="utf-8"?>{"".join(_element(root, answer))}'.encode()


def _element(name: str, value: Any) -> Iterator[str]:
    yield f"<{name}>"
    if isinstance(value, dict):
        for key, one in value.items():
            if one is not None and not key.endswith("String"):  # DateString and its like are for JSON alone
                yield from _element(key, one)
    elif isinstance(value, list):
        for one in value:
            yield from _element(_SINGULAR.get(name, name.removesuffix("s")), one)
    else:
        yield escape(_text(value))
    yield f"</{name}>"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return wire.read_moment(value).replace(tzinfo=None).isoformat()
    return str(value)
