"""PostgreSQL goes away and comes back while people work."""

import time

from tests.stack.conftest import Record
from tests.stack.load import working
from tests.stack.people import Person
from tests.stack.stack import Stack
from tests.stack.waiting import Watch, until

AWAY = 4.0  # seconds, at least


def test_pages_say_so_while_the_database_is_away_and_nothing_is_lost(
    stack: Stack, three_webs: list[str], people: list[Person], record: Record
) -> None:
    restarts = [stack.engine.inspect(web)[0]["RestartCount"] for web in three_webs]
    with working(stack, people) as load, stack.client(headers={"Cookie": people[0].cookie}) as client:
        load.go_on(60)
        watch = Watch()
        stack.compose("stop", "db")
        stopped = str(watch)
        away = Watch()
        page = client.get("/timer")
        assert (page.status_code, int(page.headers["retry-after"]) > 0) == (503, True)
        assert "catching its breath" in page.text
        assert client.get("/health/live").status_code == 200
        assert client.get("/health/ready").json()["failed"] == ["database"]
        until(lambda: away.seconds > AWAY, "it has been away for a while")
        stack.compose("start", "db")
        started, watch = time.perf_counter(), Watch()
        until(lambda: client.get("/timer").status_code == 200, "a page is there again", 20)
        first = str(watch)
        stack.wait_healthy("db", "web")
        until(lambda: load.streams_open() == len(people), "every stream is open", 20)
        load.go_on(80)
    ledger = load.ledger
    assert {failure.what for failure in ledger.failures} == {"503"}
    assert all(int(failure.retry_after or 0) > 0 for failure in ledger.failures)
    last = max(failure.at for failure in ledger.failures) - started
    assert last < 10, f"a request still failed {last:.1f} s after the database was there again"
    assert [stack.engine.inspect(web)[0]["RestartCount"] for web in three_webs] == restarts
    assert all(stream.heard("resync", started) for stream in ledger.streams), "not every page caught up"
    record("database stopped in, away for", f"{stopped}, {away.seconds - watch.seconds:.1f} s")
    record("database back: first page, last failure after", f"{first}, {max(0.0, last):.2f} s")
    record("database away: load", ledger.summary())
    record("database away: ledger", ledger.verify(stack))
