"""Measurements: each beside a named peer or floor in one run, its outputs checked before a time counts."""
