"""The zone people here live in: days begin and end by its clock, whatever the server's says."""

from __future__ import annotations

from zoneinfo import ZoneInfo

ZONE = "Europe/Tallinn"
TALLINN = ZoneInfo(ZONE)
