"""What may be said about a rate of value added tax."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from app.domain import vat
from app.domain.errors import Invalid
from app.domain.vat import Rate, VatCategory
from app.web.translation import translate as _
from app.web.typed import Typed

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

FIRST_YEAR, LAST_YEAR = 1991, 2100


class EndingForm(Typed):
    """The last day of a rate, and why."""

    def __init__(self, form: MultiDict[str, str]) -> None:
        super().__init__(form)
        self.because = self.reason()

    def day(self, name: str) -> date | None:
        """Return a day; None with a fault when there is none."""
        try:
            found = date.fromisoformat(self.value(name))
        except ValueError:
            self.faults[name] = _("Write a day as 2027-01-31")
            return None
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            self.faults[name] = _("Write a day as 2027-01-31")
        return found


class RateForm(EndingForm):
    """The fields of a new rate."""

    def __init__(self, form: MultiDict[str, str]) -> None:
        super().__init__(form)
        self.code = self.text("code", least=2, most=30)
        self.category = self.choice("category", [str(each) for each in VatCategory])
        self.basis_points = self._percent()
        self.valid_from = self.day("valid_from")
        if not self.faults:
            self._check()

    @property
    def rate(self) -> Rate:
        """Return what was asked for; only without faults."""
        assert self.valid_from is not None  # noqa: S101 - or there was a fault
        return Rate(self.code, VatCategory(self.category), self.basis_points, self.valid_from)

    def _percent(self) -> int:
        try:
            return vat.parse_percent(self.value("percent").removesuffix("%").strip())
        except Invalid:
            self.faults["percent"] = _("A percentage below 100 such as 24 or 5.5")
            return 0

    def _check(self) -> None:
        try:
            vat.check(self.rate)
        except Invalid as fault:
            if "code" in fault.fields:
                self.faults["code"] = _("Two to thirty small letters, digits and underscores, a letter first")
            if "percent" in fault.fields:
                self.faults["percent"] = _("0 where no tax is asked, more where it is")
