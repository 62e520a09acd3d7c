"""The card of a run: what it says, and that its figures are those of the files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from factory.filters import FilterOptions
from factory.filters.cheats import BLIND, LEARNED
from factory.generators import OPERATORS, STEPS
from factory.outputs.card import CARD, refresh_card, render_card, words, write_card
from factory.tasktypes import TASK_TYPES
from tests.outputs.card_folders import sample, write_run


def card_of(folder: Path, **run: Any) -> str:
    return render_card(folder, write_run(folder, **run))


def head_of(card: str) -> dict[str, Any]:
    _, head, _ = card.split("---\n", 2)
    read: dict[str, Any] = yaml.safe_load(head)
    return read


def test_the_front_matter_says_what_the_hub_sorts_by(tmp_path: Path) -> None:
    head = head_of(card_of(tmp_path, samples=[sample(), sample(1, lang="ja")]))
    assert head["pretty_name"] == "Rank products"
    assert (head["license"], head["language"]) == ("apache-2.0", ["en", "ja"])
    assert head["size_categories"] == ["n<1K"]
    assert head["task_categories"] == ["text-generation", "text-ranking"]
    assert {"synthetic", "e-commerce", "user-behavior-alignment"} <= set(head["tags"])


def test_splits_without_samples_are_no_files_to_load(tmp_path: Path) -> None:
    head = head_of(card_of(tmp_path, test=[]))
    (config,) = head["configs"]
    assert config["data_files"] == [{"split": "train", "path": "train.jsonl"}]
    (info,) = head["dataset_info"]
    assert [(split["name"], split["num_examples"]) for split in info["splits"]] == [("train", 1)]


def test_a_run_without_samples_has_nothing_to_load(tmp_path: Path) -> None:
    card = card_of(tmp_path, samples=[])
    assert "configs" not in head_of(card)
    assert "There is no sample in here." in card


def test_an_unknown_licence_is_said_to_be_unknown(tmp_path: Path) -> None:
    card = card_of(tmp_path, source={"licence": "unknown"})
    assert head_of(card)["license"] == "unknown"
    assert "the licence of the whole is **unknown**" in card
    assert "`esci`, it states no licence." in card


def test_a_licence_that_the_hub_does_not_know_is_named_and_linked(tmp_path: Path) -> None:
    card = card_of(tmp_path, source={"licence": "LicenseRef-academic-research-only"})
    head = head_of(card)
    assert head["license"] == "other"
    assert head["license_name"] == "academic-research-only"
    assert head["license_link"] == "https://example.org/esci"
    assert "no commercial use and do not pass on what derives from it" in card


def test_made_up_rows_are_never_passed_off_as_a_data_set(tmp_path: Path) -> None:
    card = card_of(tmp_path, source={"address": "bundled", "licence": "CC0-1.0"})
    assert "**For trying things out only.**" in card
    assert "@article" not in card
    assert "there is nothing to cite" in card


def test_what_a_source_asks_to_be_cited_is_there(tmp_path: Path) -> None:
    assert "```bibtex\n@article{x,\n  title={X}\n}\n```" in card_of(tmp_path)
    card = card_of(tmp_path / "silent", source={"citation": ""})
    assert "What the sources ask to be cited is not known here" in card


def test_the_command_is_the_one_that_was_given(tmp_path: Path) -> None:
    card = card_of(tmp_path)
    command = "python -m factory run recipes.yaml --task rank --seed 7 --limit 50 --source"
    assert f"{command} 'esci=my data/esci'" in card


def test_no_folder_of_this_machine_is_in_a_card(tmp_path: Path) -> None:
    card = card_of(tmp_path / "run", source={"address": str(tmp_path / "esci")})
    assert str(tmp_path) not in card


def test_what_is_missing_is_told_with_its_cause(tmp_path: Path) -> None:
    card = card_of(tmp_path)
    assert "| `rank` | train | 50 | 1 | esci has 40 rows that could become samples |" in card


def test_probes_are_told_in_words_next_to_chance(tmp_path: Path) -> None:
    card = card_of(tmp_path)
    told = "| `rank` | taking the longest option | 0.900 | 0.500 | 40 | **above chance** |"
    assert told in card
    assert "A figure of fewer than 100 samples says little." in card


@pytest.mark.parametrize(("allowed", "told"), [(False, "left out: 100 rows"), (True, "**in**")])
def test_test_parts_of_sources_are_told(tmp_path: Path, allowed: bool, told: str) -> None:
    card = card_of(tmp_path, source={"allow_test": allowed})
    assert told in card
    assert ("is among the training samples" in card) == allowed


def test_benchmarks_are_named_or_said_to_be_none(tmp_path: Path) -> None:
    assert "**None was kept out.**" in card_of(tmp_path)
    filters = {"decontamination": {"against": ["shopping_mmlu"]}}
    card = card_of(tmp_path / "kept_out", filters=filters)
    assert "What these hold was kept out: `shopping_mmlu`." in card


def test_a_model_is_named_with_what_it_took(tmp_path: Path) -> None:
    manifest = write_run(tmp_path)
    maker = {"generator": "write", "model": "m-1", "samples": 1, "tokens": 900, "cost": 0.25}
    manifest["splits"]["train"]["makers"] = [maker]
    manifest["splits"]["train"]["spent_on_dropped"] = {"tokens": 100, "cost": 0.05}
    manifest["models"] = {"default": {"model": "m-1", "parameters": {"temperature": 0.7}}}
    card = render_card(tmp_path, manifest)
    assert "| a model wrote a text from the facts of the row | `m-1` | `rank` | 1 |" in card
    assert "| `default` | `m-1` | temperature 0.7 | `rank` |" in card
    assert "| answers that were kept | 900 | 0.2500 |" in card
    assert "| samples that were dropped | 100 | 0.0500 |" in card


def test_a_long_sample_is_cut_and_says_so(tmp_path: Path) -> None:
    card = card_of(tmp_path, samples=[sample(input_field="a" * 5_000)])
    assert "[... 3,500 more characters]" in card
    assert "a" * 1_501 not in card


def test_a_run_from_before_the_counts_still_has_a_card(tmp_path: Path) -> None:
    card = card_of(tmp_path, counted=False)
    assert "language" not in head_of(card)
    assert "did not count them" in card
    assert "did not note its command" in card


def test_a_card_is_written_once_more_when_somebody_has_spoken(tmp_path: Path) -> None:
    manifest = write_run(tmp_path)
    write_card(tmp_path, manifest)
    before = (tmp_path / CARD).read_text(encoding="utf-8")
    assert "People have not reviewed these samples." in before
    share = {"hits": 3, "of": 4, "share": 0.75, "interval": [0.3, 0.95]}
    review = {"reviewed": 4, "ok": 3, "wrong": 1, "unclear": 0, "share_ok": share, "judge": None}
    review["of"] = {"train.jsonl": "00"}
    (tmp_path / "review.json").write_text(json.dumps(review))
    assert refresh_card(tmp_path)
    card = (tmp_path / CARD).read_text(encoding="utf-8")
    assert "ok are 75% of 4 (95 % interval 30% to 95%)." in card
    assert "before these samples were made anew" not in card
    review["of"] = {"train.jsonl": "11"}
    (tmp_path / "review.json").write_text(json.dumps(review))
    refresh_card(tmp_path)
    card = (tmp_path / CARD).read_text(encoding="utf-8")
    assert "before these samples were made anew" in card
    (tmp_path / "review.json").unlink()
    refresh_card(tmp_path)
    assert (tmp_path / CARD).read_text(encoding="utf-8") == before


def test_a_card_that_somebody_edited_is_theirs(tmp_path: Path) -> None:
    manifest = write_run(tmp_path)
    write_card(tmp_path, manifest)
    path = tmp_path / CARD
    edited = path.read_text(encoding="utf-8").replace("# Rank products", "# Our ranking")
    path.write_text(edited, encoding="utf-8")
    assert not refresh_card(tmp_path)
    write_card(tmp_path, manifest)
    assert path.read_text(encoding="utf-8") == edited


def test_an_edited_card_is_put_aside_for_that_of_other_samples(tmp_path: Path) -> None:
    manifest = write_run(tmp_path)
    (tmp_path / CARD).write_text("what I wrote")
    (tmp_path / "manifest.json").unlink()  # as a run does before its files take their places
    write_card(tmp_path, manifest)
    assert (tmp_path / "README.edited.md").read_text() == "what I wrote"
    assert (tmp_path / CARD).read_text(encoding="utf-8").startswith("---\npretty_name")


def test_a_folder_without_a_finished_run_gets_no_card(tmp_path: Path) -> None:
    assert not refresh_card(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    assert not refresh_card(tmp_path)
    assert not (tmp_path / CARD).exists()


def test_every_name_that_a_manifest_may_hold_has_its_words() -> None:
    probes = {*BLIND, *LEARNED, "answer_of_length", "nothing_anywhere", "commonest_answer"}
    assert probes | {"copy_all", "copy_first_line", "copy_first_words"} == set(words.CHEATS)
    assert set(FilterOptions.model_fields) == set(words.FILTERS)
    on_disk = {each.name for each in TASK_TYPES.values()}
    assert on_disk == set(words.ANSWERS) == set(words.CATEGORIES)
    assert set(OPERATORS) == set(words.OPERATORS)
    assert {*STEPS, "rewrite"} == set(words.STEPS)
