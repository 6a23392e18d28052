"""What must be true of invoices, their payments, the books and the news of them (reliability.md 4.5)."""

from __future__ import annotations

from app.services.invariant import Invariant

# Of money that came and went between two looks nobody is told (settlement.py).
IS_NEWS = """not exists (select 1 from event e where e.invoice_id = p.invoice_id and e.payment_id = p.id
                                               and e.kind = 'payment.settled' and e.data ->> 'gone' is not null)"""
PAYMENTS = (
    Invariant(
        "I1 balance",
        "every ledger transaction adds up to zero in each currency",
        "select count(*) from ledger_entry",
        "select transaction_id as id from ledger_entry group by transaction_id, currency having sum(amount_minor) <> 0",
    ),
    Invariant(
        "I2 one settlement",
        "a paid invoice has exactly one active settlement, and its allocations are what it shows as captured",
        "select count(*) from invoice",
        """select i.id from invoice i
             left join (select invoice_id, count(*) n from settlement where reversed_at is null group by 1) s
                    on s.invoice_id = i.id
             left join (select invoice_id, sum(amount_minor) a from allocation where reversed_at is null group by 1) a
                    on a.invoice_id = i.id
            where (i.kind <> 'bulk' and i.captured_minor <> coalesce(a.a, 0))
               or (i.paid_at is not null) <> (coalesce(s.n, 0) = 1)
               or (i.status = 'paid' and i.captured_minor - i.refunded_minor < i.total_minor - i.credited_minor)""",
    ),
    Invariant(
        "I3 money in the books",
        "what a gateway clears for us in the books is what its payments captured minus what went back",
        "select count(*) from payment",
        """select coalesce(p.gateway, l.gateway) as id
             from (select tenant_id, gateway, currency, sum(minor) held
                     from (select tenant_id, gateway, currency,
                                  captured_minor - refunded_minor - lost_minor + outside_minor as minor
                             from payment where gateway <> 'service'
                           union all
                           select tenant_id, 'bank', currency, -outside_minor from payment where outside_minor > 0) side
                    group by 1, 2, 3) p
             full join (select e.tenant_id, substr(a.code, 10) as gateway, e.currency, sum(e.amount_minor) held
                          from ledger_entry e join ledger_account a on a.id = e.account_id
                         where a.code like 'clearing:%%' group by 1, 2, 3) l using (tenant_id, gateway, currency)
            where coalesce(p.held, 0) <> coalesce(l.held, 0)""",
    ),
    Invariant(
        "I4 every payment has a fact",
        "a completed hosted payment carries what the gateway said",
        "select count(*) from payment where completed_at is not null",
        """select id from payment where completed_at is not null and method in ('hosted', 'linkpay')
            and (snapshot is null or external_id is null)""",
    ),
    Invariant(
        "I3 every cent has its place",
        "what a payment captured was given to invoices or is the payer's credit",
        "select count(*) from payment where completed_at is not null",
        """select p.id from payment p
             left join (select payment_id, sum(amount_minor) given from allocation
                         where reversed_at is null group by 1) a on a.payment_id = p.id
             left join surplus s on s.payment_id = p.id
            where p.captured_minor <> coalesce(a.given, 0) + coalesce(s.amount_minor - s.applied_minor, 0)""",
    ),
    Invariant(
        "I5 refunds",
        "no payment gives back, and has disputed, more than it captured",
        "select count(*) from refund",
        """select p.id from payment p
             left join (select payment_id, sum(amount_minor) going from refund
                         where status not in ('failed', 'cancelled') group by 1) r on r.payment_id = p.id
             left join (select payment_id, sum(amount_minor) gone from dispute
                         where status in ('opened', 'under_review', 'lost') group by 1) d on d.payment_id = p.id
            where coalesce(r.going, 0) + coalesce(d.gone, 0) > p.captured_minor""",
    ),
    Invariant(
        "I5 what went back",
        "a payment shows as given back what its refunds gave back, and as lost what its disputes lost",
        "select count(*) from payment where completed_at is not null",
        """select p.id from payment p
             left join (select payment_id, sum(amount_minor) back,
                               sum(amount_minor) filter (where made_outside_on is not null) outside
                          from refund where status = 'succeeded' group by 1) r
                    on r.payment_id = p.id
             left join (select payment_id, sum(amount_minor) lost from dispute where status = 'lost' group by 1) d
                    on d.payment_id = p.id
            where p.refunded_minor <> coalesce(r.back, 0) or p.outside_minor <> coalesce(r.outside, 0)
               or p.lost_minor <> coalesce(d.lost, 0)""",
    ),
    Invariant(
        "I5 what went back of an invoice",
        "an invoice shows what refunds took from it, what disputes lost and what open ones hold back",
        "select count(*) from invoice",
        """select i.id from invoice i
             left join (select invoice_id, sum(amount_minor) back from refund where status = 'succeeded' group by 1) r
                    on r.invoice_id = i.id
             left join (select invoice_id, sum(invoice_minor) filter (where status = 'lost') lost,
                               sum(invoice_minor) filter (where status in ('opened', 'under_review')) held
                          from dispute group by 1) d on d.invoice_id = i.id
            where i.kind <> 'bulk'
              and (i.refunded_minor <> coalesce(r.back, 0) or i.lost_minor <> coalesce(d.lost, 0)
                   or i.disputed_minor <> coalesce(d.held, 0))""",
    ),
    Invariant(
        "B4 bulk money back",
        "a bulk payment shows as given back and as lost what went of the money that came for it",
        "select count(*) from invoice where kind = 'bulk'",
        """select i.id from invoice i
             left join (select invoice_id, sum(refunded_minor) back, sum(lost_minor) lost from payment group by 1) p
                    on p.invoice_id = i.id
            where i.kind = 'bulk'
              and (i.refunded_minor <> least(i.captured_minor, coalesce(p.back, 0))
                   or i.lost_minor <> least(i.captured_minor - i.refunded_minor, coalesce(p.lost, 0)))""",
    ),
    Invariant(
        "I5 refunds go on",
        "a refund that may leave is owed, and one whose fate is open is looked for",
        "select count(*) from refund where status in ('requested', 'processing', 'unknown')",
        """select r.id from refund r where r.status in ('processing', 'unknown') and r.next_check_at is null
           union all
           select r.id from refund r where r.status = 'requested'
              and not exists (select 1 from outbox o where o.kind = 'gateway.refund.execute'
                                 and o.dedupe_key = 'refund:' || r.id and o.state in ('pending', 'leased'))""",
    ),
    Invariant(
        "I5 credit",
        "the credit of payers in the books is what is left of what their invoices did not need",
        "select count(*) from surplus",
        """select coalesce(s.code, l.code) as id
             from (select s.tenant_id, 'credit:' || n.code as code, s.currency,
                          sum(s.amount_minor - s.refunded_minor - s.applied_minor - s.lost_minor) credit
                     from surplus s join initiator n on n.id = s.initiator_id group by 1, 2, 3) s
             full join (select e.tenant_id, a.code, e.currency, -sum(e.amount_minor) credit
                          from ledger_entry e join ledger_account a on a.id = e.account_id
                         where a.code like 'credit:%%' group by 1, 2, 3) l using (tenant_id, code, currency)
            where coalesce(s.credit, 0) <> coalesce(l.credit, 0)
           union all
           select s.id::text from surplus s
             left join (select payment_id, sum(amount_minor) back from refund
                         where status = 'succeeded' and invoice_id is null group by 1) r on r.payment_id = s.payment_id
            where s.refunded_minor <> coalesce(r.back, 0)""",
    ),
    Invariant(
        "I6 receivables",
        "what payers owe in the books is what open invoices still need",
        "select count(*) from invoice where issued_at is not null",
        """select coalesce(i.code, l.code) as id
             from (select i.tenant_id, 'receivables:' || n.code as code, i.currency,
                          sum(case when i.cancelled_at is not null then 0
                                   else i.total_minor - i.credited_minor - i.captured_minor end) owed
                     from invoice i join initiator n on n.id = i.initiator_id
                    where i.issued_at is not null and i.kind <> 'bulk' group by 1, 2, 3) i
             full join (select e.tenant_id, a.code, e.currency, sum(e.amount_minor) owed
                          from ledger_entry e join ledger_account a on a.id = e.account_id
                         where a.code like 'receivables:%%' group by 1, 2, 3) l using (tenant_id, code, currency)
            where coalesce(i.owed, 0) <> coalesce(l.owed, 0)""",
    ),
    Invariant(
        "I7 news is owed",
        "every payment that paid an invoice of a listening service has one notice; what was imported is known there",
        "select count(*) from payment where completed_at is not null",
        f"""select p.id from payment p join initiator n on n.id = p.initiator_id
            where p.completed_at is not null and p.method in ('hosted', 'linkpay') and p.import_batch_id is null
              and {IS_NEWS}
              and n.code in ('registry', 'auction', 'eeid')
              and exists (select 1 from settlement a join invoice of on of.id = a.invoice_id and of.kind <> 'bulk'
                           where a.payment_id = p.id
                             and not exists (select 1 from ledger_transaction t where t.kind = 'credit.applied'
                                                and t.payment_id = p.id and t.invoice_id = a.invoice_id))
              and not exists (select 1 from deposit d where d.invoice_id = p.invoice_id)
              and (n.code = 'auction'
                   or not exists (select 1 from invoice i where i.id = p.invoice_id and i.kind = 'bulk'))
              and not exists (select 1 from outbox o where o.kind = 'initiator.payment.notify'
                                 and o.dedupe_key = 'payment:' || p.id || ':settled')""",  # noqa: S608 - own text
    ),
    Invariant(
        "I8 every change is told",
        "every invoice and every completed payment stands on the timeline",
        "select count(*) from event",
        """select i.id from invoice i where i.issued_at is not null
              and not exists (select 1 from event e where e.invoice_id = i.id and e.kind = 'invoice.issued')
           union all
           select p.id from payment p where p.completed_at is not null
              and not exists (select 1 from event e where e.payment_id = p.id and e.kind = 'payment.settled')""",
    ),
    Invariant(
        "I11 numbers",
        "every number of a range that was given stands below its counter, once",
        "select count(*) from number_reservation",
        """select r.id from number_reservation r join number_range g on g.id = r.range_id
            where r.number >= g.next_number or r.number < g.first_number or r.number > g.last_number""",
    ),
    Invariant(
        "B1 bulk members",
        "a bulk payment asks for what its members were to get, and shows as captured what came for it",
        "select count(*) from bulk_member",
        """select i.id from invoice i
            where i.kind = 'bulk'
              and (i.total_minor <> (select coalesce(sum(m.amount_minor), 0)
                                       from bulk_member m where m.parent_id = i.id)
                   or i.captured_minor <> least(i.total_minor, (select coalesce(sum(p.captured_minor), 0) from payment p
                                                                 where p.invoice_id = i.id)))""",
    ),
    Invariant(
        "B2 bulk money",
        "what came for a bulk payment went to its members, none more than agreed, or is the payer's credit",
        "select count(*) from payment p join invoice i on i.id = p.invoice_id where i.kind = 'bulk'",
        """select p.id from payment p join invoice i on i.id = p.invoice_id and i.kind = 'bulk'
             left join lateral (
               select sum(side.minor) came, bool_and(side.minor <= coalesce(m.amount_minor, 0) or side.credit) agreed
                 from (select t.invoice_id, c.code like 'credit:%%' as credit, -sum(e.amount_minor) as minor
                         from ledger_transaction t join ledger_entry e on e.transaction_id = t.id
                         join ledger_account c on c.id = e.account_id
                        where t.payment_id = p.id and t.kind = 'payment.received'
                          and (c.code like 'credit:%%' or c.code like 'receivables:%%')
                        group by 1, 2) side
                 left join bulk_member m on m.parent_id = i.id and m.member_id = side.invoice_id) booked on true
            where p.captured_minor <> coalesce(booked.came, 0) or not coalesce(booked.agreed, true)""",
    ),
    Invariant(
        "B3 bulk news",
        "every invoice a bulk payment paid is named to its service once",
        "select count(*) from settlement s join payment p on p.id = s.payment_id where s.invoice_id <> p.invoice_id",
        f"""select s.invoice_id as id from settlement s
             join invoice i on i.id = s.invoice_id
             join payment p on p.id = s.payment_id and p.invoice_id <> i.id and p.method in ('hosted', 'linkpay')
                           and p.import_batch_id is null
             join bulk_member m on m.parent_id = p.invoice_id and m.member_id = i.id
             join initiator n on n.id = i.initiator_id and n.code in ('registry', 'auction', 'eeid')
            where s.reversed_at is null and {IS_NEWS} and 1 <> (
              select count(*) from outbox o
               where o.kind = 'initiator.payment.notify' and o.payment_id = p.id
                 and (o.payload -> 'body' ->> 'order_reference' = i.number::text
                      or o.payload -> 'body' -> 'invoice_number_collection'
                         @> jsonb_build_array(jsonb_build_object('number', i.number))))""",  # noqa: S608 - own text
    ),
    Invariant(
        "D1 deposits",
        "a deposit stands on a deposit invoice of its service, and is closed once that is paid",
        "select count(*) from deposit",
        """select d.id from deposit d join invoice i on i.id = d.invoice_id
            where i.kind <> 'auction_deposit' or i.initiator_id <> d.initiator_id
               or (i.paid_at is not null and d.closed_at is null)""",
    ),
    Invariant(
        "D2 deposit news",
        "who paid a deposit is named to its service once, with the domain and the amount",
        "select count(*) from deposit d join settlement s on s.invoice_id = d.invoice_id",
        f"""select d.id from deposit d
             join invoice i on i.id = d.invoice_id
             join settlement s on s.invoice_id = i.id and s.reversed_at is null
             join payment p on p.id = s.payment_id and p.method in ('hosted', 'linkpay') and p.import_batch_id is null
            where {IS_NEWS} and 1 <> (select count(*) from outbox o
                         where o.kind = 'initiator.payment.notify' and o.payment_id = p.id
                           and o.payload -> 'body' @> jsonb_build_object(
                               'domain_name', d.domain, 'user_uuid', d.user_uuid, 'invoice_number', i.number)
                           and (o.payload -> 'body' ->> 'transaction_amount')::numeric * 100 = i.total_minor)""",  # noqa: S608 - own text
    ),
    Invariant(
        "I12 leases",
        "no work is held longer than its lease and a minute",
        "select count(*) from outbox",
        "select id from outbox where state = 'leased' and lease_until < now() - interval '60 seconds'",
    ),
)
