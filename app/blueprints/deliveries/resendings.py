"""Sending again: one message, some, or all of a destination since a moment; what would happen is shown first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, flash, request, url_for

from app.blueprints.deliveries.door import blueprint
from app.blueprints.deliveries.forms import parse_chosen
from app.domain import exact_json
from app.domain.covering import cover_text
from app.domain.errors import Invalid
from app.domain.permission import Permission
from app.queries import deliveries
from app.services import deliveries as verbs
from app.services import notices
from app.services.form_submissions import once_per_form
from app.services.timeline import Actor
from app.web.confirmation import Confirmation, ConfirmationForm, Difference, confirm
from app.web.delivery_words import lane_name
from app.web.filters import clock, day
from app.web.guards import needs, operator
from app.web.htmx import see_other
from app.web.masking import cover
from app.web.translation import translate as _
from app.web.translation import translate_count as ngettext

if TYPE_CHECKING:
    from datetime import datetime

    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.services.deliveries import Ahead, Chosen

ROUTE = "deliveries.resendings"
LONGEST_VALUE = 120


@blueprint.get("/resendings/new")
@needs(Permission.MANAGE_JOBS)
def new_resending() -> Response:
    """Show how many messages would go again, and what has changed since they were written."""
    chosen, faults = parse_chosen(request.args)
    if faults:
        raise Invalid({name: [fault] for name, fault in faults.items()}, " ".join(faults.values()))
    return confirm(_question(chosen, ConfirmationForm()))


@blueprint.post("/resendings")
@needs(Permission.MANAGE_JOBS)
def create_resending() -> WerkzeugResponse:
    """Send the messages again, once for each form."""
    chosen, faults = parse_chosen(request.form)
    if faults:
        raise Invalid({name: [fault] for name, fault in faults.items()}, " ".join(faults.values()))
    form = ConfirmationForm.parse()
    if form.faults:
        return confirm(_question(chosen, form))
    who = operator()
    by = Actor("operator", str(who.operator_id))
    asked = {**chosen.values, "reason": form.reason}

    def send() -> dict[str, Any]:
        return {"sent": verbs.send_again(chosen, by=by, reason=form.reason)}

    sent = int(once_per_form(who.operator_id, ROUTE, form.key, asked, send).body["sent"])
    flash(_sentence(sent))
    if len(chosen.ids) == 1:
        return see_other(url_for("deliveries.show", delivery_id=chosen.ids[0]))
    return see_other(url_for("deliveries.index"))


def _sentence(sent: int) -> str:
    if not sent:
        return _("Nothing was left to send: it waits already, or somebody was faster.")
    return ngettext("%(num)d message is on its way again.", "%(num)d messages are on their way again.", sent)


def _question(chosen: Chosen, form: ConfirmationForm) -> Confirmation:
    ahead = verbs.look_ahead(chosen)
    one = deliveries.detail(chosen.ids[0]).row if len(chosen.ids) == 1 else None
    facts, hidden, back = _about(chosen)
    warning = ""
    if chosen.risk:
        warning = _(
            "Each notice is counted by the receiver: if it arrived before, it is counted twice, and money moves there "
            "twice. Ask the other side first."
        )
    return Confirmation(
        title=_("Send again?"),
        action=url_for("deliveries.create_resending"),
        back=url_for("deliveries.show", delivery_id=one.id) if one else back,
        send=_("Send again"),
        sentences=_sentences(ahead),
        warning=warning,
        bad=chosen.risk,
        facts=facts,
        differences=_differences(one) if one else (),
        hidden=hidden,
        form=form,
    )


def _sentences(ahead: Ahead) -> tuple[str, ...]:
    found = [
        ngettext(
            "%(num)d message goes again, as it was written.",
            "%(num)d messages go again, as they were written.",
            ahead.many,
        )
        if ahead.many
        else _("Nothing would be sent.")
    ]
    if ahead.risky:
        found.append(
            ngettext(
                "%(num)d is left out: its receiver would count it twice. Open it to decide.",
                "%(num)d are left out: their receivers would count them twice. Open each to decide.",
                ahead.risky,
            )
        )
    if ahead.waiting:
        found.append(ngettext("%(num)d waits to be sent already.", "%(num)d wait to be sent already.", ahead.waiting))
    if ahead.is_capped:
        found.append(_("There are more: the oldest 10,000 go now, ask again for the rest."))
    return tuple(found)


def _about(chosen: Chosen) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...], str]:
    if chosen.ids:
        hidden = tuple(("id", str(each)) for each in chosen.ids)
        risk = (("risk", "yes"),) if chosen.risk else ()
        return (), (*hidden, *risk), url_for("deliveries.index")
    lane = deliveries.lane(chosen.lane_id or 0)
    since, until = chosen.since, chosen.until
    assert since is not None  # noqa: S101 - the form was checked
    assert until is not None  # noqa: S101
    facts = ((_("Destination"), lane_name(lane)), (_("Since"), _moment(since)), (_("Until"), _moment(until)))
    hidden = (
        ("lane", str(lane.id)),
        ("since", since.isoformat()),
        ("until", until.isoformat()),
        *(("state", each) for each in chosen.states),
    )
    return facts, hidden, url_for("deliveries.index")


def _moment(at: datetime) -> str:
    return f"{day(at)} {clock(at)}"


def _differences(row: Any) -> tuple[Difference, ...]:
    """Return where the frozen message and the present differ, covered; an event of the past stays what it was."""
    now = notices.said_now(row) if row.kind in {notices.PAYMENT_STATUS, notices.SYNCHRONISE} else None
    if now is None:
        return ()
    frozen, present = _flat(row.payload.get("body", {})), _flat(exact_json.loads(exact_json.dumps(now)))
    names = [each for each in {**frozen, **present} if frozen.get(each) != present.get(each)]
    return tuple(Difference(each, _shown(each, frozen.get(each)), _shown(each, present.get(each))) for each in names)


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    if isinstance(value, dict) and value:
        return {
            path: each for key, part in value.items() for path, each in _flat(part, f"{name}.{key}".strip(".")).items()
        }
    return {name: value}


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "\N{EN DASH}"
    covered = cover(value, name.rpartition(".")[2].lower())
    return cover_text(covered if isinstance(covered, str) else exact_json.dumps(covered))[:LONGEST_VALUE]
