"""What is to be taken off which line of an invoice, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.credit_note import Credit, Left, Room, credit_of, split
from app.domain.errors import Conflict, Invalid
from app.web.translation import translate as _
from app.web.typed import KEY, Typed

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict


def key_of(form: MultiDict[str, str]) -> str:
    """Return the key a form came with, "" for what is none of ours."""
    typed = form.get("key", "")
    return typed if KEY.fullmatch(typed) else ""


class CreditForm(Typed):
    """The form as it was sent: `credit` is what the lines come to, `room` where that comes from."""

    def __init__(self, form: MultiDict[str, str], left: Left, room: Room, currency: str) -> None:
        super().__init__(form)
        self.left = left
        self.because = self.reason()
        self.wanted: dict[int, int] = {}
        for line in left.lines:
            taken = self.money(f"line-{line.position}", currency)
            if taken is not None and taken.minor:
                self.wanted[line.position] = taken.minor
        self.credit: Credit | None = None
        self.of: Room | None = None
        self._count(room)

    @property
    def is_counted(self) -> bool:
        """Return whether somebody saw this very sum before they sent the form."""
        return self.credit is not None and self.value("counted") == str(self.credit.total_minor)

    def _count(self, room: Room) -> None:
        try:
            credit = credit_of(self.left, self.wanted)
            self.of = split(credit.total_minor, room)
            self.credit = credit
        except Invalid as fault:
            for name in fault.fields:
                said = _("Not more than is left of the line") if name != "lines" else _("Take something off a line")
                self.faults.setdefault(name, said)
        except Conflict:
            self.faults["lines"] = _("So much is not free: a refund or a dispute holds the money")
