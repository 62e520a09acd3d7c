from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.errors import RecipeError
from factory.sample import PARTS
from factory.templates import Template, TemplateFolder
from factory.templates.compiler import bulleted, numbered
from factory.text import clean

ROW = {"query": "desk lamp", "candidates": ("Lamp A", "Lamp B"), "tags": ["x", "y"]}


@pytest.fixture
def load(tmp_path):
    def load(body: str, head: str = '{% extends "ranking.j2" %}\n') -> Template:
        (tmp_path / "mine.j2").write_text(head + body, encoding="utf-8")
        return TemplateFolder(tmp_path).load("mine.j2", "ranking.j2")

    return load


def prompt(expression: str) -> str:
    """Return the text of a template with one wording, which says ``expression``."""
    return "{% block prompt_plain %}" + expression + "{% endblock %}"


def refused(load, body: str, **head: str) -> str:
    """Return what a template is refused with, at load or while it renders, without its folder."""
    with pytest.raises(RecipeError) as caught:
        load(body, **head).wordings["plain"].render(ROW)
    message = str(caught.value)
    assert "\n" not in message
    return message[message.index("mine.j2") :]


def test_the_six_parts_come_in_their_order_and_the_base_says_what_is_printed(load):
    template = load(
        "{% block description %}\nWhat it is.\n{% endblock %}"
        "{% block prompt_plain %}\nRank for '{{ query }}'.{{ ' ' }}\n{% endblock %}"
        "{% block input %}\nQuery: {{ query }}\n{% endblock %}"
        "{% block constraint %}\nNumbers only.\n{% endblock %}"
    )

    rendered = template.wordings["plain"].render(ROW)

    assert dict(zip(PARTS, rendered.parts, strict=True)) == {
        "description": "What it is.",
        "prompt": "Rank for 'desk lamp'. ",
        "input": "Query: desk lamp",
        "candidates": "Product List: \n1. Lamp A\n2. Lamp B",
        "constraint": "Numbers only.",
        "output": "Output: ",
    }
    assert rendered.input_field == (
        "Rank for 'desk lamp'. \nProduct List: \n1. Lamp A\n2. Lamp B\nNumbers only.\nOutput: "
    )


def test_a_part_reworded_with_a_wording_counts_for_that_wording_alone(load):
    template = load(
        "{% block prompt_plain %}a{% endblock %}{% block prompt_other %}b{% endblock %}"
        "{% block constraint %}both{% endblock %}{% block constraint_other %}only{% endblock %}"
    )

    constraints = {name: each.render(ROW).parts[4] for name, each in template.wordings.items()}

    assert constraints == {"plain": "both", "other": "only"}
    assert list(template.wordings) == ["other", "plain"]


def test_a_template_may_say_itself_what_is_printed(load):
    template = load('{% set printed = ["output", "prompt"] %}' + prompt("Go."))

    assert template.wordings["plain"].render(ROW).input_field == "Output: \nGo."


def test_an_empty_part_leaves_no_empty_line(load):
    template = load(prompt("Go.") + "{% block constraint %}{% endblock %}")

    assert "\n\n" not in template.wordings["plain"].render(ROW).input_field


def test_text_is_not_escaped(load):
    field = load(prompt("{{ query }}")).wordings["plain"].render({**ROW, "query": "<b> & 'c'"})

    assert field.parts[1] == "<b> & 'c'"


ODD = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x1e"), max_size=30)
HOSTILE = st.sampled_from(
    ["{{ 7 * 7 }}", "{% endblock %}", "{# a", "\x1f\x1d\x00", "\u2028", "\r\n", "</s>", "%s {0}"]
)


