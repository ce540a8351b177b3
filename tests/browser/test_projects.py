"""Projects in the browser: what choosing one does to the timer."""

from playwright.async_api import expect

from tests.browser.people import Person


async def test_choosing_a_project_takes_over_whether_it_is_billable(ada: Person) -> None:
    for name, billable in (("Paid", {"is_billable": "1"}), ("Unpaid", {})):
        await ada.send("/projects", {"name": name, "colour": "1", **billable})
    await ada.open("/timer")
    form = ada.page.get_by_role("form", name="Start a timer")
    project, checkbox = form.get_by_label("Project"), form.get_by_label("Billable")
    await expect(checkbox).not_to_be_checked()
    await project.select_option(label="Paid")
    await expect(checkbox).to_be_checked()
    await project.select_option(label="Unpaid")
    await expect(checkbox).not_to_be_checked()
