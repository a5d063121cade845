"""The console command, and `python -m chaffinch`.

A worker process imports the console command's module again (multiprocessing, "spawn"): this one, which brings nothing
with it, so that a worker loads what it works with and not Scrapy's command line.
"""

import sys


def main() -> None:
    from chaffinch.faces import cli

    cli.main()


if __name__ == "__main__":
    sys.argv[0] = "chaffinch"
    main()
