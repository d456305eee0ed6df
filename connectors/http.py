"""The only door to the network: one request at a time, its outcome told as one of `core.errors`.

The hard question is always the same: may this have taken effect there? A read never does. A write has not if
nothing was sent, or if the vendor answered that it refused it. In every other case it may have, and the caller
has to ask before it does anything again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests

from connectors import strict_json
from connectors.transport import (
    DEFAULT_LIMITS,
    BoundedAdapter,
    Limits,
    TooLong,
    checked_base_url,
    guard,
    nothing_was_sent,
)
from core.errors import (
    CallRefused,
    ContractBroken,
    Misconfigured,
    NotThere,
    OutcomeUnknown,
    RetryAfter,
    TokenRefused,
    VendorError,
)
from core.failpoint import failpoint
from core.tripwire import inside_work

_BREATHER_SECONDS = 10.0
_RATE_LIMITED_SECONDS = 60.0
_WAIT_MAX_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Looked up without regard to case."""
    body: Any = field(repr=False)
    """Parsed; None where it is not JSON."""


class Door:
    """One connection's way out of this process, on a session of its own.

    `authorize` gives the headers that say who we are; it is asked for every request, so that a refreshed token is
    used at once. `admit` is called right before each request and may raise RetryAfter; `noticed` is called with each
    answer, whatever its status.
    """

    def __init__(
        self,
        base_url: str,
        authorize: Callable[[], Mapping[str, str]],
        *,
        admit: Callable[[], None] = lambda: None,
        noticed: Callable[[Answer], None] = lambda _: None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._base_url = checked_base_url(base_url)
        self._authorize = authorize
        self._admit = admit
        self._noticed = noticed
        self._session = requests.Session()
        guard(self._session, BoundedAdapter(limits, _answering))

    def __repr__(self) -> str:
        return f"Door({self._base_url!r})"

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """`path` with its query, below the base URL. A 2xx answer with JSON, or a VendorError."""
        return self._exchange("GET", path, None, headers or {}, frozenset())

    def send(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        not_executed: frozenset[int] = frozenset(),
    ) -> Answer:
        """One write, sent once. `not_executed` are the statuses of overload (429, 503) after which the vendor
        promises that nothing was done; without its promise they leave the outcome unknown.
        """
        return self._exchange(method, path, body, headers, not_executed)

    def _exchange(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], not_executed: frozenset[int]
    ) -> Answer:
        assert not inside_work.get(), "a request may not leave inside a unit of work"
        call = _Call(method, urlsplit(self._base_url).netloc, path, not_executed)
        headers = {**headers, **self._authorize()}
        self._admit()
        try:
            response = self._session.request(method, self._url(path), data=body, headers=headers, allow_redirects=False)
        except (requests.exceptions.InvalidHeader, requests.exceptions.InvalidURL):
            # requests quotes the header, and with it the token
            raise Misconfigured(f"{call}: its address or its credentials hold characters that HTTP forbids.") from None
        except requests.RequestException as trouble:
            raise call.lost(trouble) from None
        answer = Answer(response.status_code, response.headers, strict_json.parse_or_none(response.content))
        self._noticed(answer)
        return call.judged(answer)

    def _url(self, path: str) -> str:
        if not path.startswith("/") or any(character.isspace() or character == "\\" for character in path):
            raise ContractBroken("a path below the base URL starts with a slash and holds no blank")
        return self._base_url + path


@dataclass(frozen=True, slots=True)
class _Call:
    """What was asked, as far as a sentence may tell it: never a query, a header or a body."""

    method: str
    host: str
    path: str
    not_executed: frozenset[int]

    def __str__(self) -> str:
        return f"{self.method} {self.host}{self.path.partition('?')[0]}"

    @property
    def _is_read(self) -> bool:
        return self.method == "GET"

    def lost(self, trouble: requests.RequestException) -> VendorError:
        cause = type(trouble).__name__
        if nothing_was_sent(trouble):
            return RetryAfter(f"{self} could not be sent ({cause}).", _BREATHER_SECONDS)
        if self._is_read and isinstance(trouble, TooLong):
            return ContractBroken(f"{self} was answered at a length that no answer has.")
        return self._without_answer(cause)

    def judged(self, answer: Answer) -> Answer:
        status = answer.status
        if 200 <= status < 300:
            if answer.body is None:
                raise self._without_answer(f"{status} without JSON")
            return answer
        if 300 <= status < 400:
            raise ContractBroken(f"{self} was answered with a redirect ({status}), which is never followed.")
        if status == 401:
            raise TokenRefused(f"{self} was refused: the credentials are not good (401).")
        if status == 404:
            raise NotThere(f"{self}: there is no such thing (404).")
        if status in {408, 429} or status >= 500:
            if self._is_read or status in self.not_executed:
                raise RetryAfter(f"{self} has to wait ({status}).", wait_seconds(answer), is_there=status == 429)
            raise self._without_answer(str(status))
        if status == 409 and not self._is_read:
            # the same write is under way, or what it makes is there already: either way the question decides
            raise self._without_answer("409")
        raise CallRefused(f"{self} was refused ({status}).", status, answer.body)

    def _without_answer(self, cause: str) -> VendorError:
        if self._is_read:
            return RetryAfter(f"{self} got no usable answer ({cause}).", _BREATHER_SECONDS)
        return OutcomeUnknown(f"{self} was sent, but its answer was lost ({cause}).")


def wait_seconds(answer: Answer) -> float:
    """Retry-After as seconds or as a date (held against the answer's own Date), within 1 second and 1 hour."""
    default = _RATE_LIMITED_SECONDS if answer.status == 429 else _BREATHER_SECONDS
    text = answer.headers.get("Retry-After", "").strip()
    try:
        seconds: float = int(text)
    except ValueError:
        try:
            until, now = parsedate_to_datetime(text), parsedate_to_datetime(answer.headers.get("Date", ""))
            seconds = (until - now).total_seconds()
        except (ValueError, TypeError):
            return default
    return float(min(max(seconds, 1), _WAIT_MAX_SECONDS))


def _answering(request: requests.PreparedRequest) -> None:
    """Failpoint P16, narrowed by the last part of the path: `P16/Invoices`."""
    if request.method != "GET":
        failpoint("P16", urlsplit(str(request.url)).path.rpartition("/")[2])
