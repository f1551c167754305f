"""An echo end to end without a browser: an aiortc client, a real node, a real probe, Valkey."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import pytest
from aiortc import MediaStreamTrack
from av import AudioFrame
from redis.asyncio import Redis

from server.media.client import (
    ECHO_REQUESTS_KEY,
    PROBE_LEASE_KEY,
    Answer,
    EchoAnswer,
    EchoReport,
    EchoRequest,
    MediaClient,
    OfferRefused,
    desired_key,
    echo_answer_key,
    echo_report_key,
    echo_request_json,
    newest_echo_key,
    read_desired,
    read_echo_answer,
    read_echo_report,
)
from server.probe.configuration import Configuration, ConfigurationError, read
from server.probe.delay import RATE
from server.probe.participant import Participant
from server.probe.patterns import SAMPLES, Pace, audio_frame, is_tone, tone
from server.probe.process import Probe
from server.probe.rooms import OPEN_KEY, ProbeRoom, Wanted, close_overdue, new_room, peer
from tests.media.client_peer import PATIENCE
from tests.media.node_process import NodeProcess
from tests.media.running import SECRET

WAIT = 4 * PATIENCE


class Burst(MediaStreamTrack):
    """Silence, then half a second of the tone from `at` (seconds) on, then silence."""

    kind = "audio"

    def __init__(self, at: float) -> None:
        super().__init__()
        self.began: float | None = None
        self._pace = Pace(SAMPLES / RATE)
        self._first = int(at * RATE)

    async def recv(self) -> AudioFrame:
        first = await self._pace.beat() * SAMPLES
        loud = self._first <= first < self._first + RATE // 2
        if loud and self.began is None:
            self.began = asyncio.get_running_loop().time()
        return audio_frame(tone(first) if loud else bytes(SAMPLES * 2), first, "mono")


class ByWeb(MediaClient):
    """The browser's signaling as web carries it: the offer goes through the store."""

    def __init__(self, redis: Redis, person: str) -> None:
        super().__init__("unix:/nowhere", "", "browser", lambda _: None)
        self.redis, self.person, self.echo = redis, person, secrets.token_urlsafe(8)

    async def offer(
        self, room: str, peer: str, generation: int, sdp: str, placement: int = 0
    ) -> Answer | OfferRefused:
        answered = await ask(self.redis, EchoRequest(echo=self.echo, person=self.person, sdp=sdp))
        assert answered.code is None, answered
        return Answer(request=1, sdp=answered.sdp)


async def ask(redis: Redis, asked: EchoRequest) -> EchoAnswer:
    """What `sessions.nodes.echo` does."""
    await redis.set(newest_echo_key(asked.person), asked.echo)
    await put(redis, asked)
    found = await cast("Any", redis.blpop([echo_answer_key(asked.echo)], timeout=WAIT))
    answer = read_echo_answer(found[1])
    assert answer is not None
    return answer


async def put(redis: Redis, asked: EchoRequest) -> None:
    await cast("Any", redis.rpush(ECHO_REQUESTS_KEY, echo_request_json(asked)))


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WAIT):
        while not condition():  # noqa: ASYNC110 - two processes and a library change it
            await asyncio.sleep(0.02)


@pytest.fixture
async def redis(node: NodeProcess) -> AsyncIterator[Redis]:
    store = Redis.from_url(node.redis_url)
    yield store
    await store.aclose()


@pytest.fixture
async def probe(node: NodeProcess) -> AsyncIterator[Probe]:
    await node.next_load()
    running = Probe(Configuration(node.redis_url, SECRET))
    await running.start()
    yield running
    await running.stop()


async def enter(redis: Redis, person: str, track: MediaStreamTrack) -> tuple[Participant, ByWeb]:
    """Somebody who offers as the page does, and is connected."""
    web, somebody = ByWeb(redis, person), Participant("browser")
    somebody.sends(track)
    somebody.receives("audio")
    await somebody.join(web, new_room())
    await until(lambda: somebody.connected)
    return somebody, web


async def reported(redis: Redis, echo: str, is_it: Callable[[EchoReport], object]) -> EchoReport:
    async with asyncio.timeout(WAIT):
        while True:
            text = await redis.get(echo_report_key(echo))
            report = read_echo_report(text) if text else None
            if report is not None and is_it(report):
                return report
            await asyncio.sleep(0.05)


