"""Collects what to build and what to run, from options, repository and this machine."""
