"""What git says of the repository, and what is done to it: the only user of GitPython."""
