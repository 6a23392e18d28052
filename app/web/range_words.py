"""Number ranges in words: what each kind is for, how loud the alarm is, when the numbers end."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.domain.numbering import RangeAlarm
from app.web.translation import translate as gettext
from app.web.translation import translate_count as ngettext
from app.web.translation import translate_later as _
from app.web.words import Word

if TYPE_CHECKING:
    from flask_babel import LazyString

    from app.queries.number_ranges import Series


# Beyond two years nobody counts days.
LONG = 730


class KindWords(NamedTuple):
    """What a kind of number is called, and what it is given for."""

    label: LazyString
    purpose: LazyString


KIND: dict[str, KindWords] = {
    "invoice": KindWords(_("Invoice numbers"), _("Asked for by services, one by one, before they make an invoice.")),
    "deposit": KindWords(_("Deposit numbers"), _("For deposits of auctions and for payments of several invoices.")),
    "credit_note": KindWords(_("Credit note numbers"), _("Taken when a credit note is issued.")),
    "monthly": KindWords(_("Monthly invoice numbers"), _("Taken by the registry in blocks for its monthly invoices.")),
}
ALARM: dict[RangeAlarm, Word] = {
    RangeAlarm.NONE: Word(_("Enough"), "good"),
    RangeAlarm.WARN: Word(_("Add a range soon"), "warn"),
    RangeAlarm.ALARM: Word(_("Add a range now"), "bad"),
    RangeAlarm.EXHAUSTED: Word(_("Used up"), "bad"),
}


def ends(of: Series) -> str:
    """Return the answer in a sentence: when the numbers of a kind end."""
    if not of.left:
        return gettext("No number is left: whoever asks is refused.")
    if of.days is None:
        return gettext("Nobody asked for one in the last month.")
    if of.days > LONG:
        return ngettext("They end in about %(num)s year.", "They end in about %(num)s years.", of.days // 365)
    return ngettext("They end in %(num)s day.", "They end in %(num)s days.", of.days)
