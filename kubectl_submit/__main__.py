"""The entry point, as `kubectl-submit` and as `python -m kubectl_submit`."""

import gc

# What imports make stays: to look for garbage in it costs a tenth of the start-up.
gc.disable()

from kubectl_submit.cli import main  # noqa: E402

if __name__ == "__main__":
    main()
