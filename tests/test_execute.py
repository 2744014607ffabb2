"""A kernel that dies, hangs or shouts costs its own cell or question, and nothing else."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell

from autograder.authoring.course import Course
from autograder.authoring.release import release_notebook
from autograder.authoring.students import handed_in
from autograder.running.answers import Raised, Silent
from autograder.running.execute import Execute
from autograder.running.kernel.forkserver import ForkServer
from autograder.running.kernel.provisioner import ConfinedProvisioner
from autograder.running.rebuild import rebuild
from autograder.running.run import Run
from confined import NEEDS_CONFINEMENT
from this_course import ROOT, load

pytestmark = pytest.mark.slow


@pytest.fixture
def run(assignment):
    """Execute a notebook: {exercise: text} in place of the reference's, and cells put in front or at the end."""

    def executed(instead=None, first=(), last=(), **settings):
        submitted = handed_in(assignment, instead=instead)
        place = 1 + next(i for i, cell in enumerate(submitted.cells) if cell.id == "setup")
        submitted.cells[place:place] = map(new_code_cell, first)
        submitted.cells += map(new_code_cell, last)
        notebook, _ = rebuild(submitted, release_notebook(assignment.source))
        config = Course.at(ROOT).config
        for name, value in settings.items():
            section = next(kind for kind in (Execute, Run, ConfinedProvisioner) if name in kind.class_trait_names())
            config[section.__name__][name] = value
        return Execute(config=config).prepare(notebook, assignment, "tests").whole()

    return executed


def silent(execution):
    return [case for case, answer in execution.answers().items() if isinstance(answer, Silent | Raised)]


def test_a_cell_that_kills_the_kernel_costs_itself(run, assignment):
    execution = run(first=["import os\nos._exit(1)"], last=["import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"])
    assert silent(execution) == []
    deadly = [cell for cell in execution.notebook.cells if "os._exit" in cell.source or "SIGKILL" in cell.source]
    assert all("ended the notebook's process" in cell.outputs[0].evalue for cell in deadly)


@NEEDS_CONFINEMENT
def test_a_fork_server_that_is_killed_costs_nothing(run, monkeypatch):
    """It has heard that a kernel is wanted, and makes none any more."""
    fork, killed = ForkServer.fork, []

    def heard(server, *request):
        first = not killed
        if first:
            killed.append(server)
            server._wait_until_ready()
            server._process.send_signal(signal.SIGSTOP)
            os.waitpid(server._process.pid, os.WUNTRACED)
        fork(server, *request)
        if first:
            server._process.kill()
            server._process.wait()

    monkeypatch.setattr(ForkServer, "fork", heard)
    assert silent(run()) == [] and killed


def test_replays_are_bounded(run, assignment):
    cells = ["import os\nos._exit(1)"] * 3
    execution = run(first=cells, max_fresh_kernels=1)
    assert set(execution.answers()) == {case.name for case in assignment.cases}
    assert all(isinstance(answer, Silent) for answer in execution.answers().values())
    assert "not run" in [cell for cell in execution.notebook.cells if cell.get("outputs")][-1].outputs[0].evalue


def test_it_runs_inside_a_server_too(run):
    """Formgrader calls it from a running event loop, whose own tasks must live on."""

    async def server():
        other = asyncio.ensure_future(asyncio.sleep(0.1, "alive"))
        await asyncio.sleep(0)
        execution = run(last=["import os\nos._exit(1)"])
        return execution, await other

    execution, other = asyncio.run(server())
    assert silent(execution) == [] and other == "alive"


def test_an_endless_cell_is_interrupted(run):
    execution = run(last=["while True: pass"], timeout=5)
    assert silent(execution) == []
    assert "CellTimeoutError" in [output.get("ename") for output in execution.notebook.cells[-1].outputs]


def test_a_cell_that_cannot_be_interrupted_costs_itself(run):
    stubborn = "import time\nend = time.monotonic() + 20\nwhile time.monotonic() < end:\n    try:\n        time.sleep(0.1)\n    except KeyboardInterrupt:\n        pass"
    execution = run(last=[stubborn], timeout=5)
    assert silent(execution) == []
    assert "could not be interrupted" in execution.notebook.cells[-1].outputs[0].evalue


