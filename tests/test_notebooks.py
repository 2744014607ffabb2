"""Every notebook, solved, runs from the top: each visible check passes, each picture is drawn."""

import re
import subprocess
import sys

import nbclient
import pytest
from coursekit.go_on import ready_made
from coursekit.results import comparison_runs
from nbformat.v4 import new_notebook

from autograder.authoring.students import handed_in
from solved import solved
from this_course import COURSE, ROOT, load

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", COURSE.assignment_names)
def test_a_solved_notebook(name, tmp_path):
    """One test a notebook, since some take minutes where they have to be run: see ``solved``."""
    is_as_it_should_be(name, solved(load(name), tmp_path))


def test_a_notebook_that_is_run_now_whatever_is_kept(tmp_path):
    """The quickest of them."""
    notebook = handed_in(load("01_attention"))
    execute(notebook, load("01_attention"), tmp_path)
    is_as_it_should_be("01_attention", notebook)


def is_as_it_should_be(name, notebook):
    visible_checks_pass_and_say_so(notebook)
    nothing_is_written_to_stderr(notebook)
    every_picture_is_drawn_and_described(notebook)
    MEASURED[name](notebook)


def execute(notebook, assignment, folder):
    if assignment.parts:
        (folder / "parts.py").write_text(assignment.parts)
    nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(folder)}}).execute()


def printed(notebook):
    return "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))


def visible_checks_pass_and_say_so(notebook):
    for cell in notebook.cells:
        if cell.id.startswith("check_"):
            text = "".join(output.text for output in cell.outputs)
            assert f"{cell.id.removeprefix('check_')}: the visible check passes." in text


def nothing_is_written_to_stderr(notebook):
    noise = [
        output.text for cell in notebook.cells for output in cell.get("outputs", []) if output.get("name") == "stderr"
    ]
    assert noise == []


def every_picture_is_drawn_and_described(notebook):
    for cell, after in zip(notebook.cells, notebook.cells[1:], strict=False):
        if cell.cell_type == "code" and "plt.show()" in cell.source:
            assert any("image/png" in output.get("data", {}) for output in cell.outputs), cell.source
            assert after.cell_type == "markdown" and after.source.startswith("*"), "a picture is described in words"


def test_there_are_a_hundred_points():
    for name in COURSE.assignment_names:
        source = load(name).source
        assert sum(cell.points for cell in source.cells) == 100
        assert 80 <= sum(source.points.values()) <= 95


def what_notebook_01_measured(notebook):
    """The numbers that its prose speaks of."""
    text = printed(notebook)
    assert "measured 36 of 36" in text and "measured 21 of 36" in text and "measured 26 of 36" in text
    assert "largest weight: 0.24 with the root, 0.92 without" in text


def test_without_coursekit_the_first_cell_says_what_to_do():
    (setup,) = (cell for cell in load("01_attention").source.cells if cell.name == "setup")
    without = "import sys\nsys.modules['coursekit'] = None\n" + setup.text
    result = subprocess.run([sys.executable, "-c", without], cwd=ROOT, capture_output=True, text=True)
    assert (
        result.stderr.strip()
        .split("\n")[-1]
        .startswith("ModuleNotFoundError: coursekit is not installed: in the folder that contains coursekit, run")
    )


def numbers(pattern, notebook):
    """What a pattern finds in the notebook's printed text, once: its groups, as numbers."""
    (found,) = re.findall(pattern, printed(notebook))
    return [float(number) for number in ([found] if isinstance(found, str) else found)]