@settings(max_examples=150)
@given(ODD | HOSTILE, st.lists(ODD | HOSTILE, min_size=1, max_size=5))
def test_parts_are_parted_right_whatever_a_value_holds(tmp_path_factory, query, candidates):
    folder = tmp_path_factory.mktemp("templates")
    (folder / "mine.j2").write_text('{% extends "ranking.j2" %}' + prompt("<{{ query }}>"))
    wording = TemplateFolder(folder).load("mine.j2", "ranking.j2").wordings["plain"]

    parts = wording.render({"query": query, "candidates": candidates}).parts

    assert parts[1] == f"<{query}>"
    listed = "\n".join(f"{number}. {text}" for number, text in enumerate(candidates, 1))
    assert parts[3] == f"Product List: \n{listed}".strip("\n")
    assert parts[5] == "Output: "


def test_the_separator_of_parts_is_stripped_by_cleaning_and_refused_without(load):
    wording = load(prompt("{{ query }}")).wordings["plain"]

    assert wording.render({**ROW, "query": clean("a\x1eb")}).parts[5] == "Output: "
    with pytest.raises(RecipeError, match=r"U\+001E"):
        wording.render({**ROW, "query": "a\x1eb"})


def test_a_template_that_holds_the_separator_is_refused(load):
    assert "U+001E" in refused(load, prompt("a\x1eb"))
    assert "U+001E" in refused(load, prompt('{{ "a\\x1eb" }}'))


def test_lists_are_numbered_from_where_the_answer_counts_and_bulleted():
    assert numbered(["a", "b"], 0) == "0. a\n1. b"
    assert numbered(["a"], 1) == "1. a"
    assert numbered([], 1) == ""
    assert bulleted(["a", "b"]) == "- a\n- b"


def test_a_name_that_no_row_has_is_told_with_its_line_and_the_nearest(load):
    template = load("{% block prompt_plain %}\nRank for\n{{ qeury }}\n{% endblock %}")

    with pytest.raises(RecipeError) as caught:
        template.check_names(["query", "title", "candidates"])

    assert str(caught.value) == (
        f"{template.path}:4: wording 'plain' uses 'qeury', which the task's rows do not have: "
        "did you mean 'query'? They have candidates, query, title."
    )


def test_names_are_checked_in_every_wording_and_every_branch(load):
    template = load(
        prompt("{{ query }}")
        + "{% block prompt_rare %}{% if query %}a{% else %}{{ brand }}{% endif %}{% endblock %}"
    )

    with pytest.raises(RecipeError, match="wording 'rare' uses 'brand'"):
        template.check_names(ROW)
    template.check_names([*ROW, "brand"])


def test_names_that_a_template_makes_itself_are_not_asked_of_the_row(load):
    template = load(
        prompt("{% set n = 1 %}{% for tag in tags %}{{ tag }}{{ loop.index + n }}{% endfor %}")
    )

    template.check_names(ROW)

    assert template.wordings["plain"].render(ROW).parts[1] == "x2y3"


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (prompt("\n\n{{ query "), "mine.j2:4: "),
        (prompt("{% if query %}"), "mine.j2:2: Encountered unknown tag 'endblock'"),
        (prompt("\n{{ query | shout }}"), "mine.j2:3: No filter named 'shout'."),
        (prompt("{{ query is loud }}"), "mine.j2:2: No test named 'loud'."),
        (prompt("a") + prompt("b"), "mine.j2:2: block 'prompt_plain' stands twice"),
        (
            prompt("a") + "\n{% block constrain %}b{% endblock %}",
            "mine.j2:3: block 'constrain' is neither a part (description, prompt, input, "
            "candidates, constraint, output) nor a part of a wording: did you mean 'constraint'?",
        ),
        (
            prompt("a") + "{% block input_plian %}b{% endblock %}",
            "mine.j2:2: block 'input_plian' is neither a part (description, prompt, input, "
            "candidates, constraint, output) nor a part of a wording: did you mean 'input_plain'?",
        ),
        (prompt("{% block x %}a{% endblock %}"), "mine.j2:2: block 'x' is neither"),
        (prompt("{% block input %}a{% endblock %}"), "mine.j2:2: blocks, includes and imports"),
        (prompt("{% include 'ner.j2' %}"), "mine.j2:2: blocks, includes and imports cannot stand"),
        (prompt("{% import 'ner.j2' as x %}"), "mine.j2:2: blocks, includes and imports cannot"),
        (prompt("{% from 'ner.j2' import x %}"), "mine.j2:2: blocks, includes and imports cannot"),
        (prompt("{{ " + "(" * 4000 + "1" + ")" * 4000 + " }}"), "mine.j2: an expression nests"),
        ("", "mine.j2:1: no wording: add a block prompt_<name> for each"),
        ("{% set printed = ['prmopt'] %}" + prompt("a"), "mine.j2:2: 'printed' is a list of parts"),
        ("{% set printed = 5 %}" + prompt("a"), "mine.j2:2: 'printed' is a list of parts"),
        ("{% set printed = query %}" + prompt("a"), "mine.j2:2: 'printed' is a list of parts"),
    ],
)
def test_a_mistake_in_a_template_is_one_line_with_its_place(load, body, complaint):
    assert refused(load, body).startswith(complaint)


