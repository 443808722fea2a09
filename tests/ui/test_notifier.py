"""A notifier wakes coroutines from other threads, and loses no change."""

from __future__ import annotations

import asyncio
import threading
import time

from barestyle.ui.notifier import Notifier

LONG = 60.0


def test_a_notification_from_another_thread_wakes_every_subscriber() -> None:
    notifier = Notifier()

    async def wait() -> None:
        with notifier.subscribe() as changes:
            await changes.wait(LONG)

    async def main() -> None:
        waits = [asyncio.create_task(wait()) for _ in range(3)]
        await asyncio.sleep(0)
        thread = threading.Thread(target=notifier.notify)
        thread.start()
        await asyncio.wait_for(asyncio.gather(*waits), LONG / 2)
        thread.join()

    asyncio.run(main())


def test_a_change_between_two_waits_ends_the_second_one() -> None:
    notifier = Notifier()

    async def main() -> None:
        with notifier.subscribe() as changes:
            notifier.notify()
            await asyncio.wait_for(changes.wait(LONG), LONG / 2)

    asyncio.run(main())


def test_a_wait_without_a_change_ends_at_its_timeout() -> None:
    async def main() -> None:
        with Notifier().subscribe() as changes:
            began = time.monotonic()
            await changes.wait(0.05)
            assert time.monotonic() - began >= 0.05
            await changes.wait(-1)

    asyncio.run(main())


def test_nobody_is_notified_after_the_subscription_or_its_event_loop_has_ended() -> None:
    notifier = Notifier()

    async def subscribe_and_leave() -> None:
        with notifier.subscribe():
            pass

    async def subscribe_without_leaving() -> None:
        context = notifier.subscribe()
        context.__enter__()

    asyncio.run(subscribe_and_leave())
    asyncio.run(subscribe_without_leaving())
    notifier.notify()
