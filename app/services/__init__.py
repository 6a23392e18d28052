"""Verbs: one transaction each, the only writers."""
