"""EIS Billing: invoices and payments of several services in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.factory import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> Any:
    """Load the factory when it is asked for: `billing up` starts its servers a second before it would be loaded."""
    if name == "create_app":
        from app.factory import create_app  # noqa: PLC0415 - see above

        return create_app
    raise AttributeError(name)
