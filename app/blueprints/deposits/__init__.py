"""Deposits for taking part in auctions."""

from app.blueprints.deposits.views import blueprint

__all__ = ["blueprint"]
