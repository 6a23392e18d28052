"""Lists of invoices: how they get there, and how a page of them is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from app.queries import invoices
from app.queries.sorting import Mark, Sort
from app.services.search import FILL
from app.uow import transaction
from tests.web.page import Page

if TYPE_CHECKING:
    from app.queries.invoice_filter import InvoiceFilter
    from tests.system import System


def fill(system: System, count: int, *, first: int = 150_005, status: str = "unpaid", code: str = "registry") -> None:
    """Write invoices into the database, one minute apart, the highest number newest."""
    system.sql(
        """
        insert into invoice (public_token, number, initiator_id, status, subtotal_minor, total_minor, customer_name,
                             customer_email, reference_number, issued_at, created_at)
        select 'token-' || number, number, (select id from initiator where code = :code), :status, 12000, 12000,
               'Payer ' || number, 'payer' || number || '@example.test', '', now(),
               now() - ((:last - number) || ' minutes')::interval
          from generate_series(:first, :last) as number
        """,
        first=first,
        last=first + count - 1,
        status=status,
        code=code,
    )
    index(system)


def index(system: System) -> None:
    """Write what the search finds invoices by, for all that are there now."""
    with system.app.app_context(), transaction() as tx:
        tx.execute(FILL, {"ids": list(tx.scalars(text("select id from invoice")))})


def numbers(html: str) -> list[int]:
    page = Page(html)
    return [int(str(link).rpartition("/")[2]) for link in page.links() if link.removeprefix("/invoices/").isdigit()]


def more(html: str) -> str | None:
    return next((link for link in Page(html).links() if "after=" in link and "lang=" not in link), None)


def all_pages(wanted: InvoiceFilter, sort: Sort) -> list[int]:
    """Return the ids of all pages, seven rows each; the count, unless it is capped, is what there is."""
    listed: list[int] = []
    after = None
    while True:
        page = invoices.search(wanted, after, sort=sort, size=7)
        listed += [row.id for row in page.rows]
        if page.next is None:
            assert page.count.is_capped or page.count.number == len(listed)
            return listed
        after = Mark.parse(str(page.next))
