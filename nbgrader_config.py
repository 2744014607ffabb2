"""nbgrader reads this file when it is started in this folder. Its commands and its formgrader then grade with ours."""

import sys
from pathlib import Path

root = Path(__file__).resolve().parent
sys.path.insert(0, str(root))  # so that nbgrader finds `autograder`, installed or not

c = get_config()  # noqa: F821  nbgrader provides it

c.CourseDirectory.course_id = "why_gpt2_has_no_encoder"
c.CourseDirectory.root = str(root)
c.CourseDirectory.source_directory = "classroom/source"
c.CourseDirectory.release_directory = "course"
c.CourseDirectory.submitted_directory = "classroom/submitted"
c.CourseDirectory.autograded_directory = "classroom/autograded"
c.CourseDirectory.feedback_directory = "classroom/feedback"
c.CourseDirectory.db_url = f"sqlite:///{root / 'classroom' / 'gradebook.db'}"

# A submission is rebuilt on the release, run, asked, judged; the rest is nbgrader's own.
c.Autograde.sanitize_preprocessors = ["autograder.rebuild.Rebuild"]
c.Autograde.autograde_preprocessors = [
    "autograder.execute.Execute",
    "autograder.judge.GiveVerdicts",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
    "autograder.outcome.Record",
]
c.Autograde.exporter_class = "autograder.intake.Intake"
c.Intake.optimistic_validation = True  # once, after the last step
c.Execute.records = str(root / "classroom" / "records")
c.Execute.timeout = 60  # seconds a cell
c.Execute.iopub_timeout = 15  # seconds that the last outputs of a cell may take to come
c.Execute.shutdown_kernel = "immediate"

c.ExportApp.plugin_class = "autograder.export.WithStatus"

# What students wrote is shown to others, in feedback and in formgrader: it is cleaned first.
c.HTMLExporter.sanitize_html = True
c.HTMLExporter.filters = {
    "markdown2html": "autograder.clean.markdown2html",
    "clean_html": "autograder.clean.clean_html",
    "get_metadata": "autograder.clean.get_metadata",
    "strip_files_prefix": "autograder.clean.strip_files_prefix",
}
