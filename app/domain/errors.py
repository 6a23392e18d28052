"""The five families of errors; a door knows them and nothing more precise."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from app.domain.covering import cover_text

SERVER_ERROR, TIMED_OUT = 500, 408


class BillingError(Exception):
    """Something in billing went wrong."""

    def __str__(self) -> str:
        """Return the given sentence, or the first line of the class's docstring."""
        return super().__str__() or (self.__doc__ or "").strip().splitlines()[0]


class NotFound(BillingError):
    """There is no such thing, or it is not yours to see."""

    def __init__(self, noun: str, key: object, sentence: str = "") -> None:
        super().__init__(sentence or f"{noun.capitalize()} {key} not found")
        self.noun = noun
        self.key = key


class Invalid(BillingError):
    """The request carries values that cannot be accepted.

    `fields` maps each field's name to what is wrong with it and how to mend it.
    """

    def __init__(self, fields: dict[str, list[str]], sentence: str = "") -> None:
        super().__init__(sentence or "; ".join(f"{name} {', '.join(faults)}" for name, faults in fields.items()))
        self.fields = fields

    @classmethod
    def field(cls, name: str, fault: str) -> Invalid:
        """Return the error for one field."""
        return cls({name: [fault]})


class Conflict(BillingError):
    """The state of the thing forbids this.

    `fields` may name what of several things it is, as those of `Invalid` do.
    """

    def __init__(self, sentence: str = "", *, code: str = "conflict", **data: Any) -> None:
        super().__init__(sentence)
        self.code = code
        self.data = data


class Forbidden(BillingError):
    """You may not do this."""


class Outcome(StrEnum):
    """What is known about an outgoing call that did not succeed (reliability.md 3.9)."""

    NOT_SENT = "not_sent"  # the request never left: repeat freely
    REFUSED = "refused"  # the receiver answered, and the answer is no
    UNKNOWN = "unknown"  # the request left and no usable answer came: it may have been executed


class ProviderFailure(BillingError):
    """A provider did not do what it was asked."""

    # What callers are told where it is not that the provider does not answer.
    told = ""

    def __init__(
        self,
        provider: str,
        detail: str,
        *,
        outcome: Outcome,
        permanent: bool = False,
        status: int | None = None,
        code: int | str | None = None,
        retry_after_s: int | None = None,
        order_taken: bool = False,
    ) -> None:
        # What a provider says is kept on timelines, sealed, and shown: it may quote a payer or what we signed with.
        self.detail = cover_text(detail)
        super().__init__(f"{provider}: {self.detail}")
        self.provider = provider
        self.outcome = outcome
        self.permanent = permanent
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s
        # The gateway knows our order reference from another payment, such as a link somebody opened.
        self.order_taken = order_taken

    @property
    def may_have_been_executed(self) -> bool:
        """Return whether the work may be done all the same: no usable answer came, or a server's own failure.

        Such an end is unknown, never failed: who stumbled, or gave up waiting, does not say how far it had come.
        """
        status = self.status or 0
        stumbled = status >= SERVER_ERROR or status == TIMED_OUT
        return self.outcome is Outcome.UNKNOWN or (self.outcome is Outcome.REFUSED and stumbled)
