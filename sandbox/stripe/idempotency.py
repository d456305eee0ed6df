"""First answers, kept under the client's key and given again."""

import json
from collections.abc import Mapping
from typing import Any

from sandbox.stripe.archive import pack, unpack
from sandbox.stripe.errors import StripeError

KEPT_SECONDS = 24 * 3600
KEY_CHARACTERS_MAX = 255


class Answers:
    def __init__(self) -> None:
        self._kept: dict[str, dict[str, Any]] = {}

    def recall(self, key: str, asked: str, now: float) -> tuple[int, Any] | None:
        """Status and body of the first answer to this key; None where there is none.

        `asked` is the request in a canonical form: the key stands for it alone.
        """
        if len(key) > KEY_CHARACTERS_MAX:
            raise StripeError(
                f"Idempotency keys have at most {KEY_CHARACTERS_MAX} characters.", param="Idempotency-Key"
            )
        kept = self._kept.get(key)
        if kept is None or now - kept["at"] >= KEPT_SECONDS:
            return None
        if kept["asked"] != asked:
            raise StripeError(
                "Keys for idempotent requests can only be used with the same parameters they were first used "
                f"with. Try using a key other than '{key}' if you meant to execute a different request.",
                kind="idempotency_error",
            )
        return kept["status"], unpack(kept["kind"], kept["body"])

    def keep(self, key: str, asked: str, now: float, status: int, body: Mapping[str, Any]) -> None:
        kind = str(body.get("object", ""))
        self._kept[key] = {
            "asked": asked,
            "at": now,
            "kind": kind,
            "status": status,
            "body": pack(kind, body),
        }

    def replace(self, key: str, status: int, body: Mapping[str, Any]) -> None:
        """Another first answer, where one is kept."""
        kept = self._kept.get(key)
        if kept:
            kept |= {"kind": "", "status": status, "body": pack("", body)}

    def clear(self) -> None:
        self._kept.clear()

    def dump(self) -> dict[str, Any]:
        return self._kept

    def load(self, dumped: dict[str, Any]) -> None:
        self._kept = dumped


def canonical(method: str, path: str, params: Mapping[str, Any]) -> str:
    return json.dumps([method, path, params], sort_keys=True)
