"""First answers, kept under the client's key and given again."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sandbox.stripe.errors import StripeError
from sandbox.stripe.settings import in_force
from sandbox.stripe.store import Store

KEPT_SECONDS = 24 * 3600
KEY_CHARACTERS_MAX = 255


class Answers:
    """Beside the objects, in the store's database."""

    def __init__(self, store: Store) -> None:
        self._database, self._archive = store.database, store.archive
        self._database.execute("CREATE TABLE answer (key PRIMARY KEY, asked, at, status, body)")
        self._database.execute("CREATE INDEX answer_at ON answer (at)")

    def recall(self, key: str, asked: str, now: float) -> tuple[int, Any] | None:
        """Status and body of the first answer to this key; None where there is none.

        `asked` is the request in a canonical form: the key stands for it alone.
        """
        if len(key) > KEY_CHARACTERS_MAX:
            raise StripeError(
                f"Idempotency keys have at most {KEY_CHARACTERS_MAX} characters.", param="Idempotency-Key"
            )
        kept = self._database.execute("SELECT asked, at, status, body FROM answer WHERE key = ?", (key,)).fetchone()
        if kept is None or now - kept[1] >= KEPT_SECONDS:
            return None
        if kept[0] != asked and in_force().key_compares_parameters:
            raise StripeError(
                "Keys for idempotent requests can only be used with the same parameters they were first used "
                f"with. Try using a key other than '{key}' if you meant to execute a different request.",
                kind="idempotency_error",
            )
        return kept[2], self._archive.unpack(kept[3])

    def keep(self, key: str, asked: str, now: float, status: int, body: Mapping[str, Any]) -> None:
        self._database.execute("DELETE FROM answer WHERE at <= ?", (now - KEPT_SECONDS,))
        packed = self._archive.pack(f"answer {body.get('object')}", body)
        self._database.execute("REPLACE INTO answer VALUES (?, ?, ?, ?, ?)", (key, asked, now, status, packed))

    def replace(self, key: str, status: int, body: Mapping[str, Any]) -> None:
        """Another first answer, where one is kept."""
        packed = self._archive.pack("answer None", body)
        self._database.execute("UPDATE answer SET status = ?, body = ? WHERE key = ?", (status, packed, key))

    def dump(self) -> list[list[Any]]:
        kept = self._database.execute("SELECT key, asked, at, status, body FROM answer ORDER BY at, key")
        return [[*told, self._archive.unpack(body)] for *told, body in kept]

    def load(self, dumped: list[list[Any]]) -> None:
        for key, asked, at, status, body in dumped:
            self.keep(key, asked, at, status, body)


def canonical(method: str, path: str, params: Mapping[str, Any]) -> str:
    """All of the request, in few letters."""
    written = json.dumps([method, path, params], sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()
