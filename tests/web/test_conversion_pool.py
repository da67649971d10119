"""The workshop: what crashes or hangs there is an error, and the next tune is made."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from serving import TUNE

from abclm.errors import ConvertError
from abclm.web import conversion_pool, conversion_worker
from abclm.web.conversion_pool import Workshop
from abclm.web.limits import Busy, Limits

CHECK = {"what": "check", "abc": TUNE}
# A process that does as it is told.
PROGRAM = """
import os, subprocess, sys, time
from abclm.system.worker import Answer, serve

def answer(request):
    told = request["abc"]
    if "hang" in told:
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        time.sleep(60)
    if "slow" in told: time.sleep(0.4)
    if "crash" in told: os._exit(3)
    return Answer({"process": os.getpid()})

serve(answer)
"""


def work(doing, **limits):
    """Run what uses a workshop, and close it."""

    async def working():
        shop = Workshop(Limits(**{"workers": 1, **limits}))
        try:
            return await doing(shop)
        finally:
            await shop.close()

    return asyncio.run(working())


@pytest.fixture
def told(monkeypatch):
    monkeypatch.setattr(conversion_pool, "_PROGRAM", PROGRAM)


async def process_of(shop, what="", **more):
    return (await shop.make({"what": "check", "abc": what, **more})).said["process"]


def test_a_process_stays_for_the_next_tune(told):
    async def doing(shop):
        return [await process_of(shop) for _ in range(3)]

    assert len(set(work(doing))) == 1


def test_a_tune_that_crashes_it_is_an_error_and_the_next_is_made(told):
    async def doing(shop):
        with pytest.raises(ConvertError, match="crashed on this one"):
            await process_of(shop, "crash")
        return await process_of(shop)

    assert work(doing)


def test_a_tune_that_takes_too_long_is_stopped_and_the_next_is_made(told):
    async def doing(shop):
        begun = await process_of(shop)
        start = time.monotonic()
        with pytest.raises(ConvertError, match="took longer than 3 s and was stopped"):
            await process_of(shop, "hang")
        assert time.monotonic() - start < 20
        if sys.platform == "linux":
            await asyncio.to_thread(all_end, [begun])  # what it had started, too
        return begun, await process_of(shop)

    before, after = work(doing, convert_seconds=3.0)
    assert before != after


def test_one_that_takes_long_has_one_process_only(told):
    async def doing(shop):
        await asyncio.gather(*(process_of(shop, "slow") for _ in range(2)))  # both are there
        hanging = [asyncio.create_task(process_of(shop, "hang" + " " * 3000)) for _ in range(5)]
        await asyncio.sleep(0.1)
        start = time.monotonic()
        for _ in range(5):
            await process_of(shop)
        assert time.monotonic() - start < 3
        for each in hanging:
            each.cancel()

    work(doing, workers=2, convert_seconds=30.0)


def test_who_waits_too_long_for_a_process_is_told_to_come_again(told):
    async def doing(shop):
        hanging = asyncio.create_task(process_of(shop, "hang"))
        await asyncio.sleep(0.1)
        with pytest.raises(Busy):
            await process_of(shop)
        hanging.cancel()

    work(doing, wait_seconds=0.2)


def test_what_is_begun_is_made_though_nobody_waits_for_it(told):
    async def doing(shop):
        begun = await process_of(shop)
        left = asyncio.create_task(process_of(shop, "slow"))
        await asyncio.sleep(0.1)
        left.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await left
        return begun, await process_of(shop)

    before, after = work(doing)
    assert before == after


def test_a_process_that_ended_by_itself_is_replaced(told):
    async def doing(shop):
        os.kill(before := await process_of(shop), signal.SIGTERM)
        await asyncio.sleep(0.5)
        return before, await process_of(shop)

    before, after = work(doing)
    assert before != after


@pytest.mark.skipif(sys.platform != "linux", reason="limits are set on Linux only")
def test_it_may_not_take_all_memory(monkeypatch):
    program = PROGRAM.replace('if "crash"', 'if "much" in told: bytearray(8 << 30)\n    if "crash"')
    monkeypatch.setattr(conversion_pool, "_PROGRAM", program)

    async def doing(shop):
        with pytest.raises(ConvertError, match="crashed"):
            await process_of(shop, "much")

    work(doing)


@pytest.mark.skipif(sys.platform != "linux", reason="processes are listed on Linux only")
def test_nothing_is_left_when_it_closes():
    async def doing(shop):
        await shop.warm_up()
        await shop.make({"what": "score", "abc": TUNE, "width": 2000})  # which has started the engraver
        return [worker.process.pid for worker in shop._workers if worker.process]

    groups = work(doing)
    assert len(groups) == 1
    all_end(groups)


def all_end(groups):
    """Wait until no process of these groups runs; who was killed may take a moment."""
    end = time.monotonic() + 10
    while left := list(members(groups)):
        assert time.monotonic() < end, left
        time.sleep(0.05)


def members(groups):
    """The processes of these groups that still run."""
    for name in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            state = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[0]
            if os.getpgid(int(name)) in groups and state not in "ZX":
                yield name


def test_the_worker_does_what_is_asked():
    said, content = conversion_worker.answer(CHECK)
    assert (said["title"], said["problems"], content) == ("Two Bars", [], b"")
    asked = {"what": "convert", "abc": TUNE, "instrument": None, "tempo": None, "chords": False, "made": None}
    said, content = conversion_worker.answer({**asked, "format": "abc"})
    assert (said, content.decode()) == ({"title": "Two Bars"}, f"%abc-2.1\n{TUNE}")
    with pytest.raises(ConvertError, match=r"lasts 2 s; here, up to 1 s become sound"):
        conversion_worker.answer({**asked, "format": "wav", "sound_seconds": 1})
    said, content = conversion_worker.answer({**asked, "what": "sound", "sound_seconds": 9})
    assert said["kind"] in ("mpeg", "wav")
    assert len(content) > 5000
