"""How each cost grows: with open documents, with clients that all type, with the size of the project.

Latencies are of the daemon's socket. Real text is typed at 2 keys/s by each client, in documents of 30 kB.
"""

import asyncio
import random
import time
from pathlib import Path
from typing import Any

from common import Daemon, daemon, home, install, measuring, options, stop_daemon
from layers import OnSocket
from material import draft, project
from processes import mapped, rss
from report import Report, share
from typist import Typist, timed_keys

from charwise_daemon.client import AsyncClient

_MB = 1_000_000
_DOCUMENT = 30_000
# To other documents at each count, at most.
_SWITCHES = 16
# Seconds between two keys of each client.
_PACE = 0.5
# Seconds after which what a reading left is freed.
_SETTLED = 2.0


def main() -> None:
    """Measure, print the tables and the JSON line."""
    parser = options(
        __doc__.splitlines()[0], seconds=(15.0, "that the clients type"), keys=(12, "typed in each document")
    )
    parser.add_argument("--counts", type=int, nargs="*", default=[1, 2, 4, 8, 16, 32, 64], help="documents, clients")
    parser.add_argument("--corpora", type=float, nargs="*", default=[0.1, 1, 10, 50, 100], help="megabytes")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.counts, chosen.corpora, chosen.seconds, chosen.keys = [1, 8, 64], [0.1, 1, 10], 4.0, 4
    with measuring("scale", chosen) as (report, folder, model):
        small = project(folder / "small", _MB)
        install(model, small)
        asyncio.run(_documents(report, small, chosen.counts, chosen.keys))
        asyncio.run(_clients(report, small, chosen.counts, chosen.seconds))
        asyncio.run(_corpora(report, folder, model, chosen.corpora, chosen.keys))


async def _documents(report: Report, small: Path, counts: list[int], keys: int) -> None:
    """Open ever more documents, and type a few keys in each by turns, as somebody who switches tabs."""
    rows = []
    async with daemon() as served:
        await served.use(small)
        pid, editors = await served.pid(), list[OnSocket]()
        drafts = [draft(small, _DOCUMENT, number) for number in range(max(counts))]
        for count in counts:
            for document in drafts[len(editors) : count]:
                editors.append(OnSocket(served.client))
                editors[-1].open(document.path, document.before, document.after)
            firsts, others = list[float](), list[float]()
            for number in random.Random(count).sample(range(count), min(count, _SWITCHES)):
                typist = Typist(editors[number], small)
                for key, character in enumerate(drafts[number].typed[:keys]):
                    await typist.key("further" if key else "first", character)
                firsts, others = firsts + typist.noted["first"], others + typist.noted["further"]
                editors[number].erase(drafts[number].typed[:keys])
            rows.append([count, *_spread(firsts), *_spread(others), rss(pid)])
    columns = ["documents open", "first key after a switch, ms", "p95", "further keys, ms", "p95 ", "daemon RSS, MB"]
    report.grid("by open documents", columns, rows)
    stop_daemon()


async def _clients(report: Report, small: Path, counts: list[int], seconds: float) -> None:
    """Connect ever more clients, which all type at once."""
    rows = []
    for count in counts:
        async with daemon() as served:
            await served.use(small)
            pid = await served.pid()
            clients = [await AsyncClient.connect("charwise bench", start=False) for _ in range(count)]
            results = await asyncio.gather(
                *(_keep_typing(client, small, number, seconds) for number, client in enumerate(clients))
            )
            times = [each for result in results for each in result]
            rows.append([count, round(count / _PACE), len(times), *_spread(times), share(times, 0.99), rss(pid)])
            for client in clients:
                await client.close()
        stop_daemon()
    columns = ["clients", "keys per second", "answers", "ms", "p95", "p99", "daemon RSS, MB"]
    report.grid("by clients that type", columns, rows)


async def _corpora(report: Report, folder: Path, model: Path, megabytes: list[float], keys: int) -> None:
    """Serve ever larger projects."""
    rows = []
    for size in megabytes:
        large = project(folder / f"corpus{size:g}", int(size * _MB))
        with home(folder / f"home{size:g}"):
            install(model, large)
            async with daemon() as served:
                ready = await served.use(large)
                rows.append([size, *await _in_corpus(served, large, keys), ready])
            stop_daemon()
    columns = ["MB of files", "MB in memory", "typed, ms", "p95", "daemon RSS, MB", "mapped, MB", "memory ready, ms"]
    report.grid("by the project's size", columns, rows)


async def _in_corpus(served: Daemon, large: Path, keys: int) -> list[Any]:
    await asyncio.sleep(_SETTLED)
    status, editor, times = (await served.client.request("workspace_list"))[0], OnSocket(served.client), list[float]()
    for number in range(8):
        times += await timed_keys(editor, draft(large, _DOCUMENT, number), 3 * keys)
        editor.close()
    pid = await served.pid()
    return [status["characters"] / _MB, *_spread(times), rss(pid), mapped(pid)]


async def _keep_typing(client: AsyncClient, small: Path, number: int, seconds: float) -> list[float]:
    """Type at the pace in a document of one's own, over and over; return the milliseconds of each answer."""
    editor, document, times = OnSocket(client), draft(small, _DOCUMENT, number), list[float]()
    editor.open(document.path, document.before, document.after)
    await editor.suggestion()
    await asyncio.sleep(random.Random(number).uniform(0, _PACE))
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for character in document.typed:
            due = time.perf_counter() + _PACE
            editor.insert(character)
            began = time.perf_counter()
            await editor.suggestion()
            times.append(1000 * (time.perf_counter() - began))
            if time.monotonic() >= end:
                break
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        editor.open(document.path, document.before, document.after)
    return times


def _spread(times: list[float]) -> list[float]:
    return [share(times, 0.5), share(times, 0.95)]


if __name__ == "__main__":
    main()
