"""Every command with its help, as a page."""

import re
from collections.abc import Iterator
from typing import Any

from tools.docs_markdown import block, code, table

_SPEAKS_OF_ITSELF = {"--help", "--install-completion", "--show-completion"}
_MARKUP = re.compile(r"(?<!\\)\[(?:/|/?[a-z][a-z ]*)\]")


def commands_page() -> str:
    """What `--help` says of every command, in the order of `escalon --help`."""
    from escalon.cli.main import COMMANDS

    parts = [
        "# Commands",
        "What `escalon COMMAND --help` says, on one page. Exit code 0: done; 1: the answer is no; 2: the input is wrong. "
        "STUDY is a bundled study's name (`nct07052565`) or a study folder; DATA is a folder of tables "
        "([data.md](data.md)).",
        table(
            ("command", "for"),
            [(f"[`escalon {name}`](#escalon-{name})", about) for name, (_, about) in COMMANDS.items()],
        ),
    ]
    for words, command in every_command():
        parts += [f"{'#' * (len(words) + 1)} escalon {' '.join(words)}", *_about(words, command)]
    return "\n\n".join(parts) + "\n"


def every_command() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each command with the words that call it: (`dose`,), (`dose`, `next`), …"""
    from escalon.cli.main import COMMANDS, loaded

    for name in COMMANDS:
        command = loaded(name)
        yield (name,), command
        for inner, part in getattr(command, "commands", {}).items():
            yield (name, inner), part


def _about(words: tuple[str, ...], command: Any) -> Iterator[str]:
    yield from _prose(command.help or "")
    if getattr(command, "commands", None):
        return
    yield block(" ".join(("escalon", *words, *_usage(command))))
    shown = [param for param in command.params if not _SPEAKS_OF_ITSELF & set(param.opts)]
    if shown:
        yield table(("argument or option", "what it is", "default"), [_param(param) for param in shown])
    yield from _prose(command.epilog or "")


def _usage(command: Any) -> Iterator[str]:
    yield "[OPTIONS]"
    for param in command.params:
        if param.param_type_name == "argument":
            name = _metavar(param)
            yield name if param.required or name.startswith("[") else f"[{name}]"


def _metavar(param: Any) -> str:
    return str(param.metavar or param.name.upper())


def _param(param: Any) -> tuple[str, str, str]:
    is_argument = param.param_type_name == "argument"
    names = _metavar(param) if is_argument else ", ".join((*param.opts, *param.secondary_opts))
    default = param.default
    shown = "" if default in (None, False, "", ()) or callable(default) else code(str(default))
    return code(names), _plain(param.help or ""), "required" if param.required else shown


def _prose(text: str) -> Iterator[str]:
    """Paragraphs as text; runs of example lines, which begin with `escalon`, as one block."""
    examples: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip() for line in paragraph.splitlines()]
        if all(line.startswith("escalon ") for line in lines) and lines:
            examples += lines
            continue
        if examples:
            yield block("\n".join(examples))
            examples = []
        if paragraph.strip():
            yield _plain(" ".join(lines))
    if examples:
        yield block("\n".join(examples))


def _plain(text: str) -> str:
    """Without the marks for bold type in a terminal, and with angle brackets that Markdown does not swallow."""
    return _MARKUP.sub("", text.replace("\b", "")).replace("\\[", "[").replace("<", "&lt;")
