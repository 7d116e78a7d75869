"""A group of commands of which the first may be left out: `escalon feasibility STUDY …`."""

from typing import Any

from typer.core import TyperGroup


def first_of(name: str) -> type[TyperGroup]:
    """A group in which what is no command and no call for help is asked of one of them."""

    class _Group(TyperGroup):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            if not args or args[0] not in (*self.list_commands(ctx), "--help"):
                args = [name, *args]
            return super().parse_args(ctx, args)

    return _Group