def what_notebook_02_measured(notebook):
    filled_in, same = numbers(r"it fills in (\d+) right[^\n]*\n[^\n]*\nAlways saying '\w+' would get (\d+)", notebook)
    assert filled_in >= 2 * same  # "poor", but it has learned something
    end, period = numbers(r"After half a sentence it is right for (\d+) %, and says '.' for (\d+) %", notebook)
    promised, _ = numbers(
        r"With five more blanks and a period it is right for (\d+) %, and says '.' for (\d+) %", notebook
    )
    assert end <= 5 and period >= 50 and promised > end
    (loss,) = numbers(r"Without a mask the loss ends at ([\d.]+)\.\n", notebook)
    assert loss < 0.1
    found = {
        name: numbers(rf"\n{name} +right for +(\d+) % with the next word in the input, for +(\d+) %", notebook)
        for name in ("no mask", "no mask, cut", "causal mask")
    }
    assert found["no mask"][0] >= 90 and found["no mask"][1] <= 3
    assert found["causal mask"][0] == pytest.approx(found["causal mask"][1], abs=1)
    assert found["causal mask"][1] > found["no mask, cut"][1] > 5
    post, pre = (
        [numbers(rf"{kind}-norm, rate {rate} +loss at the end ([\d.]+)", notebook)[0] for rate in ("0.002", "0.01")]
        for kind in ("post", "pre")
    )
    (by_frequency,) = numbers(r"gives a loss of ([\d.]+), the grey line", notebook)
    assert min(pre) < by_frequency - 0.1 < min(post)
    (bert,) = (table for table in shown_tables(notebook) if "exact answers" in table)
    one_hidden, left, right, differ, truth = (
        [float(number) for number in re.findall(r"\d+\.\d+", row)] for row in bert.split("\n")[2:]
    )
    assert one_hidden[0] == 4.68 and min(one_hidden) > 2 and left == right == [1.0, 1.0, 1.0]
    assert differ[0] == truth[0] == 0 and differ[1] > 1.3 * differ[2] and truth[1] > 1.5 * truth[2]


def what_notebook_03_measured(notebook):
    (said,) = numbers(r"it says ([\d.]+) % of the words right", notebook)
    (peeking,) = numbers(r"([\d.]+) % are right; you predicted", notebook)
    assert said > 99 and peeking == 0
    (german,) = numbers(r"([\d.]+) % of 500 numbers that it has never seen are right; you", notebook)
    (french,) = numbers(r"([\d.]+) % of 500 numbers that it has never seen are right\.\n", notebook)
    assert german >= 97 and french >= 97
    text = printed(notebook)
    assert "the other's memory    ['zwei und siebzig', 'vier und fünfzig tausend drei hundert ein und zwanzig']" in text
    as_it_is = numbers(r"as it is +([\d.]+) % +([\d.]+) % +([\d.]+) %\npost-norm", notebook)
    too_high = numbers(r"ten times the rate +([\d.]+) % +([\d.]+) % +([\d.]+) %", notebook)
    too_low = numbers(r"a tenth of the rate +([\d.]+) % +([\d.]+) % +([\d.]+) %", notebook)
    assert min(as_it_is) > 90 and max(too_high) < 50 and max(too_low) < 50
    assert min(numbers(r"no encoder layers +([\d.]+) % +([\d.]+) % +([\d.]+) %", notebook)) > 90
    (larger,) = numbers(r"([\d.]+) % of \d+ numbers from 100,000 to 1,000,000", notebook)
    assert larger < 5
    assert "largest difference of their outputs      0.0\n" in text


def what_notebook_04_measured(notebook):
    text = printed(notebook)
    assert text.count("largest difference 0.0, and ") == 2  # PyTorch's own layers, norms last and norms first
    (oracle,) = numbers(r"largest difference to transformers' GPT2LMHeadModel: (\S+)", notebook)
    (padded,) = numbers(r"largest difference to transformers at real tokens: (\S+)", notebook)
    assert oracle < 1e-4 and padded < 1e-4
    for count in ("124,439,808", "354,823,168", "774,030,080", "1,557,611,200", "which is 2.33 times as many"):
        assert count in text
    with_root, without = numbers(r"It grows ([\d.]+) times with the root, and ([\d.]+) times without", notebook)
    assert without > 3 * with_root
    alone, right, unmasked, columns, masked = numbers(
        r"alone +off by +(\S+).*\n1.* off by +(\S+).*\n2.* off by +(\S+).*\n3.* off by +(\S+).*\n4.* off by +(\S+)",
        notebook,
    )
    assert alone == 0 and masked < 1e-4 and min(right, unmasked, columns) > 0.1
    assert "modules for cross-attention or an encoder in GPT2LMHeadModel: 0\n" in text
    assert "another last token changes the earlier logits by 0.0\n" in text
    assert "reads wte + wpe at position 0, difference 0.0\n" in text
    first_words = re.findall(
        r"weight on itself \[1\.0\], length of the attention's output +(\S+), .*own value\) (\S+)\n", text
    )
    assert first_words and all(float(length) > 0.5 and float(rest) < 1e-5 for length, rest in first_words)
    (before,) = numbers(r"your GPT-2, before +([\d.]+) bits", notebook)
    (after,) = numbers(r"your GPT-2, after +([\d.]+) bits", notebook)
    (checkpoint,) = numbers(r"the checkpoint +([\d.]+) bits", notebook)
    assert before > after + 0.5 and after > checkpoint + 0.2 and checkpoint < 1.6
    (mine,) = re.findall(r"your GPT-2 +a loss of ([\d., ]+)\n", text)
    (theirs,) = re.findall(r"the checkpoint +a loss of ([\d., ]+)\n", text)
    mine, theirs = ([float(number) for number in found.split(", ")] for found in (mine, theirs))
    assert mine[0] > mine[-1] + 0.2 and theirs[0] > theirs[-1] + 0.7 and max(theirs) < max(mine)
    assert max(mine[4:]) - min(mine[4:]) < 0.1 and theirs[3] - theirs[-1] > 0.1
    (forgotten,) = numbers(r"its c_proj forgotten +([\d.]+) bits", notebook)
    assert checkpoint + 0.2 < forgotten < before
    right = re.findall(
        r"mask +seed \d: right for ([\d.]+)% after 300, ([\d.]+)% after 600, ([\d.]+)% after 900 steps", text
    )
    assert len(right) == 6 and min(float(last) for _, _, last in right) > 99
    assert max(float(first) for first, _, _ in right) < 97
    (one_layer,) = numbers(r"one layer, with and without the mask: largest difference (\S+)", notebook)
    assert one_layer < 1e-5


