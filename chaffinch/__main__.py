"""The console command, and `python -m chaffinch`.

A worker process imports the console command's module again (multiprocessing, "spawn"): this one, which brings nothing
with it, so that a worker loads what it works with and not Scrapy's command line.
"""

import gc
import sys

# Of this process and of workers. Of the processor's time to crawl a page a tenth went to looking for garbage, and of
# that to store a text a twentieth, where hardly any is found (cost).
gc.set_threshold(50_000)


def main() -> None:
    command, arguments = (sys.argv[1:2] or ["--help"])[0], sys.argv[2:]
    if command in ("-h", "--help", "clean", "ingest"):
        from chaffinch.faces import without_scrapy

        if command.startswith("-"):
            without_scrapy.print_overview()
            return
        if read := without_scrapy.plain(arguments):
            without_scrapy.run(command, *read)
    gc.disable()  # what is loaded stays: to look through it while it comes, and when all ends, is a fifth of a start
    from chaffinch.faces import cli

    gc.freeze()
    gc.enable()
    cli.main()


if __name__ == "__main__":
    sys.argv[0] = "chaffinch"
    main()
