"""The statements that look for words among invoices, each built once and asked with values (performance.md B).

To build one takes longer than the database takes to answer it. Values are `patterns`, what the text must look like;
`asked`, the words the index is asked for; `size`, how many are wanted; `rows` and `passed` of a walk; and where a page
goes on after another, `after_at` and `after_id`, where that one ended, and `month`, the number of its month.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    Text,
    all_,
    bindparam,
    func,
    literal_column,
    select,
    text,
    true,
    tuple_,
    union_all,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import ARRAY

from app.models.invoice import Invoice
from app.models.invoice_search import MONTH, InvoiceSearch
from app.queries.named_invoices import WAYS

if TYPE_CHECKING:
    from collections.abc import Sequence

NEWEST = (InvoiceSearch.created_at.desc(), InvoiceSearch.invoice_id.desc())
OLDEST = (InvoiceSearch.created_at, InvoiceSearch.invoice_id)
PLACE: tuple[Any, Any] = (InvoiceSearch.created_at, InvoiceSearch.invoice_id)
SIZE = bindparam("size", type_=Integer)
PATTERNS = bindparam("patterns", type_=ARRAY(Text))
AFTER = tuple_(bindparam("after_at", type_=DateTime(timezone=True)), bindparam("after_id", type_=BigInteger))
in_month: ColumnElement[int] = literal_column(MONTH.replace("created_at", "invoice_search.created_at"))

# How many rows there are, how many of about `size` were looked at, and how many of these look so. The same are taken
# each time, the first twelve of blocks that lie evenly over the table: tablesample would ask about each block of it.
SAMPLED = text("""
select (select reltuples::bigint from pg_class where oid = 'invoice_search'::regclass),
       count(*), count(*) filter (where search_text like all (:patterns))
  from invoice_search
 where ctid = any (array(
         select format('(%s,%s)', block, nth)::tid
           from (select pg_relation_size('invoice_search') / current_setting('block_size')::int) as whole (blocks),
                generate_series(0, blocks - 1, greatest(1, blocks * 12 / :size)) as block,
                generate_series(1, 12) as nth))
""").bindparams(PATTERNS, SIZE)


@cache
def among_newest(*, is_after: bool) -> Select[Any]:
    """Return the question for those of `rows` of the newest that look so, without the `passed` of them."""
    few = select(*PLACE, InvoiceSearch.search_text).where(*_following(is_after=is_after)).order_by(*NEWEST)
    row = few.limit(bindparam("rows", type_=Integer)).offset(bindparam("passed", type_=Integer)).subquery().c
    return select(row.created_at, row.invoice_id).where(row.search_text.like(all_(PATTERNS))).limit(SIZE)


@cache
def in_months(*, is_after: bool, to_oldest: bool) -> Select[Any]:
    """Return the question for the first places of the newest month, or of all, each only if it is needed."""
    first = bindparam("month", type_=BigInteger) if is_after else _month(NEWEST)
    month = func.generate_series(first, _month(OLDEST) if to_oldest else first, -1)
    each = month.table_valued("number").render_derived()
    found = _meant(is_after=is_after).where(in_month == each.c.number).correlate(each)
    of_one = _first(found.cte("meant", nesting=True).prefix_with("materialized")).lateral()
    # A lateral join takes its left side in the order it has, and stops when there are enough.
    return select(of_one).select_from(each.join(of_one, true())).limit(SIZE)


@cache
def in_all(*, is_after: bool) -> Select[Any]:
    """Return the question for the first places of all, and how many there are, counted to `rows`."""
    found = _meant(is_after=is_after).limit(bindparam("rows", type_=Integer))
    meant = found.cte("meant").prefix_with("materialized")
    return _first(meant).add_columns(select(func.count()).select_from(meant).scalar_subquery().label("many"))


@cache
def with_letters(many: int, *, is_after: bool) -> Select[Any]:
    """Return the question for the first places that look like so many patterns, `pattern_0` and on, by their letters.

    An index is asked for one pattern after the other, and not for all of an array.
    """
    looks = [InvoiceSearch.search_text.like(bindparam(f"pattern_{nth}", type_=Text)) for nth in range(many)]
    found = select(*PLACE).where(*looks, *_following(is_after=is_after))
    return _first(found.cte("meant").prefix_with("materialized"))


@cache
def by_names(names: tuple[str, ...], *, is_after: bool) -> Select[Any]:
    """Return the question for the first places of what these names are of, asked with the value of each."""
    found = select(Invoice.created_at, Invoice.id.label("invoice_id"))
    found = found.where(Invoice.id.in_(union_all(*(WAYS[name] for name in names))))
    if is_after:
        found = found.where(tuple_(Invoice.created_at, Invoice.id) < AFTER)
    return _first(found.cte("meant").prefix_with("materialized"))


def _meant(*, is_after: bool) -> Select[Any]:
    """Return the question for the places that have the words asked of the index and look like the others."""
    query = func.to_tsquery(literal_column("'simple'"), bindparam("asked", type_=Text))
    # `|| ''` hides the column from the trigram index, which would read half the table: the text is compared in what the
    # word index found.
    looks = (InvoiceSearch.search_text + "").like(all_(PATTERNS))
    has = InvoiceSearch.document_vector.bool_op("@@")(query)
    return select(*PLACE).where(has, looks, *_following(is_after=is_after))


def _following(*, is_after: bool) -> list[ColumnElement[bool]]:
    return [tuple_(*PLACE) < AFTER] if is_after else []


def _first(meant: CTE) -> Select[Any]:
    """Return the question for the first of what was found before it is put in order, never along the order."""
    return select(meant).order_by(meant.c.created_at.desc(), meant.c.invoice_id.desc()).limit(SIZE)


def _month(order: Sequence[Any]) -> Any:
    """Return the number of the first month of an order as the index counts them."""
    number = select(sql_cast(in_month, BigInteger)).select_from(InvoiceSearch)
    return number.order_by(*order).limit(1).scalar_subquery()
