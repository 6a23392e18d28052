"""Bugs that others have shipped, each as one change of one file, and the tests that must turn red (reliability.md 4.9).

A text that is not found exactly once fails the suite: the table is kept as the code moves.
"""

from __future__ import annotations

from tests.sabotage.mutant import Mutant
from tests.sabotage.mutants_of_closed_days import CLOSED_DAYS
from tests.sabotage.mutants_of_doors import DOORS
from tests.sabotage.mutants_of_guards import GUARDS
from tests.sabotage.mutants_of_imports import IMPORTS
from tests.sabotage.mutants_of_letters import LETTERS
from tests.sabotage.mutants_of_many_invoices import MANY_INVOICES
from tests.sabotage.mutants_of_pages import OPEN_PAGES
from tests.sabotage.mutants_of_refunds import REFUNDS
from tests.sabotage.mutants_of_registering import REGISTERING
from tests.sabotage.mutants_of_settlement import SETTLEMENT
from tests.sabotage.mutants_of_stopping import STOPPING

MUTANTS = [
    *GUARDS,
    Mutant(
        "a bulk payment is not shared out",
        "app/services/bulk_members.py",
        "    members = members_of(invoice.id)\n    amounts",
        "    members = members_of(invoice.id)[:1]\n    amounts",
        "tests/services/test_bulk_payments.py -k told",
    ),
    Mutant(
        "no lock on the invoice",
        "app/services/invoice_status.py",
        "        .order_by(Invoice.id)\n        .with_for_update()\n",
        "        .order_by(Invoice.id)\n",
        "tests/services/test_interleavings.py -k two_payments",
    ),
    Mutant(
        "a row for two workers",
        "app/services/outbox.py",
        "order by run_at, id limit :limit for update skip locked) due",
        "order by run_at, id limit :limit) due",
        "tests/services/test_outbox.py",
    ),
    Mutant(
        "a late finisher finishes",
        "app/services/outbox.py",
        "answer_ms = :ms, last_error_class = null, last_error = null\n where id = :id and lease_token = :token",
        "answer_ms = :ms, last_error_class = null, last_error = null\n where id = :id and :token = :token",
        "tests/services/test_outbox.py",
    ),
    Mutant(
        "work is owed after the commit",
        "app/services/outbox.py",
        '    if not in_transaction():\n        raise RuntimeError("What is owed is written with its cause")\n',
        "",
        "tests/services/test_outbox.py",
    ),
    Mutant(
        "a request leaves inside a transaction",
        "app/uow.py",
        "    if in_transaction():\n        raise TransactionOpen\n",
        "",
        "tests/services/test_outbox.py",
    ),
    Mutant(
        "a time-out is taken for a refusal",
        "app/integrations/http.py",
        "outcome = Outcome.NOT_SENT if isinstance(fault, _NEVER_LEFT) else Outcome.UNKNOWN",
        "outcome = Outcome.NOT_SENT if isinstance(fault, _NEVER_LEFT) else Outcome.REFUSED",
        "tests/integrations/test_http.py",
    ),
    Mutant(
        "a state nobody knows is a failure",
        "app/integrations/everypay/wire.py",
        "return STATES.get(state, ObservedState.UNKNOWN) if",
        "return STATES.get(state, ObservedState.FAILED) if",
        "tests/integrations/everypay/test_wire.py",
    ),
    Mutant(
        "any account is ours",
        "app/services/payment_discrepancies.py",
        "    if fetched.account != payment.account or payment.account != gateway.account:\n",
        "    if False:\n",
        "tests/services/test_money_path.py",
    ),
    Mutant(
        "any amount is enough",
        "app/services/payment_discrepancies.py",
        "    if fetched.initial != asked:\n",
        "    if fetched.initial is None:\n",
        "tests/services/test_money_path.py",
    ),
    Mutant(
        "amounts are floats",
        "app/domain/money.py",
        'return Money(int(whole + fraction.ljust(exponent, "0")), currency)',
        "return Money(int(float(text) * 10**exponent), currency)",
        "tests/domain/test_money.py",
    ),
    Mutant(
        "paid goes back to failed",
        "app/domain/payment.py",
        "    if via is None and (current, wish) not in EDGES:\n",
        "    if via is None and (current, wish) not in EDGES and current in ENDED:\n",
        "tests/domain/test_payment.py",
    ),
    Mutant(
        "a refund that is told again is news",
        "app/domain/payment.py",
        "    held_minor = captured_minor - refunded_minor\n",
        "    held_minor = captured_minor\n",
        "tests/services/test_repeated_news.py",
    ),
    *CLOSED_DAYS,
    *DOORS,
    *IMPORTS,
    *MANY_INVOICES,
    *OPEN_PAGES,
    *REFUNDS,
    *REGISTERING,
    *SETTLEMENT,
    *STOPPING,
    *LETTERS,
    Mutant(
        "the last number is never given",
        "app/services/numbering.py",
        "next_number + :count - 1 <= last_number",
        "next_number + :count - 1 < last_number",
        "tests/services/test_interleavings.py -k 4001",
        times=2,
    ),
    Mutant(
        "the next number is the highest and one",
        "app/services/numbering.py",
        "    numbers = sorted(tx.execute(TAKE, wanted).scalars())\n    while",
        "    return [1 + (tx.scalar(text('select max(number) from number_reservation')) or 150004)]\n    while",
        "tests/services/test_interleavings.py -k 4001",
    ),
    Mutant(
        "any currency is ours",
        "app/services/payment_discrepancies.py",
        "    if fetched.initial != asked:\n",
        "    if fetched.initial is None or fetched.initial.minor != asked.minor:\n",
        "tests/services/test_money_path.py -k currency",
    ),
    Mutant(
        "a worker listens on several queues",
        "app/queue/worker.py",
        "            raise OneQueueOnly\n",
        "            return\n",
        "tests/jobs/test_queue.py -k second_queue",
    ),
    Mutant(
        "whoever claims remembers where it was",
        "app/services/outbox.py",
        "  from (select id from outbox where {which} and state = 'pending'\n",
        "  from (select id from outbox where {which} and state = 'pending'\n"
        "           and id > (select coalesce(max(seen.id), 0) from outbox seen where seen.state <> 'pending')\n",
        "tests/jobs/test_relay.py -k late_commit",
    ),
    Mutant(
        "a bug is kept as the answer",
        "app/services/idempotency.py",
        "        reply = execute()\n        _keep(tx, call, reply)\n",
        "        try:\n            reply = execute()\n        except Exception:\n            reply = Reply(500, {})\n"
        "        _keep(tx, call, reply)\n",
        "tests/api/test_idempotency.py -k bug",
    ),
    Mutant(
        "the janitor forgets what it could not do",
        "app/services/delivery.py",
        "            handler.run(ours)\n",
        "            with __import__('contextlib').suppress(Exception):\n                handler.run(ours)\n",
        "tests/services/test_outbox_turns.py -k poisonous",
    ),
    Mutant(
        "the clock takes the reference of a payment somebody looks at",
        "app/services/janitor.py",
        "of=[GatewayReference, Payment]",
        "of=GatewayReference",
        "tests/services/test_interleaved_pairs.py -k clock",
    ),
    Mutant(
        "a worker keeps its dead connections",
        "app/queue/worker.py",
        "            _drop_dead_connections()\n",
        "",
        "tests/jobs/test_queue.py -k restarted",
    ),
    Mutant(
        "the country of a personal code does not matter",
        "app/services/operator_sessions.py",
        "WhiteCode.subject == identity.subject, WhiteCode",
        "WhiteCode.subject.endswith(identity.subject[-11:]), WhiteCode",
        "tests/web/test_sign_in.py",
    ),
    Mutant(
        "who was removed stays signed in",
        "app/services/operator_sessions.py",
        "*is_live(session_lengths()),\n                WhiteCode.revoked_at.is_(None),\n",
        "*is_live(session_lengths()),\n",
        "tests/web/test_sign_in.py",
    ),
    Mutant(
        "an address that begins like ours is ours",
        "app/domain/origin.py",
        "    return origin in {_origin(each) for each in allowed}\n",
        "    return any(url.startswith(each) for each in allowed)\n",
        "tests/domain/test_rules.py",
    ),
    Mutant(
        "any function may be carried",
        "app/queue/job.py",
        "(name not in ALLOWED and",
        "(False and",
        "tests/jobs/test_queue.py",
    ),
    Mutant(
        "jobs are pickles",
        "app/queue/job.py",
        "from rq.serializers import JSONSerializer\n",
        "from rq.serializers import DefaultSerializer as JSONSerializer\n",
        "tests/jobs/test_queue.py",
    ),
    Mutant(
        "a form without its token",
        "app/blueprints/__init__.py",
        "    Door(sessions, require_operator),\n",
        "    Door(sessions, require_operator, csrf=False),\n",
        "tests/web/test_csrf.py tests/architecture",
    ),
    Mutant(
        "a door without a guard",
        "app/blueprints/__init__.py",
        "    Door(invoices, require_operator),\n",
        "    Door(invoices, anybody),\n",
        "tests/architecture tests/web",
    ),
    Mutant(
        "a personal code in the log",
        "app/logs.py",
        '    (re.compile(r"(?<![0-9A-Za-z])(?:[A-Z]{2})?[1-8]',
        '    (re.compile(r"(?<![0-9A-Za-z])(?:[A-Z]{2})?[9]',
        "tests/test_logs.py",
    ),
    Mutant(
        "a link of the chain forgets the one before",
        "app/domain/chain.py",
        "hashlib.sha256(previous + canonical_bytes(row))",
        "hashlib.sha256(canonical_bytes(row))",
        "tests/domain tests/services/test_guards.py",
    ),
    Mutant(
        "a callback that says the same is no news",
        "app/services/inbox.py",
        "set dirty_seq = gateway_reference.dirty_seq + 1,",
        "set dirty_seq = gateway_reference.dirty_seq,",
        "tests/services/test_money_path.py tests/services/test_repeated_news.py tests/api/test_callback.py",
    ),
    Mutant(
        "a callback is believed without asking",
        "app/services/refresh.py",
        "    reference.clean_seq = max(reference.clean_seq, look.seen)\n    reference.last_fetched_at",
        "    reference.clean_seq = reference.dirty_seq\n    reference.last_fetched_at",
        "tests/services/test_repeated_news.py",
    ),
    Mutant(
        "the initiator is told twice",
        "app/services/notices.py",
        '        f"payment:{payment.id}:settled{of_a_member}",\n',
        "        f\"payment:{payment.id}:settled:{payment.version}:{__import__('time').time_ns()}\",\n",
        "tests/services/test_money_path.py tests/services/test_repeated_news.py",
    ),
    Mutant(
        "a signed link is not signed over everything",
        "app/integrations/everypay/links.py",
        "hmac.digest(self._key, query.encode(), hashlib.sha256)",
        "hmac.digest(self._key, query[:100].encode(), hashlib.sha256)",
        "tests/integrations/everypay/test_links.py",
    ),
]
