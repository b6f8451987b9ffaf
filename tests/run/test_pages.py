"""What a person sees and does in Airflow's UI while the sample runs."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect, sync_playwright

from airflow_codepipeline.local.airflow_server import USER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Locator, Page

    from fixtures.airflow_run import Airflow, Run

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
]
STAGES = ("Source", "Build", "Approve", "Deploy")
COMMENT = "The prices are right."

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}"),
]


@pytest.fixture(scope="module")
def run(airflow_server: Airflow) -> Run:
    """A run of the sample that waits for its approval."""
    run = airflow_server.start("storefront")
    run.wait_for_question("Approve.Release")
    return run


@pytest.fixture
def page(airflow_server: Airflow) -> Iterator[Page]:
    """A browser that is logged in."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 800})
        page.set_default_timeout(30_000)
        page.goto(airflow_server.server.url)
        page.locator("input[name=username]").fill(USER)
        page.locator("input[name=password]").fill(airflow_server.server.password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(re.compile("^(?!.*login)"))
        # Airflow's UI on a machine that runs all of this.
        expect.set_options(timeout=60_000)
        yield page
        browser.close()


@pytest.fixture
def picture(page: Page) -> Callable[[str], None]:
    """Takes pictures for the documentation, where CODEPIPELINE_SCREENSHOTS names a folder for them."""
    folder = os.environ.get("CODEPIPELINE_SCREENSHOTS")

    def take(name: str) -> None:
        if folder:
            page.screenshot(path=Path(folder) / name, animations="disabled")

    return take


def test_stages_are_groups_and_an_approval_is_given_under_required_actions(run: Run, page: Page, picture):
    url = run.airflow.server.url
    page.goto(f"{url}/dags/storefront/runs/{run.run_id}")
    page.get_by_label("Show Graph").click()
    page.get_by_label("Collapse Details Panel").click()
    for stage in STAGES:
        expect(_node(page, stage)).to_contain_text("Task Group")
    for stage, tasks in {"Build": ("Package", "Website"), "Approve": ("Release",)}.items():
        _node(page, stage).get_by_role("button").click()
        for task in tasks:
            expect(_node(page, f"{stage}.{task}")).to_be_visible()
    page.set_viewport_size({"width": 1400, "height": 660})
    page.get_by_label("Fit View").click()
    picture("graph.png")
    page.set_viewport_size({"width": 1400, "height": 800})

    page.get_by_label("Show Grid").click()
    page.goto(f"{url}/required_actions")
    question = page.get_by_role("link", name="Approve Release of storefront")
    question.and_(page.locator(f"[href*='{run.run_id}']")).click()
    expect(page.get_by_text("Please look at the build before you approve.")).to_be_visible()
    page.locator("#element_comment").fill(COMMENT)
    picture("required-actions.png")
    page.get_by_test_id("hitl-option-Approve").click()

    assert run.wait_until_ended() == "success"
    assert run.xcom("Approve.Release", "approval")["summary"] == COMMENT
    page.goto(f"{url}/dags/storefront/runs/{run.run_id}")
    expect(page.get_by_text("Success", exact=True).first).to_be_visible()
    expect(page.get_by_test_id(f"grid-{run.run_id}-Deploy")).to_be_visible()
    picture("finished.png")


def _node(page: Page, identifier: str) -> Locator:
    """A task or a group in the graph."""
    return page.locator(f".react-flow__node[data-id='{identifier}']")