@pytest.mark.parametrize(
    ("head", "complaint"),
    [
        ("", "mine.j2:1: a task's template begins with {% extends '<type>.j2' %}"),
        ("{% extends query %}", "mine.j2:1: a task's template begins with"),
        ('{% extends "ner.j2" %}', "mine.j2:1: extends 'ner.j2', but this task's type needs"),
        ('{% extends "../ranking.j2" %}', "mine.j2:1: extends '../ranking.j2', but this task's"),
    ],
)
def test_a_template_extends_the_base_of_its_tasks_type(load, head, complaint):
    assert refused(load, prompt("a"), head=head).startswith(complaint)


@pytest.mark.parametrize(
    "expression",
    [
        "{{ query.__class__.__mro__ }}",
        "{{ query | attr('__class__') }}",
        "{{ ''['__class__'] }}",
        "{{ '{0.__class__}'.format(query) }}",
        "{{ ().__class__.__base__.__subclasses__() }}",
        "{{ [query] | map(attribute='__class__') | first }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ tags.append('z') }}",
        "{{ tags.sort() }}",
        "{{ tags.clear() }}",
        "{% set tags.x = 1 %}",
        "{{ range(10 ** 9) | list }}",
    ],
)
def test_a_template_can_neither_leave_its_sandbox_nor_change_a_row(load, expression):
    message = refused(load, prompt(expression))

    assert message.startswith("mine.j2, wording 'plain': an ")
    assert ROW["tags"] == ["x", "y"]


@pytest.mark.parametrize(
    ("expression", "cause"),
    [
        ("{{ brand }}", "an undefined name while rendering: 'brand' is undefined"),
        ("{{ query.brand }}", "an undefined name while rendering: "),
        ("{{ query + 1 }}", "an error while rendering: "),
        ("{{ query() }}", "an error while rendering: "),
        ("{{ 1 // 0 }}", "an error while rendering: "),
        ("{{ query | dictsort }}", "an error while rendering: "),
        ("{{ query | round }}", "an error while rendering: "),
        ("{{ candidates | numbered('a') }}", "an error while rendering: "),
        ("{{ tags | map('shout') | list }}", "an error while rendering: "),
    ],
)
def test_a_failure_while_rendering_names_the_wording(load, expression, cause):
    assert refused(load, prompt(expression)).startswith(f"mine.j2, wording 'plain': {cause}")


def test_a_template_cannot_say_something_else_at_every_run(load):
    assert "No filter named 'random'" in refused(load, prompt("{{ tags | random }}"))
    with pytest.raises(RecipeError, match="uses 'lipsum'"):
        load(prompt("{{ lipsum() }}")).check_names(ROW)


@pytest.mark.parametrize(
    "name",
    ["../ranking.j2", "/etc/passwd", "a/b.j2", "a\\b.j2", "x.j2\n", "", ".", "X.j2", "x.txt"],
)
def test_a_template_is_a_plain_file_name(tmp_path, name):
    with pytest.raises(RecipeError, match="a template is a plain file name"):
        TemplateFolder(tmp_path).load(name, "ranking.j2")


