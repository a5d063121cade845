"""chaffinch completion: a script by which a shell completes commands, options and names of settings."""

from __future__ import annotations

import argparse

from scrapy.exceptions import UsageError

from chaffinch.faces.cli import Command as BaseCommand

# Of bash; zsh takes it after `autoload -U bashcompinit && bashcompinit`. Where nothing fits, names of files do.
SCRIPT = """\
_chaffinch() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} options=
  if [ "$COMP_CWORD" = 1 ]; then
    COMPREPLY=($(compgen -W "{commands} --help --version" -- "$word"))
    return
  fi
  if [ "$before" = -s ]; then
    compopt -o nospace 2>/dev/null
    COMPREPLY=($(compgen -S = -W "{settings}" -- "$word"))
    return
  fi
  case "${{COMP_WORDS[1]}}" in
{cases}
  esac
  COMPREPLY=($(compgen -W "$options" -- "$word"))
}}
complete -o default -F _chaffinch chaffinch
"""


class Command(BaseCommand):
    def syntax(self) -> str:
        return "bash|zsh"

    def short_desc(self) -> str:
        return "Print a script that completes commands and options in a shell"

    def long_desc(self) -> str:
        return (
            'In ~/.bashrc: eval "$(chaffinch completion bash)". In ~/.zshrc, after `autoload -U bashcompinit && '
            'bashcompinit`: eval "$(chaffinch completion zsh)".'
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if args not in (["bash"], ["zsh"]):
            raise UsageError("give bash or zsh", print_help=False)

    def execute(self, args: list[str], opts: argparse.Namespace) -> None:
        from importlib import import_module

        from chaffinch.faces.cli import modules

        assert self.settings is not None
        found = modules()
        cases = []
        for name, module in sorted(found.items()):
            command = import_module(module).Command()
            command.settings = self.settings
            parser = argparse.ArgumentParser(conflict_handler="resolve")
            command.add_options(parser)
            words = sorted({option for action in parser._actions for option in action.option_strings})
            words += {"farms": ["import", "check"], "crawl": ["farm"], "completion": ["bash", "zsh"]}.get(name, [])
            cases.append(f'    {name}) options="{" ".join(words)}" ;;')
        settings = " ".join(sorted(str(name) for name in self.settings))
        print(SCRIPT.format(commands=" ".join(sorted(found)), settings=settings, cases="\n".join(cases)), end="")
