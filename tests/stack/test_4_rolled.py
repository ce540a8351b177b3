"""All webs are restarted, or replaced, while people work."""

from tests.stack.conftest import Record
from tests.stack.engines import ROOT, execute
from tests.stack.load import working
from tests.stack.people import Person
from tests.stack.stack import Stack, image_names
from tests.stack.waiting import Watch, until


def test_nobody_is_turned_away_while_all_webs_are_restarted(
    stack: Stack, three_webs: list[str], people: list[Person], record: Record
) -> None:
    before = {web: stack.state(web)["StartedAt"] for web in three_webs}
    with working(stack, people) as load:
        load.go_on(40)
        watch = Watch()
        roll = [str(ROOT / "deploy/roll.sh"), stack.engine.name, stack.name]
        execute(roll, stack.engine.environ, True, "", 120)
        took = str(watch)
        until(lambda: load.streams_open() == len(people), "every stream is back", 20)
        load.go_on(40)
    ledger = load.ledger
    assert not [web for web in three_webs if stack.state(web)["StartedAt"] == before[web]]
    assert not ledger.failures
    ended = sum(stream.ended for stream in ledger.streams)
    assert ended, "no stream was at any of them, so nothing was tried"
    assert not [stream for stream in ledger.streams if stream.cut or stream.refused]
    record("rolling restart of three", took)
    record("rolling restart: load", ledger.summary())
    record("rolling restart: streams", f"{ended} ended, back after {max(ledger.gaps()):.1f} s at the latest")
    record("rolling restart: ledger", ledger.verify(stack))


def test_a_new_image_takes_over_without_a_gap(
    stack: Stack, three_webs: list[str], people: list[Person], run_name: str, record: Record
) -> None:
    """As docs/deploy.md has it for a version without a migration: new webs beside the old ones, which then go."""
    old, new = stack.settings["CHRONOS_TAG"], f"{run_name}-again"
    for image in image_names(old):
        stack.engine.run("tag", image, image.replace(old, new))
    up = ("up", "-d", "--no-build", "--pull", "never", "--no-recreate", "--no-deps")
    stack.set(CHRONOS_TAG=new)
    try:
        with working(stack, people) as load:
            load.go_on(40)
            watch = Watch()
            stack.compose(*up, "--wait", "--scale", "web=6", "web")
            stack.engine.run("stop", *three_webs)
            stack.engine.run("rm", *three_webs)
            stack.compose(*up, "--scale", "web=3", "web")
            took = str(watch)
            until(lambda: load.streams_open() == len(people), "every stream is back", 20)
            load.go_on(40)
        assert {known["Config"]["Image"] for known in stack.inspect("web")} == {image_names(new)[0]}
        assert len(stack.inspect("web")) == 3
        assert not load.ledger.failures
        assert not [stream for stream in load.ledger.streams if stream.cut or stream.refused]
        record("new image without a gap", f"{took}; {load.ledger.summary()}")
        record("new image without a gap: ledger", load.ledger.verify(stack))
    finally:
        stack.set(CHRONOS_TAG=old)
        stack.up()
        stack.engine.run("rmi", "--force", *image_names(new), check=False)
