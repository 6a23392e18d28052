"""Services that ask us for invoices, and the keys they sign with."""

from app.blueprints.initiators import keys
from app.blueprints.initiators.views import blueprint

__all__ = ["blueprint", "keys"]
