"""Verbs as one transaction, in earnest or as a rehearsal that leaves nothing behind (features.md, idea 19)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from app.queries.consequences import Consequences, of_this_transaction
from app.uow import in_transaction, retried, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

R = TypeVar("R")


class _Over(Exception):
    """The rehearsal is over: everything it did is undone."""


@retried
def together(verb: Callable[[], R]) -> R:
    """Return what the verb returns, all it does in one transaction."""
    with transaction():
        return verb()


@retried
def undone(verb: Callable[[], R]) -> R:
    """Return what the verb would return, and undo all of it. Raises what the verb raises."""
    results: list[R] = []
    try:
        with transaction():
            results.append(verb())
            raise _Over  # noqa: TRY301 - the one way to roll back what was done
    except _Over:
        return results[0]


def rehearse(verb: Callable[[], R], owns: Sequence[int]) -> tuple[R, Consequences]:
    """Return what the verb would return and what would follow, and undo all of it: rows, numbers, outbox, timeline.

    The verb must call nobody. Raises what the verb raises, RuntimeError inside a transaction.
    """
    if in_transaction():
        raise RuntimeError("A rehearsal is a transaction of its own")
    return undone(lambda: (verb(), of_this_transaction(owns)))
