"""Ends the program with one line on an unsupported Python or system.

Every Python 3 must be able to parse this module.
"""

import sys

if sys.version_info < (3, 10):  # noqa: UP036 (nothing has checked it in the single file)
    sys.stderr.write(
        "error: kubectl-submit needs Python 3.10 or newer, and {} is Python {}.{}; "
        "put a newer python3 first on PATH\n".format(sys.executable, *sys.version_info[:2])
    )
    sys.exit(125)
if sys.platform == "win32":
    sys.stderr.write(
        "error: kubectl-submit does not run on Windows; run it in WSL, the Linux inside Windows\n"
    )
    sys.exit(125)
