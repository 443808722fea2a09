"""Several people at once, each in a tab of a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.conftest import OpenPage, Server, wait_until
from tests.ui.page_actions import headline, load_settings, paint

SAMPLES = ("coffee", "rocket")


@pytest.mark.slow
def test_a_closed_tab_ends_its_job_and_the_next_one_starts(
    open_page: OpenPage, page_server: Server, pictures: Path, endless_result: Path
) -> None:
    earlier_sessions = page_server.session_folders()
    first, second, third = open_page(), open_page(), open_page()
    paint(first, pictures, endless_result)
    first.wait_for_selector('[data-phase="painting"]')
    paint(second, pictures, endless_result)
    second.wait_for_selector("text=1 picture ahead of yours in the queue.")
    paint(third, pictures, endless_result)
    third.wait_for_selector("text=2 pictures ahead of yours in the queue.")
    second.close()
    third.wait_for_selector("text=1 picture ahead of yours in the queue.")
    first.close()
    third.wait_for_selector('[data-phase="painting"]', timeout=5_000)
    third.close()
    wait_until(lambda: page_server.session_folders() <= earlier_sessions)


@pytest.mark.slow
def test_leave_the_queue(open_page: OpenPage, pictures: Path, endless_result: Path) -> None:
    first, second = open_page(), open_page()
    paint(first, pictures, endless_result)
    first.wait_for_selector('[data-phase="painting"]')
    paint(second, pictures, endless_result)
    second.click("#stop:has-text('Leave the queue')")
    second.wait_for_selector("text=Canceled; nothing was painted.")
    assert second.is_visible("#paint")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ten_tabs_at_once(
    open_page: OpenPage, page_server: Server, pictures: Path, endless_result: Path, quick_result: Path
) -> None:
    """While one job runs, ten others wait: each tab shows its own position, and then its own picture."""
    earlier_sessions = page_server.session_folders()
    running = open_page()
    paint(running, pictures, endless_result)
    running.wait_for_selector('[data-phase="painting"]')
    pages = [open_page() for _ in range(10)]
    for number, page in enumerate(pages):
        page.click(f'#content-samples [data-sample="{SAMPLES[number % 2]}"]')
        page.click('#style-samples [data-sample="hatching"]')
        page.wait_for_selector('#content img[src*="-small.jpg"]')
        page.wait_for_selector('#style img[src*="-small.jpg"]')
        load_settings(page, quick_result)
    for page in pages:
        page.click("#paint")
        page.wait_for_selector("text=/ahead of yours in the queue/")
    assert [int(headline(page).split()[0]) for page in pages] == [*range(1, 11)]
    before = page_server.memory()
    running.click("#stop")
    for number, page in enumerate(pages):
        page.wait_for_selector('[data-phase="done"]')
        name = page.get_attribute("text=Download picture", "download")
        assert name == f"{SAMPLES[number % 2]}-hatching.png", "its own picture"
    for page in (running, *pages):
        page.close()
    wait_until(lambda: page_server.session_folders() <= earlier_sessions)
    assert page_server.memory() - before < 100_000_000