def test_a_missing_template_is_told_with_the_nearest_and_where_it_was_looked_for(tmp_path):
    with pytest.raises(RecipeError) as caught:
        TemplateFolder(tmp_path).load("rank_product_for_query.j2", "ranking.j2")

    message = str(caught.value)
    assert "did you mean 'rank_products_for_query.j2'? Looked in" in message
    assert f"{tmp_path} and " in message


def test_a_template_beside_the_recipe_wins_over_a_packaged_one(tmp_path):
    (tmp_path / "rank_products_for_query.j2").write_text(
        '{% extends "ranking.j2" %}' + prompt("Mine.")
    )

    template = TemplateFolder(tmp_path).load("rank_products_for_query.j2", "ranking.j2")

    assert list(template.wordings) == ["plain"]
    assert template.path.parent == tmp_path


def test_a_base_beside_the_recipe_is_part_of_what_defines_the_template(load, tmp_path):
    before = load(prompt("a")).source
    (tmp_path / "ranking.j2").write_text(
        '{% set printed = ["prompt"] %}{% block output %}Say: {% endblock %}'
    )

    template = load(prompt("a"))

    assert template.source != before
    assert template.wordings["plain"].render(ROW).parts[5] == "Say: "


def test_a_base_without_a_printed_form_is_refused(load, tmp_path):
    (tmp_path / "ranking.j2").write_text("{% block output %}Say: {% endblock %}")

    with pytest.raises(RecipeError, match=r"ranking\.j2:1: a base needs"):
        load(prompt("a"))


def test_a_template_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "mine.j2").write_bytes(b"\xff\xfe")

    with pytest.raises(RecipeError, match=r"mine\.j2: cannot be read as UTF-8 text"):
        TemplateFolder(tmp_path).load("mine.j2", "ranking.j2")


def test_line_ends_of_windows_are_line_ends(tmp_path):
    (tmp_path / "mine.j2").write_bytes(
        b'{% extends "ranking.j2" %}\r\n{% block prompt_plain %}\r\na\r\nb\r\n{% endblock %}\r\n'
    )

    wording = TemplateFolder(Path(tmp_path)).load("mine.j2", "ranking.j2").wordings["plain"]

    assert wording.render(ROW).parts[1] == "a\nb"


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("10 ** 10 ** 8", "** is not for templates"),
        ("'x' * 10 ** 9", "**"),
        ("9 * [1] * 99999", ""),
    ],
)
def test_arithmetic_that_would_not_end_is_refused(load, expression, said):
    wording = load(prompt("{{ " + expression + " }}")).wordings["plain"]

    with pytest.raises(RecipeError) as caught:
        wording.render(ROW)

    assert said in str(caught.value)


