"""A run at one glance: a figure of four plots, drawn without a window or any global state."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from factory.runs.counting import Lengths, Place
    from factory.runs.summary import Summary

_SIZE: Final = (11.0, 7.0)
_MOST_BARS: Final = 12
_LEAST_BARS: Final = 4
_LONGEST_NAME: Final = 34
_COLORS: Final[Mapping[str, str]] = {
    "train": "#3b75af",
    "test": "#ef8636",
    "rejected": "#c0504d",
    "expected": "#888888",
}


class RunFigure(Figure):
    """A figure that a notebook shows by itself, whichever backend it has or has not chosen."""

    def _repr_png_(self) -> bytes:
        # Where no canvas was chosen the figure has one that cannot draw.
        FigureCanvasAgg(self)
        target = io.BytesIO()
        self.savefig(target, format="png", dpi=110)
        return target.getvalue()


def draw_summary(summary: Summary) -> Figure:
    """Return samples by task, prompt lengths, places of the gold and rejections by reason."""
    figure = RunFigure(figsize=_SIZE, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    counts, lengths, places, rejections = (figure.add_subplot(2, 2, n) for n in (1, 2, 3, 4))
    figure.suptitle(_plain(f"{summary.name}: {summary.accepted:,} samples", 80))
    _draw_counts(counts, summary)
    _draw_lengths(lengths, summary.prompts)
    _draw_places(places, summary)
    _draw_rejections(rejections, summary)
    for each in (counts, lengths, places, rejections):
        each.spines[["top", "right"]].set_visible(False)
    for axis in (counts.xaxis, lengths.yaxis, places.yaxis, rejections.xaxis):
        axis.set_major_locator(MaxNLocator("auto", integer=True))
    return figure


def _draw_counts(axes: Axes, summary: Summary) -> None:
    tasks = sorted(summary.tasks, key=lambda task: -task.accepted)
    rows = [(task.name, task.samples) for task in tasks[:_MOST_BARS]]
    if more := tasks[_MOST_BARS:]:
        rest = {
            split: sum(task.samples.get(split, 0) for task in more) for split in ("train", "test")
        }
        rows.append((f"{len(more)} more tasks", rest))
    names = [_plain(name) for name, _ in rows]
    left = [0] * len(rows)
    for split in ("train", "test"):
        counts = [samples.get(split, 0) for _, samples in rows]
        if any(counts):
            axes.barh(range(len(rows)), counts, left=left, color=_COLORS[split], label=split)
            left = [one + other for one, other in zip(left, counts, strict=True)]
    _name_bars(axes, names)
    axes.set_title("Samples kept")
    if any(samples.get("test") for _, samples in rows):
        axes.legend(frameon=False)


def _draw_lengths(axes: Axes, lengths: Lengths) -> None:
    bins = lengths.bins()
    if not bins:
        _say(axes, "no sample")
        return
    width = (bins[0].stop or bins[0].start + 1) - bins[0].start
    axes.bar(
        [each.start for each in bins],
        [each.samples for each in bins],
        width=[0.95 * width] * len(bins),
        align="edge",
        color=_COLORS["train"],
    )
    axes.axvline(lengths.quantile(0.5), color=_COLORS["expected"], linestyle="--", linewidth=1)
    tail = "; the last bar is all longer ones" if bins[-1].stop is None else ""
    axes.set_title("Prompt lengths")
    axes.set_xlabel(f"characters (median {lengths.quantile(0.5):,}{tail})")
    axes.set_ylabel("samples")


def _draw_places(axes: Axes, summary: Summary) -> None:
    places = _together([task.places for task in summary.tasks])
    axes.set_title("Where the right answers stand")
    if not places:
        _say(axes, "the answers are in words, not among options")
        return
    at = sorted(places)[: 2 * _MOST_BARS]
    axes.bar(at, [places[place][0] for place in at], color=_COLORS["train"], label="found")
    axes.plot(
        at,
        [places[place][1] for place in at],
        color=_COLORS["expected"],
        linestyle="",
        marker="_",
        markersize=14,
        markeredgewidth=2,
        label="by chance",
    )
    axes.xaxis.set_ticks([float(place) for place in at])
    axes.set_xlabel("place among the options, counted from 1")
    axes.set_ylabel("right answers")
    axes.margins(y=0.2)
    axes.legend(frameon=False, ncols=2, loc="upper right")


def _together(all_places: Sequence[Sequence[Place]]) -> dict[int, tuple[int, float]]:
    """Return how often the gold stands in each place, and how often by chance, of all tasks."""
    found: dict[int, tuple[int, float]] = {}
    for places in all_places:
        for each in places:
            samples, expected = found.get(each.place, (0, 0.0))
            found[each.place] = samples + each.samples, expected + each.expected
    return found


def _draw_rejections(axes: Axes, summary: Summary) -> None:
    axes.set_title("Rejected, by filter and reason")
    counts = sorted(summary.rejected.items(), key=lambda item: -item[1])
    if not counts:
        _say(axes, "nothing was rejected")
        return
    rows = [(f"{name}: {reason}", count) for (name, reason), count in counts[:_MOST_BARS]]
    if more := counts[_MOST_BARS:]:
        rows.append((f"{len(more)} more reasons", sum(count for _, count in more)))
    axes.barh(range(len(rows)), [count for _, count in rows], color=_COLORS["rejected"])
    _name_bars(axes, [_plain(name) for name, _ in rows])
    axes.set_xlabel("candidates")


def _name_bars(axes: Axes, names: Sequence[str]) -> None:
    axes.yaxis.set_ticks([float(place) for place in range(len(names))], labels=list(names))
    # A single bar would fill the whole plot.
    axes.set_ylim(max(len(names), _LEAST_BARS) - 0.5, -0.5)


def _say(axes: Axes, text: str) -> None:
    axes.text(0.5, 0.5, text, ha="center", va="center", transform=axes.transAxes)
    axes.axis("off")


def _plain(text: Any, longest: int = _LONGEST_NAME) -> str:
    """Return a name that is drawn as it is: a dollar would begin a formula."""
    text = str(text).replace("$", r"\$")
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
