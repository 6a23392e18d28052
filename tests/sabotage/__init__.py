"""Bugs planted on purpose: does the alarm ring?"""
