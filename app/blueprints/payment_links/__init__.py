"""Payment links: an amount, a payer and a few words become an invoice of our own with its link, at once."""

from app.blueprints.payment_links.views import blueprint

__all__ = ["blueprint"]
