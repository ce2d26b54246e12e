"""The service counts what it is told, serves it at once, and ends with everything counted."""

import asyncio
import json

import pytest

from examples.service import Service, Visit
from streamcore import UserCodeError


async def get(port: int, path: str) -> tuple[int, object]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return int(head.split()[1]), json.loads(body)


async def test_visits_are_served_while_their_minute_is_open():
    service = Service()
    async with service.run(0) as port:
        for page, at in [("home", 1_000_000_020), ("news", 1_000_000_021), ("home", 1_000_000_030)]:
            assert await get(port, f"/visit?page={page}&at={at}") == (202, {})
        expected = {"1000000020": {"home": 2, "news": 1}}
        async with asyncio.timeout(10):
            while await get(port, "/minutes") != (200, expected):
                await asyncio.sleep(0)


async def test_the_end_counts_what_is_open():
    service = Service()
    async with service.run(0) as port:
        await get(port, "/visit?page=home&at=1000000020")
        await get(port, "/visit?page=home&at=1000000090")
    assert service.minutes == {1_000_000_020: {"home": 1}, 1_000_000_080: {"home": 1}}


@pytest.mark.parametrize("at", ["nan", "inf", "1e300", "-1", "9000000000000"])
async def test_no_time_of_a_visit(at):
    async with Service().run(0) as port:
        message = "`at` must be a time in the past, in seconds since the epoch"
        assert await get(port, f"/visit?page=home&at={at}") == (400, {"error": message})
        assert (await get(port, "/visit?page=home&at=noon"))[0] == 400
        assert await get(port, "/visit?page=home") == (202, {})


async def test_a_pipeline_that_has_failed_is_told():
    async def serve_and_fail():
        service = Service()
        async with asyncio.timeout(10), service.run(0) as port:
            service.visits.put_nowait(Visit("home", float("nan")))
            while await get(port, "/visit?page=home&at=1000000020") == (202, {}):
                await asyncio.sleep(0)
            assert await get(port, "/visit?page=home") == (503, {"error": "the pipeline has ended"})
            assert await get(port, "/minutes") == (200, {})

    with pytest.raises(UserCodeError, match="the timestamp function returned nan"):
        await serve_and_fail()


async def test_the_end_does_not_wait_for_clients():
    async with asyncio.timeout(10):
        async with Service().run(0) as port:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            await get(port, "/minutes")
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("path", ["/", "/visit", "/elsewhere"])
async def test_other_paths_are_refused(path):
    async with Service().run(0) as port:
        assert await get(port, path) == (404, {"error": "ask for /visit?page=... or /minutes"})