# More sequences than any cell of the notebook has: goes wrong in the hidden tests alone.
TROUBLE = """
import os
def padding_mask(lengths, max_length):
    if len(lengths) > 3:
        {trouble}
    return (torch.arange(max_length) < lengths[:, None])[:, None, None]
"""


def test_an_endless_answer_costs_its_exercise(run, assignment):
    execution = run(instead={"padding_mask": TROUBLE.format(trouble="while True: pass")}, question_timeout=3)
    own = {case.name for case in assignment.cases_of("padding_mask")}
    assert silent(execution) and set(silent(execution)) <= own
    assert execution.answers()["real_tokens_are_true"].reason == "no answer within 3 seconds"
    assert "not asked" in execution.answers()["lengths_stay"].reason


def test_an_answer_that_kills_the_kernel_costs_its_exercise(run, assignment):
    execution = run(instead={"padding_mask": TROUBLE.format(trouble="os._exit(1)")})
    own = {case.name for case in assignment.cases_of("padding_mask")}
    assert silent(execution) and set(silent(execution)) <= own
    assert "ended the notebook's process" in execution.answers()["real_tokens_are_true"].reason


def test_noise_costs_nothing(run):
    """Prints, warnings, pictures and displays during questions are thrown away."""
    noisy = """
import sys, warnings
from IPython.display import display, HTML
def causal_mask(length):
    print("out", length); print("err", file=sys.stderr); warnings.warn("w"); display(HTML("<b>x</b>"))
    return torch.ones(length, length, dtype=torch.bool).tril()
"""
    execution = run(instead={"causal_mask": noisy})
    assert silent(execution) == []


def test_the_working_folder_is_gone_afterwards(run, tmp_path):
    trace = tmp_path / "trace"
    run(
        last=[
            f"from pathlib import Path\nPath({str(trace)!r}).write_text(str(Path.cwd()))\nPath('left-behind').touch()"
        ],
        sandbox=False,
    )
    assert trace.read_text().endswith("scratch") and not Path(trace.read_text()).exists()


def test_names_of_the_student_are_neither_used_nor_overwritten(run):
    names = "json = exec = compile = sys = hidden = kit = student = rng = fill = 'mine'"
    execution = run(last=[names, "assert kit == hidden == json == 'mine'"])
    assert silent(execution) == [] and execution.notebook.cells[-1].outputs == []


def test_nothing_that_ran_after_a_question_is_shown(run, tmp_path):
    """A question's source, put aside and printed by the cells when they are run again, would be in the feedback."""
    loot = tmp_path / "loot"
    reads = f"import os\nprint(open({str(loot)!r}).read() if os.path.exists({str(loot)!r}) else 'before')"
    writes = f"open({str(loot)!r}, 'w').write('after'); os._exit(1)"
    execution = run(first=[reads], instead={"padding_mask": TROUBLE.format(trouble=writes)}, sandbox=False)
    assert silent(execution) and loot.exists()
    (shown,) = (cell.outputs[0].text for cell in execution.notebook.cells if cell.source == reads)
    assert shown == "before\n"


ODD = """
from IPython.display import display
display({"text/plain": 5}, raw=True)
display({"image/png": "AAAA"}, metadata={"filenames": {"image/png": "https://example.org"}, "image/png": {"width": 10, "alt": "x"}}, raw=True)
kernel = get_ipython().kernel
for kind, content in [
    ("stream", {}), ("error", {}), ("status", {}), ("display_data", {"data": "x"}), ("comm_open", {"data": {}}),
    ("execute_result", {"data": {"text/plain": "1"}, "execution_count": "<script>"}), ("nothing", {}),
    ("comm_open", {"comm_id": "w", "target_name": "jupyter.widget", "data": {"state": {"html": "<script>"}}}),
]:
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent("shell"))
print("x" * 5_000_000, flush=True)
print("still here")
"""


