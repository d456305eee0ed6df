"""The thread that carries Xero's webhooks: it holds the vendor's lock to decide, and never while it sends."""

import threading

from sandbox.kit import Clock
from sandbox.post import post
from sandbox.xero.webhooks import ANSWER_SECONDS_MAX, Webhooks, signature

_IDLE_SECONDS_MAX = 0.25


class Courier:
    def __init__(self, webhooks: Webhooks, clock: Clock) -> None:
        self._webhooks = webhooks
        self._clock = clock
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._stopping.clear()
        self._thread = threading.Thread(target=self._work, name="xero-courier", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._clock.wake()
        if self._thread is not None:
            self._thread.join(ANSWER_SECONDS_MAX)

    def _work(self) -> None:
        while not self._stopping.is_set():
            with self._lock:
                delivery, subscription = self._webhooks.take_due(), self._webhooks.subscription
                wait = self._webhooks.seconds_to_next()
            if delivery is None or subscription is None:
                self._clock.wait(_IDLE_SECONDS_MAX if wait is None else min(max(wait, 0), _IDLE_SECONDS_MAX))
                continue
            body = delivery.body.encode()
            key = subscription.signing_key if delivery.signed_rightly else f"not {subscription.signing_key}"
            headers = {"Content-Type": "application/json", "x-xero-signature": signature(key, body)}
            answer = post(subscription.url, body, headers, ANSWER_SECONDS_MAX)
            with self._lock:
                self._webhooks.answered(delivery, answer, subscription)
