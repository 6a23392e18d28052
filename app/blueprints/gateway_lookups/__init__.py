"""Looking a payment up at the gateway: what it says beside what we hold."""

from app.blueprints.gateway_lookups.views import blueprint

__all__ = ["blueprint"]
