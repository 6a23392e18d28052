"""One row, or the rows of one number, of the system before as what we know: nothing is guessed (eis.md 3, 10.1.4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeGuard

from app.domain import legacy_description
from app.domain.deposit import DepositOf
from app.domain.exact_json import storable
from app.domain.invoice import EIS_NUMBER
from app.domain.legacy_description import Members, RelatedTo, Reservation
from app.domain.money import Money
from app.domain.reference import is_valid
from app.services.import_outcome import Refused
from app.services.imports import EVERYPAY, SERVICE, Claim, Incoming, IncomingReference
from app.services.invoices import HIGHEST_NUMBER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from app.domain.legacy_description import Meaning

CURRENCY = "EUR"  # the one currency of the old tables
LARGEST_MINOR = 10**12
LONGEST_TEXT, LONGEST_NAME = 2_000, 300
WORDS = {number: word for word, number in EIS_NUMBER.items()}
KINDS = {0: "regular", 1: "auction_deposit", 2: "linkpay"}
SETTLED = {"settled", "refunded", "partially_refunded"}
# Of several rows with one number, the one in which most has happened is the invoice.
RANK = {"paid": 0, "refunded": 1, "overdue": 2, "unpaid": 3, "failed": 4, "cancelled": 5}
TOOK_MONEY = {"paid", "refunded"}
GIVEN_BACK = "failed there, because the gateway's word of the refund was taken for a failure: taken as refunded"
NOT_TAKEN = "another row with this number was taken"
ALSO_PAID = "another row with this number was taken, and this one was paid too: its money is not in the books here"


@dataclass(frozen=True, slots=True)
class Target:
    """Where the rows go: the known initiators, and the range from which bulk payments took their numbers."""

    initiators: frozenset[str]
    deposit_range: range


@dataclass(frozen=True, slots=True)
class _Old:
    """An old row that can be an invoice, and what its text means."""

    incoming: Incoming
    meaning: Meaning


def invoices(rows: Iterable[dict[str, Any]], target: Target) -> Iterator[Incoming | Refused]:
    """Return an invoice for every number, and why the other rows are none; rows must come by number."""
    for _, same in groupby(rows, key=lambda row: row["invoice_number"]):
        yield from _one_number(list(same), target)


def references(rows: Iterable[dict[str, Any]], target: Target) -> Iterator[IncomingReference | Refused]:
    """Return the reference numbers, and why some cannot be taken."""
    for position, row in enumerate(rows):
        number = str(row["reference_number"] or "")
        if number.startswith("0") or not is_valid(number):
            yield Refused(position, number[:40], "is no reference number: its check digit is wrong")
        elif row["initiator"] not in target.initiators:
            yield Refused(position, number, f"its initiator {row['initiator']!a} is not known here")
        else:
            owner, email = (str(storable(row[name] or ""))[:LONGEST_NAME] for name in ("owner", "email"))
            yield IncomingReference(position, number, row["initiator"], owner, email)


def _one_number(rows: list[dict[str, Any]], target: Target) -> Iterator[Incoming | Refused]:
    old: list[_Old] = []
    for row in rows:
        reason = _fault(row, target)
        if reason:
            yield Refused(row["id"], str(row["invoice_number"]), reason)
        else:
            old.append(_read(row, target))
    if not old:
        return
    chosen = min(old, key=lambda each: (RANK[each.incoming.word], each.incoming.position))
    if isinstance(chosen.meaning, Reservation):
        holders = [each for each in old if isinstance(each.meaning, Reservation) and _whose(each) == _whose(chosen)]
        yield _shared(chosen, holders)
    else:
        holders = [chosen]
        yield chosen.incoming
    for each in old:
        is_second = each is not chosen and _took_money(each)
        if is_second or each not in holders:
            reason = ALSO_PAID if is_second else NOT_TAKEN
            yield Refused(each.incoming.position, str(each.incoming.number), reason)


def _took_money(old: _Old) -> bool:
    return old.incoming.word in TOOK_MONEY and old.incoming.total.minor > 0


def _whose(old: _Old) -> str:
    return old.incoming.initiator


def _shared(chosen: _Old, holders: list[_Old]) -> Incoming:
    """Return the invoice with everybody's claim on its number; the one that was paid has won (eis.md 10.1.4)."""
    claims: dict[str, Claim] = {}
    for each in [chosen, *holders]:
        assert isinstance(each.meaning, Reservation)  # noqa: S101 - they were chosen for it
        won = each is chosen and each.incoming.word == "paid"
        claim = Claim(each.meaning.holder, each.meaning.names, each.incoming.total.minor, won)
        claims.setdefault(claim.holder, claim)
    note = "reservations: one claim per holder"
    return replace(chosen.incoming, claims=tuple(claims.values()), note=chosen.incoming.note or note)


