"""What must be true of documents made in the portal, and of credit notes whoever made their invoice."""

from __future__ import annotations

from app.services.invariant import Invariant

CREDIT_NOTES = (
    Invariant(
        "K1 documents add up",
        "an invoice made here is its lines and the tax of its rates, each added up again",
        "select count(*) from invoice where source = 'portal' and issued_at is not null",
        """select i.id from invoice i
             left join (select invoice_id, sum(net_minor) net from invoice_line group by 1) l on l.invoice_id = i.id
             left join (select invoice_id, sum(taxable_minor) taxable, sum(tax_minor) tax,
                               bool_and(tax_minor = round(taxable_minor * basis_points / 10000.0)) counted
                          from invoice_vat group by 1) v on v.invoice_id = i.id
            where i.source = 'portal' and i.issued_at is not null
              and (i.subtotal_minor <> coalesce(l.net, 0) or i.subtotal_minor <> coalesce(v.taxable, 0)
                   or i.tax_minor <> coalesce(v.tax, 0) or not coalesce(v.counted, true))""",
    ),
    Invariant(
        "K2 credit notes",
        "what credit notes took off an invoice is what it shows, and never more than it was over",
        "select count(*) from credit_note",
        """select i.id from invoice i
             left join (select invoice_id, sum(open_minor + held_minor) taken, sum(returned_minor) returned,
                               sum(total_minor) noted from credit_note group by 1) c on c.invoice_id = i.id
            where i.credited_minor <> coalesce(c.taken, 0) or coalesce(c.noted, 0) > i.total_minor
               or coalesce(c.returned, 0) > i.refunded_minor""",
    ),
    Invariant(
        "K3 credit in the books",
        "every credit note is its lines and its tax, and the sale was taken back by what was not given back before",
        "select count(*) from credit_note",
        """select c.id from credit_note c
             left join (select credit_note_id, sum(net_minor) net from credit_note_line group by 1) l
                    on l.credit_note_id = c.id
             left join (select credit_note_id, sum(tax_minor) tax from credit_note_vat group by 1) v
                    on v.credit_note_id = c.id
             left join lateral (
               select sum(e.amount_minor) filter (where a.code like 'invoiced:%%') sale,
                      -sum(e.amount_minor) filter (where a.code like 'receivables:%%') owed
                 from ledger_transaction t join ledger_entry e on e.transaction_id = t.id
                 join ledger_account a on a.id = e.account_id
                where t.dedupe_key = 'credit_note:' || c.id and t.kind = 'invoice.credited') b on true
            where c.net_minor <> coalesce(l.net, 0) or c.tax_minor <> coalesce(v.tax, 0)
               or c.open_minor + c.held_minor <> coalesce(b.sale, 0) or c.open_minor <> coalesce(b.owed, 0)""",
    ),
)
