"""Makes what users install: the wheel, the single file and krew's archive. See __main__.py."""
