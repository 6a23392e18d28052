"""Outgoing mail: our letters leave through the server of the house, nothing comes in."""
