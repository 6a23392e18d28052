"""How a kind of work is done: the two shapes a row of the table in `dispatch.py` may have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.domain.ports import Answer
    from app.domain.retry import RetryPolicy
    from app.integrations import Integrations
    from app.services.outbox import Claimed

LEASE_S = 60


@dataclass(frozen=True, slots=True)
class RowHandler:
    """Work that leaves the house: one row at a time, no transaction open while it is out.

    `after_unknown` decides about a row that must not be repeated when its answer is lost; `delivered` and `given_up`
    run in the transaction that ends the row, and a bug in them does not undo the end.
    """

    send: Callable[[Claimed, Integrations], Answer | None]
    policy: RetryPolicy
    lease_s: int = LEASE_S
    after_unknown: Callable[[Claimed], None] | None = None
    delivered: Callable[[Claimed, Answer], None] | None = None
    given_up: Callable[[Claimed], None] | None = None


@dataclass(frozen=True, slots=True)
class BatchHandler:
    """Work inside the database: many rows, one effect, one commit.

    `before` is done first, in transactions of its own: work that may be repeated, and must not fail as a whole.
    """

    run: Callable[[Sequence[Claimed]], None]
    policy: RetryPolicy
    before: Callable[[], object] | None = None


Handler = RowHandler | BatchHandler
Handlers = Mapping[str, Handler]
