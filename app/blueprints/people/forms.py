"""What may be said about somebody's access."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.domain import personal_code
from app.domain.permission import Role
from app.services.people import Access
from app.web.filters import last_date
from app.web.translation import translate as _
from app.web.typed import Typed

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

NAME = 120
SUBJECT = 256
ESTONIA = "EE"


class AccessForm(Typed):
    """The fields of an access: name, owner, role, last day; `seen` is what was shown when it was filled in."""

    def __init__(self, form: MultiDict[str, str]) -> None:
        super().__init__(form)
        self.because = self.reason()
        self.name = self.text("name", least=2, most=NAME)
        self.owner = self.text("owner", least=2, most=NAME)
        self.role = self.choice("role", [str(role) for role in Role])
        self.expires_at = self.end_of_day("until")

    @property
    def access(self) -> Access:
        """Return what was asked for; only without faults."""
        return Access(self.name, self.owner, Role(self.role), self.expires_at)

    def subject(self) -> str:
        """Return country and code as one word in capitals, as TARA says it."""
        subject = self.text("subject", least=5, most=SUBJECT).replace(" ", "").upper()
        if subject.startswith(ESTONIA) and not personal_code.is_valid(subject.removeprefix(ESTONIA)):
            self.faults.setdefault("subject", _("This is no Estonian personal code: its last digit does not fit"))
        return subject

    def seen(self) -> Access | None:
        """Return what was shown; None when that was none of ours."""
        return unsealed(self.value("seen"))


def shown(access: Access) -> dict[str, str]:
    """Return the values of the fields for an access as it stands."""
    until = last_date(access.expires_at).isoformat() if access.expires_at else ""
    return {"name": access.name, "owner": access.owner, "role": str(access.role), "until": until}


def sealed(access: Access) -> str:
    """Return an access as it stands hidden in a form."""
    until = access.expires_at.isoformat() if access.expires_at else None
    return json.dumps([access.name, access.owner, str(access.role), until])


def unsealed(text: str) -> Access | None:
    """Return the access a form was filled in with, or None for what we never wrote."""
    try:
        said: Any = json.loads(text)
        name, owner, role, until = said
        return Access(str(name), str(owner), Role(role), datetime.fromisoformat(until) if until else None)
    except (ValueError, TypeError):
        return None
