"""How the command line explains itself: verbs and options in groups, and examples to copy.

A verb's docstring is its help. What stands in it below a line ``Examples:`` is printed as it is
written, after the options; an option's group is its ``rich_help_panel``.
"""

from __future__ import annotations

from typing import Any, Final

from typer.core import TyperCommand, TyperGroup

#: The groups of the verbs, in the order in which they are shown.
MAKE: Final = "Make samples"
READ: Final = "Read what was made"
MEASURE: Final = "Measure"
HAND_ON: Final = "Hand on"
BEGIN: Final = "Begin, and keep house"
GROUPS: Final = (MAKE, READ, MEASURE, HAND_ON, BEGIN)

_FIRST: Final = (
    "python -m factory run recipes.yaml --task task12",
    "python -m factory show out/task12",
)
_EXAMPLES: Final = "Examples:"
_OPTIONS: Final = "Options"
_DEBUG: Final = ("--debug", "Show where an error came from (also: FACTORY_DEBUG=1).")


class Verb(TyperCommand):
    """One verb: its options by group, its examples verbatim."""

    def format_help_text(self, _: Any, formatter: Any) -> None:
        """Write what the verb does, without its examples."""
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(self._parts()[0])

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, then the options, those of one group together."""
        groups: dict[str, list[tuple[str, str]]] = {"Arguments": []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is None:
                continue
            group = getattr(param, "rich_help_panel", None) or _OPTIONS
            if param.param_type_name == "argument":
                group = "Arguments"
                record = (param.metavar or record[0], record[1])
            groups.setdefault(group, []).append(record)
        # What every verb has stands last.
        rest = groups.pop(_OPTIONS, [])
        groups[_OPTIONS] = [*rest[:-1], _DEBUG, *rest[-1:]]
        for name, records in groups.items():
            if records:
                with formatter.section(name):
                    formatter.write_dl(records)

    def format_epilog(self, _: Any, formatter: Any) -> None:
        """Write the examples as they stand: a command is copied whole."""
        if examples := self._parts()[1]:
            with formatter.section(_EXAMPLES.rstrip(":")):
                for line in examples.splitlines():
                    formatter.write(f"{'':{formatter.current_indent}}{line.strip()}\n")

    def _parts(self) -> tuple[str, str]:
        text, _, examples = (self.help or "").partition(_EXAMPLES)
        return text.strip(), examples.strip()


class Verbs(TyperGroup):
    """All verbs, in groups, each with its whole first sentence."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the verbs of each group."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        known = [(name, command) for name, command in commands if command and not command.hidden]
        longest = max(len(name) for name, _ in known)
        for group in (*GROUPS, ""):
            records = [
                (name.ljust(longest), _first_sentence(command.help or ""))
                for name, command in known
                if (getattr(command, "rich_help_panel", None) or "") == group
            ]
            if records:
                with formatter.section(group or "Other"):
                    formatter.write_dl(records)

    def format_epilog(self, _: Any, formatter: Any) -> None:
        """Write where one begins."""
        with formatter.section("Begin here"):
            for line in _FIRST:
                formatter.write(f"{'':{formatter.current_indent}}{line}\n")


def _first_sentence(text: str) -> str:
    return " ".join(text.split("\n\n", 1)[0].split())
