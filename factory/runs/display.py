"""Samples, stories, runs and differences as HTML for a notebook, as a person would read them.

Source text is hostile: all of it is escaped, what would turn the direction of reading stays within
its own box, and control characters are written out. Nothing is fetched and nothing runs. Styles
stand at their elements, since what shows a notebook may drop a style sheet; colors are let through
from the page, so that light and dark both are readable.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from factory.runs.counting import gold_places
from factory.runs.folder import why_rejected
from factory.runs.pairs import Pair
from factory.runs.words import around, compare_words
from factory.sample import PARTS
from factory.tasktypes.choices import first_number
from factory.text import UNSEEN

if TYPE_CHECKING:
    from factory.runs.compare import Difference
    from factory.runs.counting import Lengths
    from factory.runs.run import Run
    from factory.runs.summary import Summary

_LONGEST: Final = 20_000
_LONGEST_CELL: Final = 400
_AROUND: Final = 80
#: More source rows of one sample are folded up.
_MOST_ROWS: Final = 6

_FRAME: Final = (
    "border:1px solid rgba(128,128,128,.4);border-radius:6px;padding:.7em 1em;margin:.6em 0;"
    "max-width:60em;line-height:1.45;text-align:left;color:inherit;background:transparent"
)
_QUIET: Final = "opacity:.7;font-size:.85em"
_TEXT: Final = "white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate"
_CODE: Final = "font-family:monospace"
_GOLD: Final = "background:rgba(46,160,67,.2);border-radius:3px"
_ANSWER: Final = f"{_GOLD};padding:.1em .4em;font-weight:bold"
_GONE: Final = "background:rgba(229,83,75,.22);text-decoration:line-through"
_NEW: Final = "background:rgba(46,160,67,.25);text-decoration:none"
_DROPPED: Final = "border-left:4px solid rgba(229,83,75,.8);padding-left:.6em"
_ROW: Final = "margin:.35em 0;padding-left:.6em;border-left:2px solid rgba(128,128,128,.4)"
_CELL: Final = (
    "text-align:left;vertical-align:top;padding:.15em .8em .15em 0;border:0;color:inherit;"
    "background:transparent"
)
#: What is short stays in one piece, or a narrow table would break it between any two letters.
_SHORT: Final = 40


def escaped(text: str, longest: int = _LONGEST) -> str:
    """Return ``text`` as HTML that shows it and does nothing; what is too long is cut."""
    cut = "" if len(text) <= longest else f" … ({len(text):,} characters)"
    pieces = []
    end = 0
    text = text[:longest]
    for found in UNSEEN.finditer(text):
        pieces.append(html.escape(text[end : found.start()]))
        code = f"U+{ord(found[0]):04X}"
        pieces.append(f'<span style="{_QUIET};{_CODE};border:1px dotted">{code}</span>')
        end = found.end()
    pieces.append(html.escape(text[end:]))
    return "".join(pieces) + cut


def _box(tag: str, style: str, inner: str) -> str:
    return f'<{tag} dir="auto" style="{_TEXT};{style}">{inner}</{tag}>'


def _plain(tag: str, style: str, inner: str) -> str:
    return f'<{tag} style="{style}">{inner}</{tag}>'


def sample_html(record: Mapping[str, Any]) -> str:
    """Return one kept sample, given its record: prompt, options with the gold, answer, origin."""
    head = [record["id"], record["task"], record["task_type"], record["metric"]]
    head += [record["lang"], record["split"]]
    return _plain(
        "div",
        _FRAME,
        _plain("div", f"{_QUIET};{_CODE}", " · ".join(escaped(each) for each in head))
        + "".join(_parts(record))
        + _answer(record)
        + _origin(record["provenance"]),
    )


def _parts(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the parts of the prompt; those that ShopBench's form does not print are fainter."""
    for name in PARTS:
        text = record[name]
        if not text.strip():
            continue
        printed = text.strip() in record["input_field"]
        label = name if printed else f"{name} (not printed)"
        inner = _options(record) if name == "candidates" else escaped(text.strip())
        yield _plain(
            "div",
            f"margin:.45em 0{'' if printed else ';opacity:.6'}",
            _plain("div", _QUIET, label) + _box("div", "", inner),
        )
    if record["options"] and not record["candidates"].strip():
        yield _plain("div", _QUIET, "options") + _box("div", "", _options(record))