def what_notebook_05_measured(notebook):
    text = printed(notebook)
    alone, padded_right = zip(
        *re.findall(r"\n    alone {17}([^\n]*)\n    padded on the right   ([^\n]*)", text), strict=True
    )
    assert [one == other for one, other in zip(alone, padded_right, strict=True)] == [False, True, False]
    same = re.findall(
        r"\n    alone {23}([^\n]*)\n    no mask {21}([^\n]*)\n    positions count padding {5}([^\n]*)", text
    )
    assert [(one == no_mask, one == columns) for one, no_mask, columns in same] == [
        (False,) * 2,
        (True,) * 2,
        (False,) * 2,
    ]
    together = re.findall(r"\n    alone {6}([^\n]*)\n    together   ([^\n]*)", text)
    assert len(together) == 3 and all(one == other for one, other in together)
    assert "64 tokens written      64 runs" in text and "64 tokens predicted     1 run" in text
    assert "in all 4,064; you" in text and "with a cache: 95 positions" in text
    greedy, *drawn = (
        numbers(rf"\n?{title} +(\d+)%   \(", notebook)[0]
        for title in ("always the most probable", "temperature 0.7", "temperature 1", "temperature 1, top-p 0.8")
    )
    assert greedy == 78 and max(drawn) == 12
    assert "Of 255 positions, [0, 0] have the same keys after the shift" in text
    (anew,) = numbers(r"computed anew: a loss of ([\d.]+)", notebook)
    (kept,) = numbers(r"old keys kept: a loss of ([\d.]+)", notebook)
    assert kept - anew == pytest.approx(0.15, abs=0.02)
    assert "with the causal mask   a new token changes  0 of 12 earlier positions" in text
    assert "without a mask         a new token changes 12 of 12 earlier positions" in text
    small, large = (
        numbers(rf"{prompt} \.\.\. +p = [^\n]*keep (\d+),", notebook)[0]
        for prompt in ("Changed in version", "as well as the")
    )
    assert (small, large) == (1, 55)
    (table,) = shown_tables(notebook)
    assert "| 430, since nothing can be kept |" in table and "| 31: the prompt's 12 once" in table


def what_notebook_06_measured(notebook):
    text = printed(notebook)
    for name in ("two stacks", "one stack, causal", "one stack, prefix-LM"):
        (share,) = numbers(rf"{name} +([\d.]+) % of 500 numbers", notebook)
        assert share >= 97, name
    units, tens = zip(
        *(
            numbers(rf"one stack, layer {layer} +of 100 numbers [^\n]* (\d+), and[^\n]* (\d+)\n", notebook)
            for layer in range(4)
        ),
        strict=True,
    )
    assert min(units[1:]) > 60 and min(tens[1:]) > 90 and max(units) > 90 and units[0] < min(units[1:])
    assert "54,321  fifty four thousand three hundred and twenty one " in text
    assert text.count("  as you predicted\n") == 5
    for task in ("translate to German", "translate to English", "repeat", "reverse"):
        (share,) = numbers(rf"\n{task} +([\d.]+) % of 200 unseen numbers", notebook)
        assert share >= 95, task
    (reversed_german,) = numbers(r"reverse German: (\d+) of 200", notebook)
    (four_tasks,) = numbers(r"four tasks: (\d+) of 300", notebook)
    (many_dictionaries,) = numbers(r"many dictionaries: (\d+) of 300", notebook)
    assert reversed_german == 0 and four_tasks < 60 and many_dictionaries > 200


