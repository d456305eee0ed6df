"""Access tokens: refreshed by one worker at a time, saved before they are used, fenced against the late."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from connectors import oauth
from connectors.contract import OAuth
from core.errors import CallRefused, ContractBroken, GrantLost, Misconfigured, OutcomeUnknown, RetryAfter
from core.failpoint import failpoint
from core.store import connections
from core.store.connections import Connection, Credentials
from core.store.work import Store

_LEASE_SECONDS = 45
_LOOKS_MAX = 100
_LOOK_SECONDS = 0.2
_BREATHER_SECONDS = 30


def bearer(secret: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {secret}"}


class Tokens:
    """The headers that say who we are at one connection, as they are good now."""

    def __init__(self, store: Store, connection: Connection, declared: OAuth | None) -> None:
        self._store = store
        self._connection = connection
        self._declared = declared
        self._used_generation = 0

    def headers(self) -> Mapping[str, str]:
        generation, expires_at, credentials = self._read()
        if self._declared is not None and expires_at is not None:
            ahead = timedelta(seconds=self._declared.refresh_ahead_seconds)
            left = expires_at - self._store.clock.now()
            if left < ahead:
                try:
                    generation, credentials = self._refreshed(generation)
                except RetryAfter:
                    if left <= timedelta():
                        raise
        self._used_generation = generation
        return bearer(credentials["access_token"] or credentials["api_key"])

    def renew(self) -> bool:
        """After the vendor refused the token that was used last. False if there is nothing to refresh it with."""
        if self._declared is None:
            return False
        self._refreshed(self._used_generation)
        return True

    def _read(self) -> tuple[int, datetime | None, Credentials]:
        with self._store.read() as database:
            return connections.credentials(self._store, database, self._connection)

    def _refreshed(self, generation: int) -> tuple[int, Credentials]:
        """The tokens after `generation`: refreshed here, or by whoever holds the lease."""
        workspace_id = self._connection.workspace_id
        for _ in range(_LOOKS_MAX):
            current, _, credentials = self._read()
            if current != generation:
                return current, credentials
            fence = self._store.write(
                workspace_id,
                lambda work: connections.lease_refresh(work, self._connection, generation, _LEASE_SECONDS),
            )
            if fence is not None:
                self._refresh(fence, credentials)
                continue
            self._store.clock.sleep(_LOOK_SECONDS)
        raise RetryAfter(f"Another worker is refreshing the access to {self._connection.name}.", 5, is_there=True)

    def _refresh(self, fence: int, credentials: Credentials) -> None:
        workspace_id = self._connection.workspace_id
        try:
            tokens = self._ask(credentials)
        except (GrantLost, CallRefused, ContractBroken) as lost:
            said = (
                "no longer accepts our consent" if isinstance(lost, GrantLost) else f"did not renew our access ({lost})"
            )
            sentence = f"{self._connection.name} {said}. Connect it again; nothing is lost."
            self._store.write(workspace_id, lambda work: connections.pause(work, self._connection.id, sentence))
            raise GrantLost(sentence) from lost
        except BaseException:
            self._store.write(workspace_id, lambda work: connections.end_refresh(work, self._connection, fence))
            raise
        failpoint("P13c")
        texts = {**credentials.texts, "access_token": tokens.access_token, "refresh_token": tokens.refresh_token}
        expires_at = self._store.clock.now() + timedelta(seconds=tokens.expires_in_seconds)
        self._store.write(
            workspace_id,
            lambda work: connections.save_tokens(self._store, work, self._connection, fence, texts, expires_at),
        )

    def _ask(self, credentials: Credentials) -> oauth.Tokens:
        url, client = self._token_url(), self._client()
        failpoint("P13a")
        for _ in range(2):
            with suppress(OutcomeUnknown):
                # after a lost answer the vendor may have rotated the token: the old one is good for a grace period
                return oauth.refresh(url, client["client_id"], client["client_secret"], credentials["refresh_token"])
        raise RetryAfter(f"The answers of {self._connection.name} to a refresh were lost.", _BREATHER_SECONDS)

    def _token_url(self) -> str:
        assert self._declared is not None
        return self._connection.identity_url + self._declared.token_path

    def _client(self) -> Credentials:
        with self._store.read() as database:
            app = connections.app(self._store, database, self._connection.app_id or "")
        if app is None:
            raise Misconfigured(f"{self._connection.name} has no app to refresh its access with. Connect it again.")
        return app.secrets