def _options(record: Mapping[str, Any]) -> str:
    """Return the candidates a line each, the right ones marked; of a ranking, their relevance."""
    options = record["options"]
    if not options:
        return escaped(record["candidates"].strip())
    first = first_number(record["task_type"])
    gold = set(gold_places(record))
    ranking = record["task_type"] == "ranking"
    worth = json.loads(record["gold"]) if ranking else ()
    before = record["candidates"].partition(f"{first}. {options[0]}")[0].strip()
    lines = [_box("div", "", escaped(before))] if before != record["candidates"].strip() else []
    for place, option in enumerate(options, 1):
        said = f"{place - 1 + first}. {escaped(option)}"
        mark = "✓" if place in gold else ""
        if ranking:
            mark = f"{mark} relevance {worth[place - 1]:g}"
        note = _plain("span", _QUIET, f"&ensp;{mark.strip()}") if mark else ""
        lines.append(_box("div", _GOLD if place in gold else "", said + note))
    return "".join(lines)


def _answer(record: Mapping[str, Any]) -> str:
    reasoning = record.get("reasoning") or ""
    said = ""
    if reasoning:
        said = _plain("div", _QUIET, "reasoning") + _box("div", "", escaped(reasoning))
    return (
        said
        + _plain("div", f"{_QUIET};margin-top:.45em", "answer")
        + _box("span", _ANSWER, escaped(record["output_field"]))
    )


def _origin(provenance: Mapping[str, Any]) -> str:
    parts = [f"source {provenance['source']}"]
    if provenance.get("parent"):
        parts.append(f"derived from {provenance['parent']}")
    parts += [f"view {provenance['view']}", f"template {provenance['template']}"]
    parts.append(f"wording {provenance['wording']}")
    if provenance.get("generator"):
        parts.append(f"made by {provenance['generator']}")
    if provenance.get("model"):
        parts.append(f"model {provenance['model']}")
    tokens = (provenance.get("tokens") or 0) + (provenance.get("judge_tokens") or 0)
    if tokens:
        cost = (provenance.get("cost") or 0.0) + (provenance.get("judge_cost") or 0.0)
        parts.append(f"{tokens:,} tokens, ${cost:,.6f}")
    parts.append(f"licence {provenance['licence'] or 'unknown'}")
    line = " · ".join(escaped(each) for each in parts)
    return _plain("div", f"{_QUIET};margin-top:.7em;unicode-bidi:isolate", line)


def candidate_html(row: Mapping[str, Any]) -> str:
    """Return one dropped candidate, given its line of ``rejected.jsonl``, with the reason."""
    told = escaped(f"dropped by {why_rejected(row)}")
    told = _box("div", f"font-weight:bold;{_DROPPED}", told)
    inner = json.loads(row["record"])
    if "input_field" in inner:
        return told + sample_html(inner)
    head = " · ".join(escaped(str(row[name])) for name in ("id", "task", "split") if name in row)
    shown = _table(inner.items()) if inner else ""
    return told + _plain("div", _FRAME, _plain("div", f"{_QUIET};{_CODE}", head) + shown)


def story_html(story: Mapping[str, Any]) -> str:
    """Return the whole story of one sample: decision, source rows, what the view gave, verdicts."""
    sample, definition = story["sample"], story["definition"]
    made = f"view {definition['view']} · template {definition['template']} · seed "
    made += f"{definition['seed']} · definition {definition['hash']}"
    pieces = [
        _box("div", "font-weight:bold", escaped(story["decision"])),
        _plain("div", _QUIET, escaped(made)),
        _heading("Source rows"),
    ]
    if "rows_missing" in story:
        pieces.append(_plain("div", "", f"not to be had: {escaped(story['rows_missing'])}"))
    rows = [_source_row(row) for row in story["rows"]]
    pieces += rows[:_MOST_ROWS]
    if more := rows[_MOST_ROWS:]:
        pieces.append(f"<details><summary>{len(more)} more</summary>{''.join(more)}</details>")
    if "input_field" not in sample:
        pieces += [_heading("The row, of which no sample was made"), _table(sample.items())]
        return _plain("div", "max-width:62em", "".join(pieces))
    pieces += [_heading("What the view gave"), _table(json.loads(sample["slots"]).items())]
    pieces += [_heading("The sample"), sample_html(sample), _heading("Verdicts")]
    verdicts = []
    for each in sample["verdicts"]:
        said = "keep" if each["keep"] else f"drop: {each['reason']}"
        score = "" if each["score"] is None else f"{each['score']:g}"
        verdicts.append((each["filter"], said, score, each["detail"]))
    pieces.append(_grid(("filter", "verdict", "score", "detail"), verdicts))
    return _plain("div", "max-width:62em", "".join(pieces))


