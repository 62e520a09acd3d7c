"""What the page draws: four kinds of picture, in colours that the page fills in.

A picture is as wide as a phone, so that its letters stay readable there.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from factory.report.shown import shortened, visible
from factory.report.svg import as_svg
from factory.runs.counting import Bin, Place
from factory.runs.summary import Probe

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import Formatter, Locator

_WIDTH: Final = 400
_POINTS_AN_INCH: Final = 72
#: Colours that no one sees: each stands for a class of the page's style sheet.
_INK, _MUTED, _BAR, _FAINT, _MARK, _WARN = (f"#00000{number}" for number in range(1, 7))
_CLASSES: Final = {
    _INK: "ink",
    _MUTED: "muted",
    _BAR: "bar",
    _FAINT: "faint",
    _MARK: "mark",
    _WARN: "warn",
}
_SETTINGS: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "factory",
    "text.parse_math": False,
    "font.size": 11,
    "font.family": "DejaVu Sans",
    "text.color": _MUTED,
    "axes.labelcolor": _MUTED,
    "axes.unicode_minus": False,
    "xtick.color": _MUTED,
    "ytick.color": _MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "grid.color": _FAINT,
    "grid.linewidth": 1,
    "path.simplify": False,
    "lines.solid_capstyle": "round",
}
_MOST_LETTERS: Final = 44


def histogram(bins: Sequence[Bin], unit: str, label: str) -> Markup:
    """Return how many samples there are of each length."""
    with _drawing(190, bottom=40) as (figure, axes):
        width = (bins[0].stop or 1) - bins[0].start
        starts = [each.start for each in bins]
        axes.bar(
            *(starts, [each.samples for each in bins]),
            width=width * 0.9 if width > 1 else 0.8,
            align="edge" if width > 1 else "center",
            color=[_MUTED if each.stop is None else _BAR for each in bins],
        )
        if len(bins) == 1:
            axes.set_xlim(starts[0] - 3, starts[0] + 3)
        axes.xaxis.set_major_locator(_whole_numbers(6))
        axes.xaxis.set_major_formatter(_thousands())
        axes.set_xlabel(unit)
        _grid(axes)
        return as_svg(figure, _CLASSES, label)


def bars(rows: Sequence[tuple[str, int]], total: int, label: str) -> Markup:
    """Return a bar for each row, its name above and its count and share of ``total`` at the end."""
    with _drawing(34 * len(rows) + 4, left=2, right=2, bottom=2) as (figure, axes):
        most = max(count for _, count in rows)
        axes.set_xlim(0, most)
        axes.set_ylim(len(rows), 0)
        axes.axis("off")
        for place, (name, count) in enumerate(rows):
            axes.barh(place + 0.74, most, height=0.24, color=_FAINT)
            axes.barh(place + 0.74, count, height=0.24, color=_BAR)
            axes.text(0, place + 0.46, shortened(name, _MOST_LETTERS), color=_INK)
            share = f"{count:,}  ·  {count / total:.1%}"
            axes.text(most, place + 0.46, share, ha="right", color=_MUTED)
        return as_svg(figure, _CLASSES, label)


def columns(places: Sequence[Place], label: str) -> Markup:
    """Return how often the right answer stands in each place, and a line where chance has it."""
    with _drawing(190, bottom=40) as (figure, axes):
        numbers = [each.place for each in places]
        axes.bar(numbers, [each.samples for each in places], width=0.7, color=_BAR)
        for each in places:
            ends = (each.place - 0.44, each.place + 0.44)
            axes.plot(ends, (each.expected, each.expected), color=_MARK, linewidth=2)
        axes.xaxis.set_major_locator(_whole_numbers(12))
        axes.set_xlabel("place among the options")
        _grid(axes)
        return as_svg(figure, _CLASSES, label)


def against_chance(probes: Sequence[Probe], label: str) -> Markup:
    """Return a dot for what each cheat scores, tied to a line where chance does."""
    with _drawing(22 * len(probes) + 46, left=168, right=14, bottom=40) as (figure, axes):
        for place, each in enumerate(probes):
            colour = _WARN if each.gives_away else _BAR
            axes.plot((each.chance, each.score), (place, place), color=colour, linewidth=2)
            axes.plot((each.chance, each.chance), (place - 0.3, place + 0.3), color=_MARK)
            # A line of no length with round ends is a dot without a definition of its own.
            axes.plot(*((each.score,) * 2, (place,) * 2), color=colour, linewidth=9)
        axes.set_xlim(0, 1)
        axes.xaxis.set_ticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
        axes.yaxis.set_ticks(
            [float(place) for place in range(len(probes))],
            [shortened(_words(each.name), 26) for each in probes],
        )
        axes.set_ylim(len(probes) - 0.4, -0.6)
        axes.set_xlabel("score in the task's own metric")
        axes.grid(axis="x")
        for tick in axes.yaxis.get_ticklabels():
            tick.set_color(_INK)
        return as_svg(figure, _CLASSES, label)


@contextmanager
def _drawing(
    height: int, *, left: int = 46, right: int = 8, bottom: int = 24
) -> Iterator[tuple[Figure, Axes]]:
    """Give a figure of the page's width, and its axes; sizes are in the page's units."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_SETTINGS), warnings.catch_warnings():
        # Letters that the bundled font lacks are drawn by the reader's fonts.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(
            (_WIDTH / _POINTS_AN_INCH, height / _POINTS_AN_INCH), dpi=_POINTS_AN_INCH, frameon=False
        )
        axes = figure.add_axes(
            (
                left / _WIDTH,
                bottom / height,
                (_WIDTH - left - right) / _WIDTH,
                (height - bottom - 6) / height,
            ),
            frameon=False,
        )
        axes.set_axisbelow(True)
        yield figure, axes


def _grid(axes: Axes) -> None:
    axes.grid(axis="y")
    axes.yaxis.set_major_locator(_whole_numbers(4))
    axes.yaxis.set_major_formatter(_thousands())
    axes.set_ylim(bottom=0)


def _whole_numbers(most: int) -> Locator:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(most, integer=True, steps=[1, 2, 5, 10])


def _thousands() -> Formatter:
    from matplotlib.ticker import StrMethodFormatter

    return StrMethodFormatter("{x:,.0f}")


def _words(name: str) -> str:
    return visible(name).replace("_", " ")
