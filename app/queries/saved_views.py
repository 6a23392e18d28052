"""Views of the invoice list somebody saved, and the columns they like."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, or_, select

from app.domain.errors import NotFound
from app.models.operator import Operator
from app.models.saved_view import SavedView
from app.queries.session import session

MOST = 100


@dataclass(frozen=True, slots=True)
class ViewRow:
    """A view as it is offered; `owner` is the name of who saved it."""

    id: int
    name: str
    query: str
    is_shared: bool
    is_own: bool
    owner: str


def offered_to(operator_id: int) -> list[ViewRow]:
    """Return the views this person may open, their own first, by name."""
    own = (SavedView.operator_id == operator_id).label("own")
    found = (
        select(SavedView.id, SavedView.name, SavedView.query, SavedView.is_shared, own, Operator.name)
        .join(Operator, Operator.id == SavedView.operator_id)
        .where(SavedView.retired_at.is_(None), or_(own, SavedView.is_shared))
        .order_by(own.desc(), func.lower(SavedView.name), SavedView.id)
        .limit(MOST)
    )
    return [ViewRow(*row) for row in session().execute(found)]


def own(operator_id: int, view_id: int) -> ViewRow:
    """Return one of this person's own views. Raises NotFound alike for one of somebody else and for none."""
    found = next((each for each in offered_to(operator_id) if each.id == view_id and each.is_own), None)
    if found is None:
        raise NotFound("view", view_id)
    return found


def columns_of(operator_id: int) -> tuple[str, ...] | None:
    """Return the columns this person likes to see, or None when they never said."""
    said = session().scalar(select(Operator.invoice_columns).where(Operator.id == operator_id))
    return None if said is None else tuple(said)
