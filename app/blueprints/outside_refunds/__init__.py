"""Recording money that was given back by a bank transfer of our own."""

from app.blueprints.outside_refunds.views import blueprint

__all__ = ["blueprint"]