def _source_row(row: Mapping[str, Any]) -> str:
    """Return one row of a source as a paragraph: its table, then what it has, by column."""
    told = [
        _plain("span", _QUIET, escaped(name)) + "&nbsp;" + _inline(value)
        for name, value in row.items()
        if name != "table" and value not in (None, "", [], {})
    ]
    table = _plain("b", "", escaped(str(row["table"])))
    return _plain("div", _ROW, f"{table} " + " · ".join(told))


def _inline(value: Any) -> str:
    return f'<bdi style="overflow-wrap:anywhere">{escaped(_said(value), _LONGEST_CELL)}</bdi>'


def run_html(run: Run) -> str:
    """Return a run at one glance: what it is, its counts, and a line for each task of a mixture."""
    rows: list[tuple[str, str]] = [("folder", str(run.folder)), ("kept", f"{len(run):,} samples")]
    rejected = sum(_rejected(each) for each in run.tasks.values())
    if run.is_mixture:
        lines = [
            (name, f"{len(each):,}", f"{_rejected(each):,}", each.title)
            for name, each in run.tasks.items()
        ]
        inner = _grid(("task", "kept", "rejected", "title"), lines)
    else:
        recipe, source = run.manifest["recipe"], run.manifest["source"]
        rows += [
            ("type", recipe.get("type", "")),
            ("source", f"{source['name']}, licence {source.get('licence') or 'unknown'}"),
            ("view and template", f"{recipe['rows'] or 'derived'}, {recipe['template']}"),
        ]
        inner = ""
    rows += [("rejected", f"{rejected:,}"), ("seed", str(run.manifest["seed"]))]
    said = f"{run.name}: {run.title}" if run.title else run.name
    head = _box("div", "font-weight:bold;font-size:1.1em", escaped(said))
    more = "samples · test · rejected · show() · why(id) · stats() · plot() · to_pandas()"
    return _plain("div", _FRAME, head + _table(rows) + inner + _plain("div", _QUIET, more))


def _rejected(run: Run) -> int:
    return sum(sum(split["rejected"].values()) for split in run.manifest["splits"].values())


def summary_html(summary: Summary) -> str:
    """Return the main counts of a run, and a line for each task."""
    rows = [
        ("kept", f"{summary.accepted:,} of {summary.wanted:,} wanted"),
        ("rejected", f"{summary.dropped:,}"),
        ("languages", _listed(summary.languages)),
        ("prompts", _length(summary.prompts)),
        ("answers", _length(summary.answers)),
    ]
    spent = summary.spent
    if spent.tokens or spent.judge_tokens:
        tokens, cost = spent.tokens + spent.judge_tokens, spent.cost + spent.judge_cost
        rows.append(("models", f"{_listed(summary.models)}; {tokens:,} tokens, ${cost:,.4f}"))
    lines = [
        (
            *(task.name, task.task_type, f"{task.samples.get('train', 0):,}"),
            *(f"{task.samples.get('test', 0):,}", f"{task.dropped:,}"),
            *(f"{task.prompts.quantile(0.5):,}", f"{task.answers.quantile(0.5):,}"),
            _listed({each.name: each.score for each in task.probes if each.gives_away}),
        )
        for task in summary.tasks
    ]
    columns = (
        "task",
        "type",
        "train",
        "test",
        "rejected",
        "prompt",
        "answer",
        "cheats over chance",
    )
    head = _box("div", "font-weight:bold", escaped(f"{summary.name}: {summary.title}"))
    return _plain("div", _FRAME, head + _table(rows) + _grid(columns, lines))


