"""What a first visitor finds: somebody who may sign in, and invoices in every state."""

from __future__ import annotations

from app.domain.errors import Conflict
from app.services import white_list

PERSONA = "EE60001019906"


def load(*, persona: bool, invoices: bool) -> None:
    """Let the simulated person sign in and load the invoices; what is there already stays as it is."""
    if persona:
        _list_persona()
    if invoices:
        _add_invoices()


def _list_persona() -> None:
    try:
        white_list.add(PERSONA, name="Mary Änn O'Connež-Šuslik", added_by="demo data")
    except Conflict:
        return  # listed by an earlier run


def _add_invoices() -> None:
    """Let each demo story happen, through the same verbs and adapters as in earnest."""
    from app.demo.tour import take  # noqa: PLC0415 - the simulators load only where they are wanted

    take()
