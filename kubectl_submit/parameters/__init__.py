"""What to build and what to run: collected once, from options, repository and this machine."""
