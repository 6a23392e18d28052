"""The JSON API, version 1: the routes of the system we replace, exactly on the wire (eis.md 5)."""
