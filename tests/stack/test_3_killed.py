"""One of three webs is killed while people work."""

from tests.stack.conftest import Record
from tests.stack.load import working
from tests.stack.people import Person
from tests.stack.stack import Stack
from tests.stack.waiting import Watch, until

READY = ("python", "-m", "quart_app.healthcheck")


def test_a_killed_web_takes_no_more_with_it_than_what_it_was_doing(
    stack: Stack, three_webs: list[str], people: list[Person], record: Record
) -> None:
    with working(stack, people) as load:
        load.go_on(80)
        # One that holds streams.
        held = [stack.metrics(number)["chronos_open_streams"] for number in (1, 2, 3)]
        number = held.index(max(held)) + 1
        victim = three_webs[number - 1]
        before = stack.engine.inspect(victim)[0]["RestartCount"]
        killed, watch = stack.kill(victim), Watch()
        until(
            lambda: stack.engine.inspect(victim)[0]["RestartCount"] > before, "its policy starts it again", 20
        )
        restarted = str(watch)
        until(lambda: stack.succeeds("web", *READY, number=number), "it may be sent requests", 30)
        ready = str(watch)
        until(lambda: load.streams_open() == len(people), "every stream is back", 20)
        load.go_on(80)
    ledger = load.ledger
    found = ledger.verify(stack)
    late = [failure for failure in ledger.failures if failure.at > killed]
    assert not late, f"failed, though begun after the kill: {late}"
    assert not [failure for failure in ledger.failures if failure.method == "GET"], (
        "the proxy asks another web"
    )
    cut, refused = sum(stream.cut for stream in ledger.streams), [stream.refused for stream in ledger.streams]
    assert cut, "it held no stream, so nothing was tried"
    assert not [each for each in refused if each]
    record("killed web: restarted, ready after", f"{restarted}, {ready}")
    record("killed web: load", ledger.summary())
    record("killed web: streams", f"{cut} cut, back after {max(ledger.gaps()):.1f} s at the latest")
    record("killed web: ledger", found)
