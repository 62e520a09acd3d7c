"""ECInstruct (Peng et al., arXiv:2402.08831), ten tasks of e-commerce, onto the table.

Its one file, ``dataset.json``, is a JSON array of about 264,000 rows; JSON lines are read as well.
One sample stands in it once for each *setting* (its wording, with or without an example), so a
setting is chosen before anything is sampled. :mod:`factory.sources.ecinstruct_fields` reads what
stands inside the texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, Literal

import duckdb
from pydantic import BaseModel, ConfigDict, Field

from factory.errors import SourceError
from factory.sources.address import resolve, shown
from factory.sources.base import TABLES, AttachedSource, Quarantine
from factory.sources.ecinstruct_fields import NOTHING, TASKS
from factory.sources.fingerprint import fingerprint
from factory.sources.json_files import check_text_file
from factory.sources.layout import Layout, listed
from factory.sources.parquet import path_list
from factory.sources.sql import identifier, one_line, text_literal
from factory.sources.store import open_store

_ARRAY: Final = Layout(("dataset.json",))
_LINES: Final = Layout(("dataset.jsonl",))
_SPLITS: Final = ("train", "val", "test")
_KEYS: Final = ("split", "task", "setting", "instruction", "input", "options", "output")
#: Bytes; twice what the longest row (a history with its twenty options, and an example) can have.
_LONGEST: Final = 64 << 20
_EXAMPLES_QUOTED: Final = 3
#: A change of what a store holds changes this, and with it the name of every store.
_FORM: Final = "ecinstruct 1"

Setting = Literal[
    "IND_Single_Instruction",
    "IND_Diverse_Instruction",
    "IND_Unseen_Instruction",
    "IND_Diverse_Instruction_1-shot",
    "OOD_Single_Instruction",
    "OOD_Diverse_Instruction",
    "OOD_Unseen_Instruction",
    "OOD_Diverse_Instruction_1-shot",
]
SETTINGS: Final[tuple[str, ...]] = Setting.__args__  # type: ignore[attr-defined]


class EcInstructOptions(BaseModel):
    """The keys that a recipe may give an ECInstruct source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    setting: Setting = Field(
        "IND_Diverse_Instruction",
        description="The setting whose rows are taken; a sample stands in the file once for each. "
        "Settings that start with OOD belong to the test part.",
    )


@dataclass(frozen=True, slots=True)
class _Count:
    """What one scan found: rows by what becomes of them, and which columns no row fills."""

    usable: int
    test: int
    faults: Mapping[str, int]
    has_setting: bool
    has_split: bool


