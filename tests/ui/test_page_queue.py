"""Several people at once, each in a browser of their own, and several jobs of one person."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.conftest import OpenPage, Server, wait_until
from tests.ui.page_actions import (
    choose_samples,
    headline,
    load_settings,
    paint,
    wait_for_results,
)

SAMPLES = ("coffee", "rocket")


@pytest.mark.slow
def test_a_closed_page_makes_way_for_those_who_wait(open_page: OpenPage, pictures: Path, endless_result: Path) -> None:
    """A refresh does not; a page that stays closed does when others wait."""
    first, second, third = open_page(), open_page(), open_page()
    paint(first, pictures, endless_result)
    first.wait_for_selector('[data-phase="painting"]')
    paint(second, pictures, endless_result)
    second.wait_for_selector("text=1 picture ahead of yours in the queue.")
    paint(third, pictures, endless_result)
    third.wait_for_selector("text=2 pictures ahead of yours in the queue.")
    first.reload()
    first.wait_for_selector('[data-phase="painting"]')
    second.close()
    third.wait_for_selector("text=1 picture ahead of yours in the queue.")
    first.close()
    third.wait_for_selector('[data-phase="painting"]')
    third.click("#stop")


@pytest.mark.slow
def test_leave_the_queue(open_page: OpenPage, pictures: Path, endless_result: Path) -> None:
    first, second = open_page(), open_page()
    paint(first, pictures, endless_result)
    first.wait_for_selector('[data-phase="painting"]')
    paint(second, pictures, endless_result)
    second.click("#stop:has-text('Leave the queue')")
    second.wait_for_selector("text=Canceled; nothing was painted.")
    assert second.is_visible("#paint")
    first.click("#stop")


@pytest.mark.slow
def test_one_person_queues_reorders_and_drops(open_page: OpenPage, pictures: Path, endless_result: Path) -> None:
    page = open_page()
    paint(page, pictures, endless_result)
    page.wait_for_selector('[data-phase="painting"]')
    for seed in ("20", "21", "22"):
        page.fill("#seed", seed)
        page.click("#paint:has-text('Add to the queue')")
        page.wait_for_selector(f".queue-area li:nth-child({int(seed) - 18})")
    numbers = "buttons => buttons.map(button => button.dataset.key.split('-')[1])"
    remove = '.queue-area button:has-text("Remove")'
    before = page.eval_on_selector_all(remove, numbers)
    page.locator('.queue-area button:has-text("Move up")').nth(1).click()
    expected = [before[0], before[2], before[1]]
    wait_until(lambda: page.eval_on_selector_all(remove, numbers) == expected)
    page.locator(remove).nth(2).click()
    wait_until(lambda: page.locator(".queue-area li").count() == 3)
    page.click("#stop")
    wait_until(lambda: page.locator(".results li").count() == 1)
    wait_until(lambda: page.locator(remove).count() == 1)  # the second one is painted
    page.locator(remove).click()
    wait_until(lambda: page.locator(".queue-area li").count() < 2)
    page.click("#stop")
    wait_for_results(page, 2)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ten_browsers_at_once(
    open_page: OpenPage, page_server: Server, pictures: Path, endless_result: Path, quick_result: Path
) -> None:
    """While one job runs, ten others wait: each page shows its own position, and then its own picture."""
    earlier_sessions = page_server.session_folders()
    running = open_page()
    paint(running, pictures, endless_result)
    running.wait_for_selector('[data-phase="painting"]')
    pages = [open_page() for _ in range(10)]
    for number, page in enumerate(pages):
        load_settings(page, quick_result)
        choose_samples(page, SAMPLES[number % 2], "hatching")
    for page in pages:
        page.click("#paint")
        page.wait_for_selector("text=/ahead of yours in the queue/")
    assert [int(headline(page).split()[0]) for page in pages] == [*range(1, 11)]
    before = page_server.memory()
    running.click("#stop")
    for number, page in enumerate(pages):
        wait_for_results(page, 1)
        name = page.get_attribute('[aria-label="Download PNG"]', "href")
        assert name is not None
        with page.expect_download() as downloading:
            page.click('[aria-label="Download PNG"]')
        assert downloading.value.suggested_filename.startswith(f"{SAMPLES[number % 2]}-hatching-"), "its own picture"
    for page in (running, *pages):
        page.close()
    wait_until(lambda: page_server.session_folders() <= earlier_sessions, 150)
    assert page_server.memory() - before < 100_000_000
