"""Rates of value added tax: which held when, a new one, an end."""

from app.blueprints.vat_rates.views import blueprint

__all__ = ["blueprint"]
