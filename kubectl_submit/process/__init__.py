"""Starts and ends programs, waits for all of them at once, handles signals.

`command` is the only module that imports sh.
"""