def what_notebook_07_measured(notebook):
    """What is live lies within the spread of the committed runs, and the prose tells what they say."""
    text, runs = printed(notebook), comparison_runs()
    for said in (
        "1  confirmed  modules for an encoder: 0; a later token changes earlier outputs by 0.0",
        "2  qualified  largest difference of outputs: 0.0 without cross-attention and its norm",
        "3  qualified  runs of the model for 64 tokens: 64 to write them, 1 to learn from them",
        "4  qualified  a later word changes all earlier outputs; products of exact answers have the sum 4.68, and 1.00",
        "5  refuted    length of the shortest context vector at position 0: 1.10",
        "90,000 numbers, encoder-decoder  mean 99.7 %",
    ):
        assert said in text
    means = {
        model: numbers(rf"  300 numbers, {model} +mean +([\d.]+) %", notebook)[0]
        for model in ("encoder-decoder", "tied, widened", "one stack", "positions begin anew", "prefix-LM")
    }
    assert means == dict(zip(means, (95.9, 94.6, 93.1, 94.9, 90.9), strict=True))
    few = [
        numbers(rf"  100 numbers, {model} +mean +([\d.]+) %", notebook)[0]
        for model in ("encoder-decoder", "positions begin anew", "one stack")
    ]
    assert few == [68.8, 65.2, 58.2]
    exploratory, fixed = text[text.index("100 numbers: exploratory") :].split(
        "300 numbers: the comparison that was fixed"
    )
    for rival, told in {
        "tied, widened": (1.32, -2.39, 5.04, 0.4590, 0.4590, "open"),
        "positions begin anew": (3.60, 0.73, 6.47, 0.0176, 0.0352, "holds"),
    }.items():
        line = re.search(rf"\n{rival} +(\S+) +(\S+) to +(\S+) +(\S+) +(\S+) +(holds|open)", exploratory)
        assert [*map(float, line.groups()[:5]), line[6]] == list(told)
    for rival, told in {
        "tied, widened": (1.25, 0.14, 2.35, 0.0234, 0.0703),
        "positions begin anew": (1.01, 0.04, 1.97, 0.0469, 0.0703),
        "prefix-LM": (4.97, 2.83, 7.12, 0.0039, 0.0156),
    }.items():
        line = re.search(rf"\n{rival} +(\S+) +(\S+) to +(\S+) +(\S+) +(\S+) +(holds|open)", fixed)
        assert [float(number) for number in line.groups()[:5]] == list(told)
        assert line[6] == ("holds" if rival == "prefix-LM" else "open")
    cuts = [{"way": "encoder-decoder", "cut": cut} for cut in (96, 64, 32)]
    of_ten, of_six = ([cuts[0] | {"seed": seed} for seed in range(count)] for count in (10, 6))
    for claim, exercise, table in (
        ("6", "evidence_two_kinds", {}),
        ("7, documentation", "evidence_cut", {"text": cuts}),
        ("7, needs its source, 600 steps", "evidence_cut", {"text": of_ten}),
        ("7, needs its source, 1,800 steps", "evidence_cut", {"text": of_six}),
    ):
        number, interval, verdict = ready_made(exercise)(table)  # what is lent tells the same
        found = numbers(rf"claim {claim}: {verdict}; (\S+), interval (\S+) to (\S+)", notebook)
        assert found == pytest.approx([number, *interval], abs=0.0006)
    made_up = re.findall(r"What is before cut \d+ is worth ([\d.]+) bits|draws, mean ([\d.]+) bits per word", text)
    assert ["".join(each) for each in made_up] == ["0.08", "0.63", "3.45", "3.30", "3.36", "3.51", "2.96", "2.98"]
    assert all(float(bits) > 6 for bits in re.findall(r"([\d.]+) bits per word with the source of another", text))
    bits = {
        name: numbers(rf"\n{name} +\d+ seeds, mean ([\d.]+)", notebook)[0]
        for name in ("one stack, 2 layers", "encoder-decoder, cut 64", "encoder-decoder, cut 96")
    }
    controls = [numbers(rf"after {cut} +\d+ seeds, mean ([\d.]+)", notebook)[0] for cut in (64, 96)]
    half, *cut = bits.values()
    assert [value - half for value in (*controls, *cut)] == pytest.approx([0.09, 0.19, 0.15, 0.30], abs=0.006)
    hidden = re.findall(r"cut \d+: ([\d.]+) bits per character with the memory, ([\d.]+) if", text)
    assert len(hidden) == 3 and all(float(without) - float(with_it) < 0.03 for with_it, without in hidden)
    tables = shown_tables(notebook)
    assert "19,800 position-layers" in "".join(tables) and "7,188 position-layers" in "".join(tables)
    live_lies_within_the_spread(notebook, runs)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (ledger,) = (table for table in tables if "| claim |" in table)
    assert ledger.split("\n")[2:] == re.findall(r"^\| \d \|.*", readme, re.MULTILINE)
    (answer,) = (cell.source.split("## The answer\n\n")[1] for cell in notebook.cells if "## The answer" in cell.source)
    assert len(answer.split()) <= 180 and answer in readme


