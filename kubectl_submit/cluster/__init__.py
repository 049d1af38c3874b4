"""Talking to the API server: `kubectl` is the only module that calls kubectl.

Besides: what its errors mean, watches, creation of all or nothing.
"""