async def test_tone_comes_back_after_two_seconds_and_is_reported(
    probe: Probe, redis: Redis, node: NodeProcess
) -> None:
    """Kills: an echo at once, which nobody could tell from their own voice; one that never
    comes."""
    sent = Burst(at=1.0)
    somebody, web = await enter(redis, "somebody", sent)
    arriving = somebody.arriving("audio")
    async with asyncio.timeout(WAIT):
        while not is_tone(cast("AudioFrame", await arriving.recv())):
            continue
    returned = asyncio.get_running_loop().time()
    assert sent.began is not None
    assert returned - sent.began > 1.9
    report = await reported(redis, web.echo, lambda one: one.heard and one.round_trip_ms)
    assert report.received > 50
    assert report.lost == 0
    assert 0 <= report.jitter_ms < 500
    await somebody.leave()
    await until(lambda: probe.running == 0)
    assert await redis.zcard(OPEN_KEY) == 0


async def test_second_echo_of_a_person_ends_the_first(
    probe: Probe, redis: Redis, node: NodeProcess
) -> None:
    first, _ = await enter(redis, "somebody", Burst(at=0.0))
    second, _ = await enter(redis, "somebody", Burst(at=0.0))
    await until(lambda: probe.running == 1)
    assert second.connected
    await first.leave()
    await second.leave()


async def test_ended_echo_leaves_nobody_on_the_node(
    probe: Probe, redis: Redis, node: NodeProcess
) -> None:
    """The page may go on sending; the node forwards nothing more. Kills: a room that outlives
    its echo."""
    somebody, _ = await enter(redis, "somebody", Burst(at=0.0))
    await redis.delete(newest_echo_key("somebody"))
    await until(lambda: probe.running == 0)
    while (await node.next_load()).peers:
        continue
    await somebody.leave()


async def test_offer_that_the_node_refuses_is_answered_with_a_code(
    probe: Probe, redis: Redis
) -> None:
    answered = await ask(redis, EchoRequest(echo="e", person="p", sdp="v=0"))
    assert answered == EchoAnswer(code="echo.offer")
    await until(lambda: probe.running == 0)


async def test_request_that_was_given_up_is_not_answered(probe: Probe, redis: Redis) -> None:
    """Kills: an echo for nobody, after a probe that came late."""
    asked = EchoRequest(echo="late", person="p", sdp="v=0")
    await put(redis, asked)
    assert (await ask(redis, EchoRequest(echo="e", person="q", sdp="v=0"))).code == "echo.offer"
    assert await redis.exists(echo_answer_key("late")) == 0


async def test_more_echoes_than_there_may_be_are_refused(
    probe: Probe, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.probe.process.MOST_ECHOES", 1)
    somebody, _ = await enter(redis, "somebody", Burst(at=0.0))
    answered = await ask(redis, EchoRequest(echo="e", person="another", sdp="v=0"))
    assert answered == EchoAnswer(code="echo.busy")
    await somebody.leave()


async def test_echo_ends_by_itself(
    probe: Probe, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: one that lasts as long as its page. Sixty seconds; here one."""
    monkeypatch.setattr("server.probe.echo.ECHO_S", 1)
    somebody, _ = await enter(redis, "somebody", Burst(at=0.0))
    await until(lambda: probe.running == 0)
    await somebody.leave()


async def test_without_a_node_the_answer_says_so(node: NodeProcess) -> None:
    redis = Redis.from_url(node.redis_url)
    node.process.kill()
    running = Probe(Configuration(node.redis_url, SECRET))
    await running.start()
    answered = await ask(redis, EchoRequest(echo="e", person="p", sdp="v=0"))
    assert answered == EchoAnswer(code="echo.down")
    await running.stop()
    assert await redis.exists(PROBE_LEASE_KEY) == 0
    await redis.aclose()


async def test_rooms_of_a_probe_that_was_killed_are_closed(redis: Redis, node: NodeProcess) -> None:
    """Kills: a person who stays on the node because nobody is left to say that it is over."""
    room = new_room()
    await Wanted(room, redis, node.client, until=100.0).write({"probe:person": peer()})
    await close_overdue(redis, 99.0)
    assert (await wanted(redis, room)) == {"probe:person"}
    await close_overdue(redis, 101.0)
    assert (await wanted(redis, room)) == set()
    assert await redis.zcard(OPEN_KEY) == 0


async def wanted(redis: Redis, room: ProbeRoom) -> set[str]:
    desired = read_desired(await redis.get(desired_key(room.key)))
    assert desired is not None
    return set(desired.peers)


@pytest.mark.parametrize("missing", ["REDIS_URL", "THIRDS_MEDIA_SECRET"])
def test_environment_without_what_is_needed_is_refused(missing: str) -> None:
    told = {"REDIS_URL": "redis://x", "THIRDS_MEDIA_SECRET": "s"}
    with pytest.raises(ConfigurationError, match="THIRDS_MEDIA_SECRET and REDIS_URL"):
        read({name: value for name, value in told.items() if name != missing})
