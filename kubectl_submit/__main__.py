"""`python -m kubectl_submit`."""

from kubectl_submit.cli import main

if __name__ == "__main__":
    main()
