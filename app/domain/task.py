"""A task: long work a person started, what it may be and how it may end."""

from __future__ import annotations

from enum import StrEnum


class TaskKind(StrEnum):
    """What can be asked of many invoices at once."""

    EXPORT = "export"
    RESEND = "resend"
    CANCEL = "cancel"
    MARK_PAID = "mark_paid"
    MARK_UNPAID = "mark_unpaid"


class TaskState(StrEnum):
    """Where a task stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


ENDED = frozenset({TaskState.DONE, TaskState.STOPPED, TaskState.FAILED})
