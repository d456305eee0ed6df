"""The story on its stage: the test clock goes from scene to scene, and what is due in between happens by itself."""

from collections.abc import Sequence
from random import Random

from demo.story.cast import FIRST_MONTH_DAYS, Market, Scene, cast
from demo.story.plans import stock
from demo.story.turns import Buyer, Stage
from demo.stripe_account import StripeAccount

BEGINS_AT = 1769760000
"""2026-01-30 08:00 UTC: a month's end that February does not have, and a change to summer time on the way."""
_DAY_SECONDS = 86_400
_LAST_DAY = 62


class Story:
    """Stripe: a clock that is advanced does all that its time brings with it: invoices, payments, retries."""

    def __init__(self, stripe: StripeAccount, seed: int) -> None:
        random = Random(seed)  # noqa: S311 - a story, not a secret
        self.customers, self._scenes = cast(random)
        self._random = random
        self._stripe = stripe
        self._stage = Stage(stripe, stock(stripe), random)
        self._clock: str = stripe.create("test_helpers/test_clocks", frozen_time=BEGINS_AT, name="the story")["id"]
        self._now = BEGINS_AT
        self._buyers: dict[int, Buyer] = {}
        self.acts = len(self._scenes)

    def months(self) -> Sequence[Sequence[Scene]]:
        """The scenes of the first month, and those of the second."""
        until = FIRST_MONTH_DAYS * _DAY_SECONDS
        first = [scene for scene in self._scenes if scene.at_seconds < until]
        return first, self._scenes[len(first) :]

    def play(self, scene: Scene) -> None:
        self._advance(BEGINS_AT + scene.at_seconds)
        buyer = self._buyers.get(scene.customer)
        if buyer is None:
            buyer = self._buyers[scene.customer] = self._welcome(*self.customers[scene.customer])
        scene.act(self._stage, buyer)

    def end(self) -> None:
        """The rest of the second month goes by."""
        self._advance(BEGINS_AT + _LAST_DAY * _DAY_SECONDS)

    def _advance(self, moment: int) -> None:
        if moment > self._now:
            self._stripe.create(f"test_helpers/test_clocks/{self._clock}/advance", frozen_time=moment)
            self._now = moment

    def _welcome(self, name: str, market: Market) -> Buyer:
        customer = self._stripe.create(
            "customers",
            name=name,
            email=f"books{len(self._buyers) + 1}@customer.example",
            address={"country": market.country},
            test_clock=self._clock,
        )
        return Buyer(customer["id"], market.currency, market.tax)
