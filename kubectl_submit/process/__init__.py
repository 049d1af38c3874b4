"""Starting and ending programs, waiting for all of them at once, signals.

`command` is the only module that imports sh.
"""
