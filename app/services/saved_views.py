"""Saving a view of the invoice list, changing it, and taking it away so that it can come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from app.domain.errors import Conflict, NotFound
from app.models.operator import Operator
from app.models.saved_view import SavedView
from app.services import timeline
from app.services.timeline import Actor
from app.uow import retried, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

MOST = 50


class NameTaken(Conflict):
    """This person has another view of this name."""


class TooManyViews(Conflict):
    """This person has as many views as one can look through: take one away first."""


@retried
def save(operator_id: int, name: str, query: str, *, is_shared: bool) -> int:
    """Keep a list under a name and return the view; the same again changes nothing. Raises NameTaken, TooManyViews."""
    with transaction() as tx:
        views = _of_person(tx, operator_id)
        same = _named(views, name)
        if same is not None:
            if (same.query, same.is_shared) != (query, is_shared):
                raise NameTaken
            return same.id
        if len(views) >= MOST:
            raise TooManyViews
        view = SavedView(operator_id=operator_id, name=name, query=query, is_shared=is_shared)
        tx.add(view)
        tx.flush()
        _tell("view.saved", view)
        return view.id


@retried
def change(operator_id: int, view_id: int, name: str, *, is_shared: bool) -> None:
    """Give a view another name, or show it to everybody or to nobody else. Raises NotFound, NameTaken."""
    with transaction() as tx:
        views = _of_person(tx, operator_id)
        view = _one(views, view_id)
        if _named([each for each in views if each is not view], name) is not None:
            raise NameTaken
        if (view.name, view.is_shared) != (name, is_shared):
            view.name, view.is_shared = name, is_shared
            tx.flush()
            _tell("view.changed", view)


@retried
def retire(operator_id: int, view_id: int) -> str:
    """Take a view away and return its name; again changes nothing. Raises NotFound."""
    with transaction() as tx:
        view = _one(_of_person(tx, operator_id, retired=True), view_id)
        if view.retired_at is None:
            view.retired_at = func.clock_timestamp()
            tx.flush()
            _tell("view.retired", view)
        return view.name


@retried
def restore(operator_id: int, view_id: int) -> None:
    """Bring a view back that was taken away. Raises NotFound, NameTaken."""
    with transaction() as tx:
        views = _of_person(tx, operator_id, retired=True)
        view = _one(views, view_id)
        if view.retired_at is None:
            return
        if _named([each for each in views if each.retired_at is None], view.name) is not None:
            raise NameTaken
        view.retired_at = None
        tx.flush()
        _tell("view.restored", view)


def remember_columns(operator_id: int, columns: Sequence[str]) -> None:
    """Remember which columns somebody wants to see where an address says none."""
    with transaction() as tx:
        tx.execute(update(Operator).where(Operator.id == operator_id).values(invoice_columns=list(columns)))


def _of_person(tx: Session, operator_id: int, *, retired: bool = False) -> list[SavedView]:
    """Return the views of a person, whose row is locked: their two tabs take turns."""
    tx.get_one(Operator, operator_id, with_for_update=True)
    found = select(SavedView).where(SavedView.operator_id == operator_id).order_by(SavedView.id)
    if not retired:
        found = found.where(SavedView.retired_at.is_(None))
    return list(tx.scalars(found.execution_options(populate_existing=True)))


def _one(views: Sequence[SavedView], view_id: int) -> SavedView:
    found = next((each for each in views if each.id == view_id), None)
    if found is None:
        raise NotFound("view", view_id)
    return found


def _named(views: Sequence[SavedView], name: str) -> SavedView | None:
    return next((each for each in views if each.name.lower() == name.lower()), None)


def _tell(kind: str, view: SavedView) -> None:
    timeline.record(
        kind,
        actor=Actor("operator", str(view.operator_id)),
        data={"view": str(view.id), "name": view.name, "shared": view.is_shared},
        tenant_id=view.tenant_id,
    )