def test_odd_messages_are_left_out(run):
    execution = run(last=[ODD])
    assert silent(execution) == []
    outputs = execution.notebook.cells[-1].outputs
    assert [output.output_type for output in outputs[:2]] == ["display_data", "stream"]
    printed = outputs[1:]  # in one piece, or in several on a busy machine
    assert {output.output_type for output in printed} == {"stream"}
    assert "".join(output.text for output in printed).endswith("still here\n")
    assert "widgets" not in execution.notebook.metadata
    assert outputs[0].metadata == {"image/png": {"width": 10}} and "https://" not in str(outputs)


# Finds out under which MIME types the answers are heard, and answers there, too.
ANSWERS_TWICE = """
import sys
from IPython.display import display
def causal_mask(length):
    frame = sys._getframe()
    while frame:
        if "questions" in frame.f_locals:
            text = frame.f_globals["as_text"]({"values": {"plain": True}})
            display({kind: text for name, seed, kind in frame.f_locals["questions"]}, raw=True)
        frame = frame.f_back
    return torch.ones(length, length, dtype=torch.bool).tril()
"""


def test_who_answers_twice_has_not_answered(run):
    execution = run(instead={"causal_mask": ANSWERS_TWICE})
    assert {answer.reason for answer in execution.answers().values()} == {"more than one answer came back"}


def test_what_is_lent_never_answers_for_its_own_exercise(run):
    """Its questions may be asked again, where no answer came: they are asked of the student's own code."""
    silent = """
import IPython.display
shown = IPython.display.display
def causal_mask(length):
    def once(*parts, **options):
        IPython.display.display = shown
        raise SystemExit
    IPython.display.display = once
    raise ValueError
"""
    execution = run(instead={"causal_mask": silent})
    cases = [case.name for case in load("01_attention").cases_of("causal_mask")]
    assert all(isinstance(execution.answers()[case], Silent | Raised) for case in cases)


def test_limits_are_set_in_the_configuration(run):
    prints = "import resource\nprint(resource.getrlimit(resource.RLIMIT_NPROC))"
    execution = run(last=[prints], processes=33)
    assert execution.notebook.cells[-1].outputs[0].text == "(33, 33)\n"


@pytest.mark.parametrize(
    "cell, repeatable",
    [("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", False), ("import os\nos._exit(9)", True)],
)
def test_a_death_that_may_be_the_systems_is_not_found_again(run, cell, repeatable):
    """For want of memory it kills by the same signal."""
    assert run(last=[cell]).repeatable is repeatable


def test_one_student_leaves_nothing_for_the_next(run):
    trap = "p = get_ipython().profile_dir.startup_dir + '/00.py'\nopen(p, 'w').write('caught = 1')"
    run(last=[trap], sandbox=False)
    execution = run(last=["print('caught' in globals(), get_ipython().profile_dir.location)"], sandbox=False)
    assert execution.notebook.cells[-1].outputs[0].text.startswith("False /tmp")


def test_a_notebook_has_a_deadline(run):
    execution = run(notebook_timeout=0)
    assert {answer.reason for answer in execution.answers().values()} == {"the notebook took too long"}


def test_cells_for_readers_are_run_only_where_somebody_uses_them(run):
    """In notebook 01: a student's own cell uses a name of one of them, which needs no other."""

    def printed(execution):
        return [
            output.text for cell in execution.notebook.cells for output in cell.get("outputs", []) if "text" in output
        ]

    own = "print('mine', len(words))"
    apart = run(last=[own])
    assert "mine 8\n" in printed(apart) and sum("not run when" in text for text in printed(apart)) == 1
    assert not any("measured 36 of 36" in text for text in printed(apart))
    everything = run(last=[own], reader_cells=True)
    assert any("measured 36 of 36" in text for text in printed(everything))
    assert not any("not run when" in text for text in printed(everything))
    assert apart.answers().keys() == everything.answers().keys() and silent(apart) == silent(everything) == []
