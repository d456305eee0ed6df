"""How Xero spells things: moments, dates, ids, and keys that are longer than it allows."""

import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from connectors.contract import Row
from connectors.rows import Unreadable, text

_DATE = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NO_GUID = "00000000-0000-0000-0000-000000000000"
_DIGEST_LENGTH = 10


def moment(row: Row, name: str) -> datetime | None:
    """Xero: /Date(milliseconds+0000)/, always UTC whatever its offset says; ISO text without a zone is UTC too."""
    written = text(row, name)
    if not written:
        return None
    if found := _DATE.fullmatch(written):
        try:
            return _EPOCH + timedelta(milliseconds=int(found[1]))
        except OverflowError:
            raise Unreadable(f"{name} is not a moment") from None
    try:
        read = datetime.fromisoformat(written)
    except ValueError:
        raise Unreadable(f"{name} is not a moment") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def document_date(row: Row, name: str) -> str:
    """Xero: a date travels as midnight UTC and is never converted."""
    at = moment(row, name)
    return at.date().isoformat() if at else ""


def is_guid(value: str) -> bool:
    return _GUID.fullmatch(value) is not None and value != _NO_GUID


def fitting(key: str, length: int) -> str:
    """The key itself, or its beginning and a digest of all of it: the same one every time."""
    if len(key) <= length:
        return key
    return key[: length - _DIGEST_LENGTH - 1] + "-" + sha256(key.encode()).hexdigest()[:_DIGEST_LENGTH]
