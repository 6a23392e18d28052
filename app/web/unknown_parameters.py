"""What an address asks of a list and the list does not understand: asking for nothing, it would show everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.web.invoice_parameters import SWITCH
from app.web.translation import translate as _

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from flask_babel import LazyString
    from werkzeug.datastructures import MultiDict

# What a form or an address says beside the filter.
NO_FILTER = {"sort", "column", "after", "lang", "csrf_token", "key", "seen", "reason", "format"}
LONGEST = 80


def misread(args: MultiDict[str, str], understood: Collection[str]) -> list[str]:
    """Return the names of what was asked and is not among what was understood."""
    known = NO_FILTER | set(understood)
    return [name for name in args if name not in known and _says(args.getlist(name))]


def misread_words(
    args: MultiDict[str, str], understood: Collection[str], labels: Mapping[str, LazyString | str]
) -> list[str]:
    """Return them as a person reads them: what the field is called, and what stood in it."""
    return [
        _("%(field)s “%(value)s”", field=_called(name, labels), value=args[name].strip()[:LONGEST])
        for name in misread(args, understood)
    ]


def _called(name: str, labels: Mapping[str, LazyString | str]) -> str:
    return str(labels.get(name) or labels.get(name.partition("_")[0]) or name[:LONGEST])


def _says(values: list[str]) -> bool:
    return any(each.strip() for each in values) and {SWITCH.get(each) for each in values} != {True, False}