class EcInstructSource:
    """The adapter of ECInstruct; :class:`factory.sources.base.Source` says what an adapter does.

    Its table is ``instructions``: ``task`` in the file's own spelling whichever is used,
    ``options`` parsed (JSON or Python's printed list; null, empty and ``"None"`` are NULL),
    ``fields`` the input as strict JSON text where it is a JSON object, ``id`` the same for the same
    task, setting, input and options: where upstream repeats a row, an id stands twice.

    The upstream split ``train`` in domain is ``train``; ``val``, ``test`` and every OOD setting are
    ``test``. ``AttachedSource.rows`` counts the rows of the chosen setting and the faulty ones:
    those visible, those of the test part and those set aside add up to it.
    """

    name: ClassVar[str] = "ecinstruct"
    licence: ClassVar[str] = "CC-BY-4.0"
    homepage: ClassVar[str] = "https://huggingface.co/datasets/NingLab/ECInstruct"
    citation: ClassVar[str] = """\
@misc{peng2024ecellm,
  title={eCeLLM: Generalizing Large Language Models for E-commerce from Large-scale,
         High-quality Instruction Data},
  author={Bo Peng and Xinyi Ling and Ziru Chen and Huan Sun and Xia Ning},
  year={2024},
  eprint={2402.08831},
  archivePrefix={arXiv},
  primaryClass={cs.CL}
}"""
    options: ClassVar[type[BaseModel]] = EcInstructOptions
    published: ClassVar[str] = "hf://datasets/NingLab/ECInstruct"

    def offers(self, options: BaseModel) -> Mapping[str, Sequence[str]]:  # noqa: ARG002
        """Return the one table that ECInstruct fills, whole."""
        return {"instructions": tuple(TABLES["instructions"])}

    def attach(
        self,
        connection: duckdb.DuckDBPyConnection,
        schema: str,
        path: str,
        options: BaseModel,
        *,
        allow_test: bool,
    ) -> AttachedSource:
        """Create ``schema`` with the table ``instructions``.

        A JSON array is read by one thread at 500 MB/s, so the rows of the chosen setting are read
        once (3 s for 570 MB) and kept, those of large files in a store in the cache: every
        statement over the file itself would cost a second. A file without settings is taken
        whole, rows that repeat each other once, and one without splits counts as training data;
        either is noted among the quarantined, with no rows.

        Raises:
            SourceError: in one line, where the file is missing, unreadable or empty, where no row
                is usable, or where all belong to the test part and ``allow_test`` is not given.
        """
        if not isinstance(options, EcInstructOptions):
            raise TypeError(f"ecinstruct takes EcInstructOptions, not {type(options).__name__}")
        found = resolve(path, adapter=self.name, homepage=self.homepage, layouts=(_ARRAY, _LINES))
        files = tuple(file for taken in found.files.values() for file in taken)
        for file in files:
            check_text_file(file)
        source = _relation(files, array=found.layout == _ARRAY)
        store = f"{schema}_store"
        kept = f"{identifier(store)}.upstream_rows"
        read = tuple(map(fingerprint, files))
        try:
            open_store(
                connection,
                store,
                read,
                f"{_FORM} {options.setting}",
                lambda database: _keep(connection, source, identifier(database), options.setting),
            )
            count = _count(connection, identifier(store), options.setting)
            _check(count, files, options.setting, schema, allow_test=allow_test)
            quarantined = _quarantined(connection, kept, count, options.setting)
        except duckdb.Error as error:
            raise SourceError(
                f"{listed([str(file) for file in files])} cannot be read as JSON "
                f"({one_line(error)}): fetch it again"
            ) from error
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
        connection.execute(
            f"CREATE OR REPLACE VIEW {identifier(schema)}.instructions AS "
            + _view(kept, count, options.setting, allow_test=allow_test)
        )
        return AttachedSource(
            address=shown(path),
            files=read,
            tables=("instructions",),
            rows=count.usable + sum(count.faults.values()),
            test_rows=0 if allow_test else count.test,
            quarantined=quarantined,
        )


def _relation(files: Sequence[Path], *, array: bool) -> str:
    """Return the SQL that reads the file: one VARCHAR column a key, NULL where a row lacks it."""
    columns = ", ".join(f"{text_literal(key)}: 'VARCHAR'" for key in _KEYS)
    form = "'array'" if array else "'newline_delimited', ignore_errors = true"
    return (
        f"read_json({path_list(files)}, format = {form}, columns = {{{columns}}}, "
        f"hive_partitioning = false, maximum_object_size = {_LONGEST})"
    )


def _literals(texts: Sequence[str]) -> str:
    return "(" + ", ".join(map(text_literal, texts)) + ")"