_DOUBLED = "{% set x = query %}" + "{% set x = x ~ x %}" * 40 + "{{ x }}"
_LOOPS = "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}"
_NESTED = "{% set x = tags %}" + "{% set x = [x, x] %}" * 40
_LONG = "{% set x = 'x' * 99999 %}"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{{ query | center(10 ** 9) }}", "No filter named 'center'"),
        ("{{ '%999999999d' | format(1) }}", "No filter named 'format'"),
        ("{{ '{:999999999}'.format(1) }}", "format"),
        ("{{ query.ljust(999999999) }}", "ljust"),
        ("{{ query | attr('zfill') }}", "zfill"),
        ("{{ query['center'](999999999) }}", "center"),
        (_DOUBLED, "characters are too many"),
        (_DOUBLED.replace("~", "+"), "characters are too many"),
        (_DOUBLED.replace("x ~ x", "x | replace('', x)"), "characters are too many"),
        (_DOUBLED.replace("x ~ x", "x.replace('', x)"), "characters are too many"),
        (_DOUBLED.replace("x ~ x", "[x, x] | join(x)"), "characters are too many"),
        (_DOUBLED.replace("x ~ x", "x.join([x, x])"), "characters are too many"),
        ("{% set x = 9 %}" + "{% set x = x * x %}" * 40 + "{{ x }}", "bits of a number"),
        ("{{ 1.5 | round(999999999, 'ceil') }}", "places are too many"),
        (_LOOPS, "its loops take more than 100,000 turns"),
        ("{% for a in tags recursive %}{{ loop(tags) }}{% endfor %}", "a recursive loop"),
        ("{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}", "a macro is not"),
        ("{{ namespace(a=1).a }}", "namespace"),
        ("{{ query.encode().ljust(10 ** 9) }}", "encode"),
        ("{{ (1).to_bytes(9999999999, 'big') | length }}", "to_bytes"),
        ("{{ query | wordwrap(1, wrapstring=query) }}", "No filter named 'wordwrap'"),
        ("{{ tags | tojson(indent=999999999) }}", "tojson takes no indent"),
        ("{{ tags | tojson(999999999) }}", "tojson takes no indent"),
        ("{{ [range(99999) | list] | sum(start=[]) | length }}", "sum takes numbers"),
        (_NESTED + "{{ x | string }}", "characters are too many"),
        (_NESTED + "{{ x | upper }}", "characters are too many"),
        (_NESTED + "{{ x | tojson }}", "characters are too many"),
        (_NESTED + "{{ x ~ query }}", "characters are too many"),
        (_NESTED + "{{ x | join }}", "characters are too many"),
        (_NESTED + "{{ x | bulleted }}", "characters are too many"),
        (_NESTED + "{{ {1: x} | string }}", "characters are too many"),
        ("{{ (['x' * 99999] * 99999) | numbered(1) }}", "characters are too many"),
        (_LONG + "{% for a in range(99999) %}{{ x }}{% endfor %}", "its loops print more than"),
        ("{% for a in range(99999) %}" + "x" * 99 + "{% endfor %}", "its loops print more than"),
        (
            _LONG + "{% set y %}{% for a in range(99999) %}{{ x }}{% endfor %}{% endset %}{{ y }}",
            "its loops print more than",
        ),
        (_LONG + "{{ x }}" * 1001, "to print more than 1,000 values"),
        ("{{ " + "9" * 5000 + " }}", "digits"),
    ],
)
def test_a_template_cannot_make_much_of_little(load, body, said):
    assert said in refused(load, prompt(body))


def test_a_loop_knows_its_place_and_the_next_sample_counts_anew(load):
    body = "{% for x in tags %}{{ loop.index }}/{{ loop.length }}{{ '' if loop.last else ' ' }}"
    wording = load(prompt(body + "{% endfor %}")).wordings["plain"]
    many = ROW | {"tags": ["x"] * 60_000}
    assert wording.render(ROW).input_field.startswith("1/2 2/2\n")
    for _ in range(3):
        assert "60000/60000" in wording.render(many).input_field


def test_an_undeclared_name_of_a_base_is_said_of_the_base(load, tmp_path):
    (tmp_path / "ranking.j2").write_text(
        '{% set printed = ["prompt"] %}\n\n{% block output %}{{ missing }}{% endblock %}'
    )

    with pytest.raises(RecipeError, match=r"ranking\.j2:3: wording 'plain' uses 'missing'"):
        load(prompt("a")).check_names(["query"])


def test_filters_of_texts_and_numbers_do_what_they_do_elsewhere(load):
    body = (
        "{{ query | upper }} {{ [1, 2.5] | sum }} {{ tags | string }} {{ tags | tojson }} "
        "{{ 7 | string }} {% for x in tags %}{{ x | upper }}-{% endfor %}"
    )
    assert load(prompt(body)).wordings["plain"].render(ROW).parts[1] == (
        "DESK LAMP 3.5 ['x', 'y'] [\"x\", \"y\"] 7 X-Y-"
    )
