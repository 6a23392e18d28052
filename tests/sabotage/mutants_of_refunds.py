"""Bugs in giving money back, each with the tests that must turn red."""

from __future__ import annotations

from tests.sabotage.mutant import Mutant

REFUNDS = [
    Mutant(
        "a refusal is kept with the people it quotes",
        "app/domain/errors.py",
        "        self.detail = cover_text(detail)\n",
        "        self.detail = detail\n",
        "tests/services/test_quoted_people.py -k refund",
    ),
    Mutant(
        "money a service took for a cancelled invoice is refused and forgotten",
        "app/services/status_reports.py",
        "            _ask_about_late_money(invoice, caller)\n",
        "            pass\n",
        "tests/services/test_late_money.py -k service",
    ),
    Mutant(
        "a question outlives its message",
        "app/services/delivery_outcomes.py",
        "        got_through([row])\n",
        "        got_through([])\n",
        "tests/services/test_outbox.py -k got_through",
    ),
    Mutant(
        "a refund beyond what is left",
        "app/domain/refund.py",
        "    if asked.minor > of.left_minor:\n",
        "    if asked.minor > of.captured_minor:\n",
        "tests/services/test_refunds.py -k reserved",
    ),
    Mutant(
        "a lost answer to a refund is a failure",
        "app/services/refund_calls.py",
        "    return failure.may_have_been_executed or str(failure.code) == NONCE_USED\n",
        "    return str(failure.code) == NONCE_USED\n",
        "tests/services/test_refund_calls.py -k after_it_was_done",
    ),
    Mutant(
        "what a server stumbled over is a failure",
        "app/domain/errors.py",
        "        return self.outcome is Outcome.UNKNOWN or (self.outcome is Outcome.REFUSED and stumbled)\n",
        "        return self.outcome is Outcome.UNKNOWN and not stumbled\n",
        "tests/services/test_money_path.py -k lost_after_the_gateway",
    ),
    Mutant(
        "a lost place under a key goes on",
        "app/services/idempotency.py",
        "        if until is None:\n            raise StillRunning\n",
        "        if until is None:\n            return\n",
        "tests/api/test_idempotency_places.py",
    ),
    Mutant(
        "the floor of the sealer does not wait for writers",
        "app/services/sealing.py",
        "            _tell_of_long(chain, waited_for)\n            return\n",
        "            _tell_of_long(chain, waited_for)\n",
        "tests/services/test_sealing.py -k however_many",
    ),
    Mutant(
        "a refund is sent again",
        "app/services/refund_calls.py",
        "        if refund.status != RefundStatus.REQUESTED:\n            return RefundStatus(refund.status)\n",
        "        if refund.status == RefundStatus.SUCCEEDED:\n            return RefundStatus(refund.status)\n",
        "tests/services/test_refund_calls.py -k after_it_was_done",
    ),
    Mutant(
        "who asks for a refund agrees to it",
        "app/services/refunds.py",
        "    if refund.requested_by == str(actor):\n        raise SamePerson\n",
        "",
        "tests/services/test_refunds.py -k requester",
    ),
    Mutant(
        "a credit is promised twice",
        "app/services/payer_credits.py",
        "    free = surplus.left_minor - reserved_minor(surplus.payment_id, None)\n",
        "    free = surplus.left_minor\n",
        "tests/services/test_payer_credits.py -k promised",
    ),
    Mutant(
        "a chargeback is no loss",
        "app/services/disputes.py",
        "        invoice.lost_minor += dispute.invoice_minor\n        recompute(invoice)\n",
        "        recompute(invoice)\n",
        "tests/services/test_chargebacks.py -k noticed",
    ),
    Mutant(
        "a chargeback takes all that was disputed",
        "app/services/disputes.py",
        "    if known is not None and known.amount_minor <= gone:\n",
        "    if known is not None:\n",
        "tests/services/test_chargebacks.py -k less_than_was_disputed",
    ),
    Mutant(
        "a dispute of money that is gone goes on",
        "app/services/refund_outcomes.py",
        "    _end_dispute_of_returned(payment, parts)\n",
        "",
        "tests/services/test_disputes.py -k money_that_went_back",
    ),
    Mutant(
        "a void of what was taken is a bug",
        "app/services/voids.py",
        "            raise NothingReserved(\n",
        "            raise Conflict(\n",
        "tests/services/test_competing_attempts.py -k before_the_void",
    ),
    Mutant(
        "a refund is sent without asking what is left",
        "app/services/refund_calls.py",
        "        found = _went_back_already(sending, gateway)\n",
        "        found = None\n",
        "tests/services/test_restored_books.py -k not_sent_again",
    ),
]
