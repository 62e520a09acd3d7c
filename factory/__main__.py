"""``python -m factory``, and the program ``eshop-factory``."""

from __future__ import annotations


def main() -> None:
    """Run the command line; Ctrl-C before it is there is no other than Ctrl-C after."""
    try:
        from factory.cli import main as run_command_line
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    run_command_line()


if __name__ == "__main__":
    main()