def _listed(counts: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _length(lengths: Lengths) -> str:
    least, middle, most = (lengths.quantile(share) for share in (0.0, 0.5, 1.0))
    return f"{least:,} to {most:,} characters, median {middle:,}"


def difference_html(difference: Difference) -> str:
    """Return two runs compared: how much differs, by what change, and some samples word by word."""
    before, after = difference.samples
    pieces = [
        _table(
            [
                (str(difference.before), f"{before:,} samples"),
                (str(difference.after), f"{after:,} samples"),
                ("same in both", f"{difference.same:,}"),
                *((kind, f"{count:,}") for kind, count in difference.counts.items()),
            ]
        ),
        _heading("What was changed, and what that explains"),
    ]
    if difference.causes:
        rows = [
            (each.what, ("maybe " if each.may and each.counts else "") + _kinds(each.counts))
            for each in difference.causes
        ]
        pieces.append(_grid(("change", "explains"), rows))
    else:
        pieces.append(_plain("div", "", "nothing that a manifest records"))
    if difference.unexplained:
        said = f"no change explains {_kinds(difference.unexplained)}: a file was edited, or a "
        pieces.append(_plain("div", _DROPPED, f"{said}model answered anew"))
    if difference.fields:
        pieces.append(_heading("Fields that changed"))
        said = " · ".join(f"{name} {count:,}" for name, count in difference.fields.items())
        pieces.append(_plain("div", "", escaped(said)))
    pieces += [pair_html(pair) for pair in difference.examples]
    return _plain("div", "max-width:62em", "".join(pieces))


def _kinds(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in counts.items()) or "nothing"


def pair_html(pair: Pair) -> str:
    """Return one sample that two runs do not have alike, with what differs word by word."""
    head = _plain("div", f"{_CODE};font-weight:bold", escaped(f"{pair.kind}: {pair.id}"))
    if pair.before and pair.after:
        shown = []
        for name in pair.telling_fields:
            shown.append(_plain("div", _QUIET, escaped(name)))
            shown.append(_box("div", "margin-bottom:.4em", _compared(*pair.values_of(name))))
        head += _plain("div", _QUIET, escaped(pair.task))
        return _plain("div", _FRAME, head + "".join(shown))
    why = _box("div", _DROPPED, escaped(pair.rejection)) if pair.filter else ""
    return _plain(
        "div", "margin-top:.8em", head + why + sample_html(pair.after or pair.before or {})
    )


def _compared(before: str, after: str) -> str:
    pieces = compare_words(before[:_LONGEST], after[:_LONGEST])
    tags = {"before": ("del", _GONE), "after": ("ins", _NEW)}
    shown = []
    for number, piece in enumerate(pieces):
        if piece.where == "same":
            text = around(piece.text, _AROUND, number == 0, number == len(pieces) - 1)
            shown.append(escaped(text))
        else:
            tag, style = tags[piece.where]
            shown.append(_plain(tag, style, escaped(piece.text)))
    return "".join(shown)


def _heading(text: str) -> str:
    return _plain("div", "font-weight:bold;margin:.8em 0 .2em", escaped(text))


def _table(rows: Iterable[tuple[str, Any]]) -> str:
    """Return names and values as a table of two columns."""
    return _plain(
        "table",
        "border-collapse:collapse;margin:.2em 0",
        "".join(
            "<tr>" + _cell(name, _QUIET) + _cell(_said(value)) + "</tr>" for name, value in rows
        ),
    )


def _grid(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(_cell(name, _QUIET) for name in columns)
    body = "".join("<tr>" + "".join(_cell(_said(each)) for each in row) + "</tr>" for row in rows)
    return _plain("table", "border-collapse:collapse;margin:.2em 0", f"<tr>{head}</tr>{body}")


def _cell(text: str, style: str = "") -> str:
    wraps = "white-space:nowrap" if len(text) <= _SHORT else _TEXT
    inner = f'<bdi style="{wraps}">{escaped(text, _LONGEST_CELL)}</bdi>'
    return f'<td style="{_CELL};{style}">{inner}</td>'


def _said(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
