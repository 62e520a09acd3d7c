"""What went wrong, in the words of one who wants to go on: what, why, and what to do next.

The library that parses the command line says what it missed, in its own words; :func:`usage` says
it in this project's, with the nearest right word. What no line of this package expected is a
defect, and :func:`defect` says so.
"""

from __future__ import annotations

import traceback
from typing import Any, Final

from factory.errors import did_you_mean

#: What pydantic calls a value of the wrong kind, and what the option takes instead.
_KINDS: Final = {"int_parsing": "a whole number", "float_parsing": "a number"}


def usage(error: Any) -> str:
    """Return what is wrong with a command line, of an error of the library that parses it.

    Which class it is depends on that library's version, so it is told by its name and its fields.
    """
    context = getattr(error, "ctx", None)
    if context is None and type(error).__name__ == "BadOptionUsage":
        return f"{error.option_name} needs a value after it"
    if context is None:
        return f"{error.format_message()} (see python -m factory --help)"
    told = {
        "NoSuchOption": _no_option,
        "BadOptionUsage": _no_value,
        "MissingParameter": _missing,
        "BadParameter": _bad_value,
    }.get(type(error).__name__, _other)(error, context)
    return f"{told}{' ' if told[-1] == '?' else ': '}{context.command_path} --help says more"


def _no_option(error: Any, context: Any) -> str:
    known = [name for param in context.command.params for name in _names(param)]
    wrong = error.option_name
    hint = did_you_mean(wrong, known).rstrip()
    if elsewhere := _verbs_with(wrong, context):
        hint = f"it is one of {', '.join(elsewhere)}"
    return f"{_verb(context)} has no option {wrong}{f'; {hint}' if hint else ''}"


def _no_value(error: Any, context: Any) -> str:
    param = next((p for p in context.command.params if error.option_name in p.opts), None)
    metavar = getattr(param, "metavar", None)
    return f"{error.option_name} needs a value{f', {metavar}' if metavar else ''}"


def _missing(error: Any, context: Any) -> str:
    param = error.param
    if param is None:
        return f"{_verb(context)}: {error.format_message()}"
    name = param.metavar or param.name
    if param.param_type_name == "option":
        name = f"{param.opts[0]} {name}"
    return f"{_verb(context)} needs {name}, {_lowered(param.help)}"


def _bad_value(error: Any, context: Any) -> str:
    option = error.param.opts[0] if error.param is not None else _verb(context)
    details: list[dict[str, Any]] = getattr(error.__cause__, "errors", list)()
    if not details:
        return f"{option}: {_told(error)}"
    kind, value, limits = details[0]["type"], details[0]["input"], details[0].get("ctx", {})
    if "ge" in limits or "le" in limits:
        wanted = f"{limits['ge']:g} or more" if "ge" in limits else f"{limits['le']:g} or less"
    elif kind in _KINDS:
        wanted = _KINDS[kind]
    else:
        return f"{option}: {_told(error)}"
    return f"{option} takes {wanted}, not {value!r}"


def _told(error: Any) -> str:
    """Return an error's own words, without the class that the checking library puts before them."""
    message: str = error.message
    return message.removeprefix("Value error, ").rstrip(".")


def _other(error: Any, context: Any) -> str:
    message = error.message
    known = getattr(context.command, "commands", None)
    if known and message.startswith("No such command"):
        wrong = message.split("'")[1]
        verbs = ", ".join(known)
        return f"there is no verb {wrong!r}: {did_you_mean(wrong, known)}The verbs are {verbs}"
    if "unexpected extra argument" in message:
        extra = message[message.find("(", message.find("(s)") + 3) :].strip("()")
        takes = [p.metavar or p.name for p in context.command.params if _is_argument(p)]
        named = f"; a value follows its option, as in {_option_with_value(context)}"
        return (
            f"{_verb(context)} takes {' and '.join(takes) or 'no argument'}, and {extra!r} is too "
            f"much{named if _option_with_value(context) else ''}"
        )
    return f"{_verb(context)}: {message.rstrip('.')}"


def _option_with_value(context: Any) -> str:
    """Return an example of an option with a value of this verb, the first that it has."""
    for param in context.command.params:
        if not _is_argument(param) and not getattr(param, "is_flag", False) and param.metavar:
            return f"{param.opts[0]} {param.metavar}"
    return ""


def _verbs_with(option: str, context: Any) -> list[str]:
    """Return the other verbs that have this very option."""
    verbs = getattr(context.find_root().command, "commands", {})
    return [
        name
        for name, command in verbs.items()
        if any(option in _names(param) for param in command.params)
    ]


def _names(param: Any) -> list[str]:
    return [] if _is_argument(param) else [*param.opts, *param.secondary_opts]


def _is_argument(param: Any) -> bool:
    return bool(param.param_type_name == "argument")


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")


def _verb(context: Any) -> str:
    return context.info_name if context.parent is not None else "the command line"


def failed_output(error: OSError) -> str:
    """Return what is wrong with a file, a stream or the machine, where no stage said it better."""
    where = f"{error.filename}: " if error.filename else "what was asked for cannot be written: "
    return f"{where}{error.strerror or error}; --debug shows where it happened"


def defect(error: BaseException) -> str:
    """Return the line that says that an error is this package's own, and what to do with it."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "factory" in frame.filename.replace("\\", "/").split("/")]
    last = (own or frames)[-1:]
    at = "".join(f" ({_short(frame.filename)}:{frame.lineno})" for frame in last)
    said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return (
        f"a defect of this program, not your mistake: {said}{at}. Run the command again with "
        "--debug for the whole traceback, and report it with that"
    )


def _short(path: str) -> str:
    """Return a path from the package's own folder on: where it is installed tells nobody more."""
    parts = path.replace("\\", "/").split("/")
    return "/".join(
        parts[-1 - parts[::-1].index("factory") :] if "factory" in parts else parts[-1:]
    )
