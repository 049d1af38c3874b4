"""A kind of execution for the tests: a folder, as each kind has one."""
