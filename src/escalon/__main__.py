"""`python -m escalon`: the command, where there is no `escalon` on the path."""

from escalon.cli.main import run

if __name__ == "__main__":
    run()
