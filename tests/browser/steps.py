"""Steps that more than one walk takes, through JupyterLab's pages and formgrader's."""


def choose(page, what):
    """Choose an entry of nbgrader's menu in JupyterLab."""
    page.locator(".lm-MenuBar-itemLabel", has_text="Nbgrader").click()
    page.locator(".lm-Menu-itemLabel", has_text=what).first.click()


def open_assignments(page):
    choose(page, "Assignment List")
    return page.locator("#nbgrader-assignment-list")


def fetch(assignments):
    """Fetch the only assignment, and wait until it can be submitted."""
    assignments.get_by_role("button", name="Fetch", exact=True).click()
    assignments.locator("#fetched_assignments_list").get_by_text("Submit", exact=True).wait_for()


def submit(assignments, name):
    assignments.locator("#fetched_assignments_list").get_by_text("Submit", exact=True).click()
    assignments.locator("#submitted_assignments_list .list_item", has_text=name).first.wait_for()


def fetch_feedback(assignments):
    assignments.get_by_text("Fetch Feedback", exact=True).click()
    assignments.get_by_text("view feedback", exact=False).first.wait_for()


def student_row(page, student):
    return page.locator(f"tr:has(td.student-id[data-order='{student}'])")


def told(page, row, what):
    """Click on a sign in a row of formgrader's table, and return what the dialog says when it is done."""
    row.locator(f"td.{what} a").click()
    dialog = page.locator(".modal.in")
    dialog.locator(".modal-title", has_text="Success").or_(
        dialog.locator(".modal-title", has_text="Error")
    ).first.wait_for()
    text = dialog.inner_text()
    dialog.locator("button", has_text="Close").or_(dialog.locator(".close")).first.click()
    dialog.wait_for(state="hidden")
    return text
