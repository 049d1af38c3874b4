"""The entry point, as `kubectl-submit` and as `python -m kubectl_submit`."""

import gc
import signal

import kubectl_submit.supported  # noqa: F401  (before what cannot be imported on Windows)

# Until process/signals.py handles signals, Ctrl-C ends us without a traceback.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
# Imports leave no garbage, and collecting it takes a tenth of the start-up time.
gc.disable()

from kubectl_submit.cli.main import main  # noqa: E402

__all__ = ["main"]

if __name__ == "__main__":
    main()
