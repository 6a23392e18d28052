"""The table of reliability.md 3.9, step by step."""

from __future__ import annotations

import pytest

from app.domain import retry
from app.domain.errors import Outcome
from app.domain.retry import LIMITS, RetryClass, RetryPolicy, classify, next_delay_s

S, MIN, H, DAYS = 1, 60, 3600, 86_400
LADDERS = [
    (
        retry.INITIATOR_NOTICE,
        [5 * S, 30 * S, 2 * MIN, 10 * MIN, 30 * MIN, 2 * H, 5 * H, 10 * H, 14 * H, 20 * H, 24 * H],
    ),
    (retry.PROVIDER_FETCH, [2 * S, 10 * S, MIN, 5 * MIN, 15 * MIN, H, 6 * H, *[DAYS] * 7]),
    (retry.ACCOUNTING, [MIN, 5 * MIN, 15 * MIN, H, 4 * H, 12 * H, *[DAYS] * 5]),
    (retry.MAIL, [MIN, 5 * MIN, 30 * MIN, *[2 * H] * 6]),
]


@pytest.mark.parametrize(("policy", "ladder"), LADDERS, ids=lambda each: getattr(each, "name", ""))
def test_every_step_of_a_ladder_is_taken_and_then_a_person_is_asked(policy: RetryPolicy, ladder: list[int]) -> None:
    tries = range(1, len(ladder) + 2)
    assert [next_delay_s(policy, tried) for tried in tries] == [*ladder, None]
    for tried, delay in enumerate(ladder, 1):
        assert next_delay_s(policy, tried, jitter=-20) == delay * 80 // 100
        assert next_delay_s(policy, tried, jitter=20) == delay * 120 // 100
        assert next_delay_s(policy, tried, jitter=99) == delay * 120 // 100, "no dice throw further than a fifth"


@pytest.mark.parametrize(("kind", "tries"), [(RetryClass.LIMITED, 3), (RetryClass.POISON, 5)])
def test_a_refusal_has_three_tries_and_a_bug_of_ours_five(kind: RetryClass, tries: int) -> None:
    given = [next_delay_s(retry.INITIATOR_NOTICE, tried, tries=LIMITS[kind]) for tried in range(1, tries + 2)]
    assert [each is None for each in given] == [False] * (tries - 1) + [True] * 2


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 599])
def test_what_passes_is_tried_again_for_as_long_as_the_ladder_is(status: int) -> None:
    assert classify(status, Outcome.REFUSED) is RetryClass.RETRY
    assert RetryClass.RETRY not in LIMITS


@pytest.mark.parametrize("status", [300, 301, 302, 307, 308, 400, 401, 403, 404, 405, 413, 418, 422, 451, 499])
def test_what_does_not_pass_is_a_refusal_a_redirect_too(status: int) -> None:
    assert classify(status, Outcome.REFUSED) is RetryClass.LIMITED


def test_whoever_says_when_is_obeyed_for_a_day_at_most() -> None:
    for asked, waited in ((None, 5), (1, 5), (3600, 3600), (DAYS, DAYS), (DAYS + 1, DAYS)):
        assert next_delay_s(retry.INITIATOR_NOTICE, 1, retry_after_s=asked) == waited