#: Why a row is set aside; the first cause that applies counts.
_CAUSE: Final = f"""
    CASE WHEN task IS NULL AND input IS NULL AND output IS NULL AND instruction IS NULL
              THEN 'json-malformed'
         WHEN coalesce(task, '') = '' OR coalesce(input, '') = '' OR coalesce(output, '') = ''
              THEN 'value-missing'
         WHEN task NOT IN {_literals(tuple(TASKS))} THEN 'task-unknown'
         WHEN coalesce(setting, '') <> '' AND setting NOT IN {_literals(SETTINGS)}
              THEN 'setting-unknown'
         WHEN coalesce(split, '') <> '' AND lower(split) NOT IN {_literals(_SPLITS)}
              THEN 'split-unknown'
         ELSE '' END
"""
_TASK: Final = (
    "CASE task "
    + " ".join(
        f"WHEN {text_literal(alias)} THEN {text_literal(name)}"
        for alias, name in TASKS.items()
        if alias != name
    )
    + " ELSE task END"
)
_IS_TEST: Final = "coalesce(lower(split), 'train') <> 'train' OR coalesce(setting, '') LIKE 'OOD%'"
#: The texts of a list as Python prints it: in single quotes, or in double ones around a single.
_PRINTED: Final = r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)\""""
_UNESCAPED: Final = r"""
    replace(replace(replace(replace(replace(
        item[2:-2], '\\', chr(1)), '\''', ''''), '\"', '"'), '\n', ' '), '\xa0', ' ')
"""
_OPTIONS: Final = f"""
    CASE WHEN options IS NULL OR lower(trim(options)) IN {_literals(NOTHING)} THEN NULL
         WHEN json_valid(options) THEN TRY_CAST(CAST(options AS JSON) AS VARCHAR[])
         -- Without a double quote no text holds a single one: then splitting is exact, and ten
         -- times as fast as a pattern.
         WHEN options LIKE '[''%'']' AND NOT contains(options, '"')
              AND NOT contains(options, '\\')
         THEN string_split(trim(options)[3:-3], ''', ''')
         ELSE nullif(list_transform(
             regexp_extract_all(options, {text_literal(_PRINTED)}),
             lambda item: replace({_UNESCAPED}, chr(1), '\\')
         ), [])
    END
"""
#: A bare NaN stands only where a value does; keys that end in a colon are those of product pairs.
_FIELDS: Final = r"""
    CASE WHEN input NOT LIKE '{%' THEN NULL
         WHEN NOT json_valid(regexp_replace(input, '(": *)NaN( *[,}])', '\1null\2', 'g')) THEN NULL
         ELSE regexp_replace(
             regexp_replace(input, '(": *)NaN( *[,}])', '\1null\2', 'g'),
             '(Product [12]):(" *:)', '\1\2', 'g'
         )
    END
"""


def _keep(connection: duckdb.DuckDBPyConnection, source: str, store: str, setting: str) -> None:
    """Fill ``store`` with the rows of a setting, those without one, and the faulty.

    Its table ``named`` says whether any row of the file has a setting.
    """
    connection.execute(f"""
        CREATE TABLE {store}.upstream_rows AS FROM {source}
        WHERE setting = {text_literal(setting)} OR coalesce(setting, '') = '' OR ({_CAUSE}) <> ''
        ORDER BY task
    """)
    # Rows of other settings are not kept, and show that the file has some.
    connection.execute(f"""
        CREATE TABLE {store}.named AS
        SELECT coalesce(bool_or(setting <> ''), false) AS named FROM {store}.upstream_rows
    """)
    if not connection.execute(f"FROM {store}.named").fetchall()[0][0]:
        connection.execute(f"""
            CREATE OR REPLACE TABLE {store}.named AS
            SELECT coalesce(bool_or(setting <> ''), false) AS named FROM {source}
        """)


def _count(connection: duckdb.DuckDBPyConnection, store: str, setting: str) -> _Count:
    kept = f"{store}.upstream_rows"
    rows = connection.execute(f"""
        SELECT {_CAUSE} AS cause, {_IS_TEST} AS test, setting, split, count(*)
        FROM {kept} GROUP BY ALL ORDER BY ALL
    """).fetchall()
    has_setting = bool(connection.execute(f"FROM {store}.named").fetchall()[0][0])
    has_split = any(row[3] for row in rows)
    faults: dict[str, int] = {}
    usable = test = 0
    for cause, is_test, of, _, count in rows:
        if cause or (has_setting and not of):
            faults[cause or "value-missing"] = faults.get(cause or "value-missing", 0) + count
        elif not has_setting or of == setting:
            usable += count
            test += count if is_test else 0
    if not has_setting and usable:
        found = connection.execute(
            f"SELECT count(*), count(*) FILTER (test) FROM ({_once(kept)})"
        ).fetchone()
        usable, test = found or (0, 0)
    return _Count(usable, test, dict(sorted(faults.items())), has_setting, has_split)


def _usable(count: _Count, setting: str) -> str:
    conditions = [f"({_CAUSE}) = ''"] if count.faults else []
    if count.has_setting:
        conditions.append(f"setting = {text_literal(setting)}")
    return " AND ".join(conditions) or "true"


def _once(source: str) -> str:
    """Return the rows of a file without settings, each sample once.

    Of rows that differ in wording alone one is kept; if any of them is a test row, that is. Rows
    that answer one input differently all stay: a view must see that they contradict each other.
    """
    return f"""
        SELECT task, options, input, output, NULL AS setting, min(instruction) AS instruction,
               bool_or({_IS_TEST}) AS test, max(split) AS split
        FROM (SELECT * REPLACE ({_TASK} AS task) FROM {source} WHERE ({_CAUSE}) = '')
        GROUP BY task, options, input, output
    """


def _view(source: str, count: _Count, setting: str, *, allow_test: bool) -> str:
    rows = (
        f"SELECT * REPLACE ({_TASK} AS task), {_IS_TEST} AS test FROM {source} "
        f"WHERE {_usable(count, setting)}"
        if count.has_setting
        else _once(source)
    )
    shown_rows = "" if allow_test else "WHERE NOT test"
    return f"""
        SELECT left(md5(concat_ws(chr(31), task, setting, input, options)), 16) AS id,
               task,
               'us' AS locale,
               instruction,
               input,
               CAST({_OPTIONS} AS VARCHAR[]) AS options,
               output,
               {_FIELDS} AS fields,
               CAST(setting AS VARCHAR) AS setting,
               CASE WHEN test THEN 'test' ELSE 'train' END AS split
        FROM ({rows}) {shown_rows}
    """


def _check(
    count: _Count, files: Sequence[Path], setting: str, schema: str, *, allow_test: bool
) -> None:
    """Raise :class:`SourceError` where no row would be visible."""
    named = listed([str(file) for file in files])
    if not count.usable:
        causes = "".join(f"; {rows} rows {cause}" for cause, rows in count.faults.items())
        chosen = f" of setting {setting!r}" if count.has_setting else ""
        raise SourceError(
            f"no usable row{chosen} in {named}{causes}: choose another setting, or fetch the "
            "upstream file again"
        )
    if not allow_test and count.test == count.usable:
        raise SourceError(
            f"all {count.usable} usable rows of setting {setting!r} in {named} belong to the "
            "upstream test part, which is left out unless it is asked for by name: add "
            f"--allow-test {schema}, or choose setting IND_Diverse_Instruction"
        )


def _quarantined(
    connection: duckdb.DuckDBPyConnection, source: str, count: _Count, setting: str
) -> tuple[Quarantine, ...]:
    """Return the faults by cause, and as causes without rows what the whole file lacks."""
    found = [
        Quarantine(cause, rows, _examples(connection, source, cause))
        for cause, rows in count.faults.items()
    ]
    if not count.has_setting:
        said = f"no row has a setting: {setting} was not chosen, rows that repeat are taken once"
        found.append(Quarantine("setting-column-missing", 0, (said,)))
    if not count.has_split:
        said = "no row has a split: test rows, if there are any, count as training data"
        found.append(Quarantine("split-column-missing", 0, (said,)))
    return tuple(found)


def _examples(connection: duckdb.DuckDBPyConnection, source: str, cause: str) -> tuple[str, ...]:
    blank = f"OR (({_CAUSE}) = '' AND coalesce(setting, '') = '')"
    rows = connection.execute(f"""
        SELECT DISTINCT task, setting, split, left(input, 60) FROM {source}
        WHERE ({_CAUSE}) = {text_literal(cause)} {blank if cause == "value-missing" else ""}
        ORDER BY ALL LIMIT {_EXAMPLES_QUOTED}
    """).fetchall()
    names = ("task", "setting", "split", "input")
    return tuple(
        ", ".join(f"{name}={value!r}" for name, value in zip(names, row, strict=True))
        for row in rows
    )