def _fault(row: dict[str, Any], target: Target) -> str:
    """Return why this row cannot be an invoice here, or nothing."""
    if not 1 <= row["invoice_number"] <= HIGHEST_NUMBER:
        return "its number is none"
    if row["initiator"] not in target.initiators:
        return f"its initiator {row['initiator'][:60]!a} is not known here"
    if row["status"] not in WORDS:
        return f"its status {row['status']} is not known here"
    if not row["is_dated"]:
        return "one of its times is not between 1990 and 2100"
    return _fault_of_amount(row["transaction_amount"])


def _fault_of_amount(amount: Decimal | None) -> str:
    if amount is None or not amount.is_finite():
        return "it has no amount"
    if amount < 0 or amount * 100 != (amount * 100).to_integral_value() or amount * 100 > LARGEST_MINOR:
        return "its amount is no number of cents"
    return ""


def _read(row: dict[str, Any], target: Target) -> _Old:
    word = WORDS[row["status"]]
    text = str(storable(row["description"] or ""))
    meaning = legacy_description.parse(text)
    was_given_back = word == "failed" and not isinstance(meaning, RelatedTo | Members) and _is_given_back(row)
    incoming = Incoming(
        position=row["id"],
        number=row["invoice_number"],
        initiator=row["initiator"],
        total=Money(int(row["transaction_amount"] * 100), CURRENCY),
        word="refunded" if was_given_back else word,
        occurred_at=row["transaction_time"] or row["updated_at"],
        created_at=row["created_at"],
        kind=KINDS.get(row["affiliation"] or 0, "regular"),
        description=text[:LONGEST_TEXT],
        in_directo=bool(row["in_directo"]),
        e_invoice_sent_at=row["sent_at_omniva"],
        deposit=meaning if isinstance(meaning, DepositOf) and row["initiator"] == "auction" else None,
        note=GIVEN_BACK if was_given_back else None,
    )
    return _Old(_with_payment(_grouped(incoming, meaning, target), row, meaning), meaning)


def _grouped(incoming: Incoming, meaning: Meaning, target: Target) -> Incoming:
    """Tell bulk payments from free texts that look like them: only the auction's, in their own range (SEC-4)."""
    if isinstance(meaning, RelatedTo) and incoming.word in TOOK_MONEY:
        return replace(incoming, paid_by=meaning.number, gateway=EVERYPAY)
    is_bulk = (
        isinstance(meaning, Members)
        and incoming.initiator == "auction"
        and incoming.kind == "regular"
        and incoming.number in target.deposit_range
    )
    return replace(incoming, kind="bulk", note="bulk payments: its members were paid by it") if is_bulk else incoming


def _is_given_back(row: dict[str, Any]) -> bool:
    """Tell whether the gateway said it gave all of it back: the system before noted that as failed (eis.md REL-5)."""
    snapshot = row["everypay_response"]
    return (
        _is_about(snapshot, row["payment_reference"])
        and snapshot.get("payment_state") == "refunded"
        and not snapshot.get("standing_amount")
        and _is_whole(snapshot, int(row["transaction_amount"] * 100))
    )


def _is_about(snapshot: object, reference: str | None) -> TypeGuard[dict[str, Any]]:
    """Tell whether this is what the gateway said of the payment with this reference."""
    return bool(reference) and isinstance(snapshot, dict) and snapshot.get("payment_reference", reference) == reference


def _is_whole(snapshot: dict[str, Any], minor: int) -> bool:
    amount = snapshot.get("initial_amount")
    return isinstance(amount, int | Decimal) and amount * 100 == minor


def _with_payment(incoming: Incoming, row: dict[str, Any], meaning: Meaning) -> Incoming:
    """Add the gateway's payment when what it said proves the whole amount; else it is the service's word."""
    if incoming.word not in TOOK_MONEY or not incoming.total.minor or incoming.paid_by is not None:
        return incoming
    snapshot, reference = row["everypay_response"], row["payment_reference"]
    if not reference and not snapshot:
        return _noted(incoming, "paid without a gateway: taken as paid by report of its service")
    if not _is_about(snapshot, reference) or snapshot.get("payment_state") not in SETTLED:
        return _noted(incoming, "the gateway's answer does not prove it paid: taken as paid by report of its service")
    if not _is_whole(snapshot, incoming.total.minor):
        return _noted(incoming, "the gateway names another amount: taken as paid by report of its service")
    note = incoming.note or ("deposits" if isinstance(meaning, DepositOf) else None)
    return replace(
        incoming,
        gateway=EVERYPAY,
        account=str(snapshot.get("account_name") or "")[:60],
        external_id=str(storable(reference))[:200],
        snapshot=storable(snapshot),
        note=note,
    )


def _noted(incoming: Incoming, note: str) -> Incoming:
    return replace(incoming, gateway=SERVICE, note=note)
