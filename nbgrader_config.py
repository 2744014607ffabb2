"""The settings of this course. nbgrader reads this file when it is started in this folder, and so does autograder.

The limits and most other numbers are the defaults. They are here so that an instructor finds them.
"""

import sys
from pathlib import Path

root = Path(__file__).resolve().parent
sys.path.insert(0, str(root))  # so that nbgrader finds `autograder`, installed or not

import autograder  # noqa: E402

c = get_config()  # noqa: F821  nbgrader provides it

# Folders. Assignments are written in solutions/, students get course/, and the class is in classroom/.
c.CourseDirectory.course_id = "why_gpt2_has_no_encoder"
c.CourseDirectory.root = str(root)
c.Course.solutions_directory = "solutions"
c.CourseDirectory.source_directory = "classroom/source"
c.CourseDirectory.release_directory = "course"
c.CourseDirectory.submitted_directory = "classroom/submitted"
c.CourseDirectory.autograded_directory = "classroom/autograded"
c.CourseDirectory.feedback_directory = "classroom/feedback"
c.CourseDirectory.db_url = f"sqlite:///{root / 'classroom' / 'gradebook.db'}"
c.Records.folder = "classroom/records"  # what was run, and the secret seeds of the class: keep it

# The steps of grading are set by the last line.
c.Admission.optimistic_validation = True  # once, after the last step
c.Execute.shutdown_kernel = "immediate"
c.ExportApp.plugin_class = "autograder.classroom.export.WithStatus"

# What goes to students is made by `make build`: formgrader's "Generate" is refused. What notebooks import goes with
# each assignment that is released to the exchange. Students submit it, too: it is not collected.
c.GenerateAssignment.exporter_class = "autograder.authoring.generate.BuildInstead"
c.ExchangeFactory.release_assignment = "autograder.classroom.handout.HandOut"
c.ExchangeFactory.collect = "autograder.classroom.collect.Collect"
c.HandOut.along = ["coursekit", "pyproject.toml"]  # of course/; [] where students have it installed
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", *c.HandOut.along]

# What a mistake costs that is named: this share of its exercise's points, unless mistakes.py says another one. It never
# costs more than the hidden tests that fail by it. None: a hidden test that fails costs its points, named or not.
c.GiveVerdicts.mistake_costs = 0.5
c.GiveVerdicts.most_pairs = 60  # pairs of mistakes that are tried where no single one explains the answers
c.JudgeOnce.answers_file = "answers.db"  # where the judge keeps its own answers, in the records
c.JudgeOnce.most_answers = 256 * 1024**2  # bytes that it may have

# What a submission may be.
c.Reading.max_bytes = 20_000_000  # of one file
c.Reading.max_cells = 2_000
c.Reading.max_files = 500  # of a submission

# What a worker may use for one submission. Where it needs more, this submission stays ungraded.
c.Worker.seconds = 300  # of processor time, without that of the kernel
c.Worker.memory = 4 * 1024**3  # bytes
c.Worker.result = 200 * 1024**2  # bytes that come back
c.Worker.patience = 3 * 3600.0  # seconds after which it is broken off even if it only waits
c.Worker.preload = ["torch", "nbgrader.preprocessors", "matplotlib.pyplot"]  # once, for all of them

# What a notebook may use. Where it uses more, the cell that did it costs itself.
c.Execute.timeout = 60  # seconds a cell
c.Execute.iopub_timeout = 15  # seconds that the last outputs of a cell may take to come
c.Run.question_timeout = 10  # seconds a hidden question
c.Run.notebook_timeout = 900  # seconds after which nothing more is started
c.Run.reader_cells = False  # cells that only draw, train or print for a reader are not run
c.Run.max_fresh_kernels = 3  # times that a notebook is run again without what ended its process
c.Run.lends = "coursekit.go_on:ready_made"  # takes an exercise's place that raises errors, in questions to others
c.KernelSession.max_output = 4_000_000  # characters of output that are kept of a cell
c.KernelSession.max_output_in_all = 20_000_000  # characters of output that are kept of a notebook
c.KernelSession.max_outputs = 500  # outputs that are kept of a cell
c.ConfinedProvisioner.memory = 2 * 1024**3  # bytes, all processes of a notebook together
c.ConfinedProvisioner.cpu = 1200  # seconds of processor time, all together
c.ConfinedProvisioner.cores = 2.0  # processors that are busy at once, where cgroups can limit that
c.ConfinedProvisioner.scratch = 64 * 1024**2  # bytes of files that it writes
c.ConfinedProvisioner.output = 100 * 1024**2  # bytes that it sends
c.ConfinedProvisioner.processes = 64  # processes and threads at once
c.ConfinedProvisioner.files = 256  # files that a process has open at once

# How its code is locked in: what it sees beside the interpreter and its libraries, and what it must never see.
# `c.Execute.sandbox = False` would let students' code read and forge grades; every result then says so.
c.ConfinedProvisioner.shown = {"/course/coursekit": str(root / "course" / "coursekit")}
c.ConfinedProvisioner.imports_from = ["/course"]
c.ConfinedProvisioner.secret = [str(root / "solutions"), str(root / "classroom")]

# What is imported once for all of them. A grade from the records counts only with the same versions of libraries.
c.ConfinedProvisioner.preload = ["torch", "matplotlib.pyplot", "transformers.models.gpt2.modeling_gpt2"]
c.ConfinedProvisioner.idle = 300  # seconds without a notebook after which they are imported anew
c.ConfinedProvisioner.pictures = False  # nobody grades pictures, and to draw them takes most of the time
c.Run.libraries = "torch numpy transformers matplotlib ipykernel ipython safetensors num2words".split()
c.ConfinedProvisioner.environment = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
}

# The page that a student gets: `c.FeedbackPage.extra_template_basedirs` may name a folder with another template.
# Formgrader shows what the judge found above each notebook.
c.HTMLExporter.template_file = "with_summary.html.j2"
c.HTMLExporter.extra_template_paths = [str(Path(autograder.__file__).parent / "classroom" / "templates" / "formgrader")]

# A submission is rebuilt on the release, run, asked and judged, and pages of what students wrote are cleaned. These
# steps are the engine's (autograder/classroom/steps.py). Your own may stand beside them, in lines above this one:
# c.Autograde.autograde_preprocessors.append("mine.Step"). Nothing is graded where one of the engine's is taken away.
autograder.configure(c)