def live_lies_within_the_spread(notebook, runs):
    """Of one seed, on this machine, against all seeds at the same rate on the machine that made the file."""
    for name, way, layers, cut in (
        ("encoder-decoder, cut 64", "encoder-decoder", 4, 64),
        ("one stack, 2 layers", "one stack", 2, None),
    ):
        rate, bits = numbers(rf"\n{name}, trained at the rate ([\d.]+): ([\d.]+) bits per character", notebook)
        model = (way, layers, cut, cut, 600)
        tests = [
            r["test"]
            for r in runs["text"]
            if (r["way"], r["layers"], r["cut"], r["tested at"], r["steps"]) == model and r["rate"] == rate
        ]
        assert len(tests) >= 3 and min(tests) - 0.05 < bits < max(tests) + 0.05, (name, bits, tests)


def shown_tables(notebook):
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", []))
    return [output.data["text/markdown"] for output in outputs if "text/markdown" in output.get("data", {})]


MEASURED = {
    "01_attention": what_notebook_01_measured,
    "02_encoder": what_notebook_02_measured,
    "03_decoder": what_notebook_03_measured,
    "04_gpt2": what_notebook_04_measured,
    "05_generation": what_notebook_05_measured,
    "06_one_stack": what_notebook_06_measured,
    "07_comparison": what_notebook_07_measured,
}


@pytest.mark.parametrize("at_hand", [True, False])
def test_a_trained_checkpoint_is_used_where_one_is_at_hand(at_hand, tmp_path):
    """A small BERT with random weights stands in for a trained one."""
    from transformers import BertConfig, BertModel, BertTokenizerFast

    assignment = load("02_encoder")
    folder = tmp_path / "checkpoint"
    if at_hand:
        folder.mkdir()
        words = "[PAD] [UNK] [CLS] [SEP] [MASK] the cat sleeps on sofa . a kitten is couch bank its rate".split()
        (folder / "vocab.txt").write_text("\n".join(words))
        BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
        config = BertConfig(
            vocab_size=len(words),
            hidden_size=24,
            num_hidden_layers=3,
            num_attention_heads=4,
            intermediate_size=40,
            initializer_range=0.3,
        )
        BertModel(config).save_pretrained(folder)
    notebook = handed_in(assignment)
    (section,) = (cell for cell in notebook.cells if cell.source.startswith("CHECKPOINT = "))
    section.source = f"CHECKPOINT = {str(folder)!r}\n" + section.source.split("\n", 1)[1]
    needed = [cell for cell in notebook.cells if cell.id in ("setup", *assignment.source.exercises)]
    small = new_notebook(cells=[*needed, section], metadata=notebook.metadata)
    execute(small, assignment, tmp_path)
    if at_hand:
        (difference,) = numbers(r"Largest difference to transformers' BertModel: (\S+)", small)
        assert difference < 1e-4 and "'A kitten is napping on the couch.'" in printed(small)
    else:
        assert (
            printed(small) == "No trained checkpoint is at hand, so this section is left out. Nothing later needs it.\n"
        )
