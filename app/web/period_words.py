"""The words for days that move with the calendar, as filters offer them."""

from __future__ import annotations

from app.queries.invoice_filter import IN_TIME, LATE, Period
from app.web.translation import translate_later as _

PERIOD = {
    Period.TODAY: _("Today"),
    Period.THIS_MONTH: _("This month"),
    Period.LAST_MONTH: _("Last month"),
    Period.THIS_YEAR: _("This year"),
    LATE: _("Over and not paid"),
    IN_TIME: _("Not over and not paid"),
}
