"""A second tap, and what the system does to devices and sound: the room's page by itself, in a
real browser."""

from typing import Any

import pytest
from playwright.sync_api import expect

from sessions.core.reasons import LeaveReason
from sessions.signaling.messages.agenda import Advance
from sessions.signaling.messages.door import Admit, WaitingLeft
from sessions.signaling.messages.me import Leave
from sessions.signaling.messages.people import ParticipantLeft
from tests.e2e import scripts
from tests.e2e.conftest import Enter
from tests.e2e.people import LAPTOP, PHONE
from tests.e2e.scripted import ScriptedRoom

pytestmark = pytest.mark.browser

# what a tap at that point meets, in the microtask after something that was there has gone
MEETS = """([x, y, gone]) => {
  window.__meets = new Promise((done) => {
    new MutationObserver((_, watch) => {
      const names = [...document.querySelectorAll('button')].map(
        (button) => button.getAttribute('aria-label') ?? button.textContent);
      if (names.includes(gone)) return;
      watch.disconnect();
      done(document.elementFromPoint(x, y)?.className ?? '');
    }).observe(document.getElementById('room'),
      {childList: true, subtree: true, characterData: true, attributes: true});
  });
}"""
# the tracks that the page has opened, and what the system does to the newest of a kind
TRACKS = """() => {
  window.__tracks = [];
  const open = navigator.mediaDevices.getUserMedia;
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await open(wanted);
    window.__tracks.push(...stream.getTracks());
    return stream;
  };
}"""
SYSTEM = """([kind, muted]) => {
  const track = window.__tracks.findLast((one) => one.kind === kind);
  Object.defineProperty(track, 'muted', { value: muted, configurable: true });
  track.dispatchEvent(new Event(muted ? 'mute' : 'unmute'));
}"""
UNPLUG = """(kind) => {
  const track = window.__tracks.findLast((one) => one.kind === kind);
  track.stop();
  track.dispatchEvent(new Event('ended'));
}"""
PAUSE = "() => document.querySelectorAll('audio[data-slot]').forEach((audio) => audio.pause())"
PLAYS = "() => [...document.querySelectorAll('audio[data-slot]')].every((one) => !one.paused)"
NOT_STARTED = scripts.room(state="lobby_open", agenda=scripts.agenda(phase="not_started"))


# ---- a second tap --------------------------------------------------------------------------


def tap(room: ScriptedRoom, words: str) -> tuple[float, float]:
    """With a finger, on the middle of a button that is seen; where that was."""
    button = room.page.get_by_role("button", name=words, exact=True).first
    button.click(trial=True)  # until it stands still
    box = button.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    room.page.mouse.click(x, y)
    return x, y


def second_tap_meets(room: ScriptedRoom, at: tuple[float, float], gone: str, change: Any) -> str:
    """What a tap at the same place meets as soon as the button of these words is not there."""
    room.page.evaluate(MEETS, [*at, gone])
    room.tell(change)
    met: str = room.page.evaluate("() => window.__meets")
    return met


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_second_tap_on_next_skips_no_segment(enter: Enter, size: dict[str, int]) -> None:
    """Kills: a page on which the button that has come there takes the tap."""
    topic = scripts.room(agenda=scripts.agenda(index=2))
    room = enter(scripts.snapshot(staff=True, room=topic), size).join()
    moved = scripts.room_changed(agenda=scripts.agenda(index=3))
    at = tap(room, "Next: Wrap-up")
    assert room.wait_for_sent(Advance).index == 2
    assert second_tap_meets(room, at, "Next: Wrap-up", moved) == "tap-cover"
    expect(room.page.locator(".tap-cover")).to_have_count(0)
    room.page.mouse.click(*at)
    expect(room.page.get_by_role("dialog")).to_be_visible()


def test_second_tap_on_admit_lets_nobody_else_in(enter: Enter) -> None:
    """Tess's row has come to where Kai's was."""
    room = enter(scripts.snapshot(staff=True, room=NOT_STARTED), LAPTOP).join()
    at = tap(room, "Admit Kai")
    assert room.wait_for_sent(Admit).key == "kai"
    gone = WaitingLeft(type="waiting.left", **scripts.STAMP, key="kai", version=2)
    assert second_tap_meets(room, at, "Admit Kai", gone) == "tap-cover"
    expect(room.page.locator(".tap-cover")).to_have_count(0)
    room.page.mouse.click(*at)
    assert room.wait_for_sent(Admit, 2).key == "tess"


def test_window_that_was_turned_or_resized_after_a_tap_gets_no_cover(enter: Enter) -> None:
    """Kills: a cover where the finger was before everything moved."""
    topic = scripts.room(agenda=scripts.agenda(index=2))
    room = enter(scripts.snapshot(staff=True, room=topic), LAPTOP).join()
    moved = scripts.room_changed(agenda=scripts.agenda(index=3))
    at = tap(room, "Next: Wrap-up")
    room.wait_for_sent(Advance)
    room.page.evaluate("() => { window.onresize = () => { window.__resized = true; }; }")
    room.page.set_viewport_size({"width": 1290, "height": 800})
    room.page.wait_for_function("() => window.__resized")
    assert second_tap_meets(room, at, "Next: Wrap-up", moved) != "tap-cover"


def test_the_same_button_may_be_tapped_twice(enter: Enter) -> None:
    """Five minutes more and five minutes more: the meaning is the same. Kills: a cover of any tap."""
    room = enter(scripts.snapshot(staff=True), LAPTOP).join()
    longer = "+5 min, 5 minutes more for check-in"
    at = tap(room, longer)
    other = scripts.person_changed("Joe", camera=False)
    room.tell(other)
    room.page.mouse.click(*at)
    expect(room.page.locator(".tap-cover")).to_have_count(0)
    assert [c.type for c in room.commands if c.type == "room.extend"] == ["room.extend"] * 2


# ---- what the system does ------------------------------------------------------------------


def with_a_new_microphone(enter: Enter) -> ScriptedRoom:
    """In the room, with a microphone that this test can take away: the page has opened it since."""
    room = enter(scripts.snapshot()).join()
    room.page.evaluate(TRACKS)
    room.tell(scripts.me_changed(microphone_allowed=False))
    expect(room.button("Unmute")).to_have_attribute("aria-disabled", "true")
    room.tell(scripts.me_changed(version=3))
    room.button("Unmute").click()
    expect(room.button("Mute")).to_be_visible()
    return room


def test_microphone_that_the_system_mutes_is_said_and_works_again(enter: Enter) -> None:
    """A phone call comes and ends. Kills: a sentence that stays."""
    room = with_a_new_microphone(enter)
    room.page.evaluate(SYSTEM, ["audio", True])
    words = room.page.get_by_text("Your device keeps the microphone off")
    expect(words).to_be_visible()
    expect(room.button("Unmute")).to_be_visible()
    room.page.evaluate(SYSTEM, ["audio", False])
    expect(words).to_have_count(0)
    expect(room.button("Mute")).to_be_visible()


def test_tap_on_unmute_opens_a_microphone_that_the_system_muted(enter: Enter) -> None:
    """Kills: a tap that does nothing at all."""
    room = with_a_new_microphone(enter)
    room.page.evaluate(SYSTEM, ["audio", True])
    room.button("Unmute").click()
    expect(room.button("Mute")).to_be_visible()
    expect(room.page.get_by_text("Your device keeps the microphone off")).to_have_count(0)
    assert room.page.evaluate("() => window.__tracks.map((track) => track.readyState)") == [
        "ended",
        "live",
    ]


def test_microphone_that_is_switched_off_is_said_and_another_opens(enter: Enter) -> None:
    room = with_a_new_microphone(enter)
    room.page.evaluate(UNPLUG, "audio")
    words = room.page.get_by_text("Your microphone was switched off or unplugged.")
    expect(words).to_be_visible()
    room.button("Unmute").click()
    expect(room.button("Mute")).to_be_visible()
    expect(words).to_have_count(0)


def test_sound_that_the_system_paused_goes_on_when_the_page_is_back(enter: Enter) -> None:
    room = enter(scripts.snapshot()).join()
    expect(room.page.locator("audio[data-slot]")).to_have_count(3)
    room.page.evaluate(PAUSE)
    expect(room.page.get_by_role("button", name="Turn sound on")).to_be_visible()
    room.page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    expect(room.page.get_by_role("button", name="Turn sound on")).to_have_count(0)
    room.page.wait_for_function(PLAYS)


def test_sound_that_the_system_paused_goes_on_with_a_tap(enter: Enter) -> None:
    room = enter(scripts.snapshot()).join()
    expect(room.page.locator("audio[data-slot]")).to_have_count(3)
    room.page.evaluate(PAUSE)
    room.button("Turn sound on").click()
    expect(room.page.get_by_role("button", name="Turn sound on")).to_have_count(0)
    room.page.wait_for_function(PLAYS)


# ---- without staff -------------------------------------------------------------------------


def test_last_of_the_staff_is_asked_once_before_leaving(enter: Enter) -> None:
    room = enter(scripts.snapshot(staff=True), LAPTOP).join()
    room.button("Leave").click()
    expect(room.page.get_by_role("dialog")).to_contain_text("Nobody else of the staff is here.")
    assert room.sent(Leave) == []
    room.button("Stay").click()
    room.button("Leave").click()
    room.button("Leave; the group goes on").click()
    room.wait_for_sent(Leave)


def test_one_of_two_facilitators_leaves_without_a_question(enter: Enter) -> None:
    people = [scripts.person("Dana"), scripts.person("Luis", facilitates=True)]
    room = enter(scripts.snapshot(staff=True, participants=people), LAPTOP).join()
    room.button("Leave").click()
    room.wait_for_sent(Leave)


def test_clients_are_told_that_nobody_of_the_staff_is_here(enter: Enter) -> None:
    room = enter(scripts.snapshot()).join()
    banner = room.page.locator("[data-banner=unstaffed]")
    expect(banner).to_have_count(0)
    left = LeaveReason.LEFT
    gone = ParticipantLeft(
        type="participant.left", **scripts.STAMP, key="dana", version=2, reason=left
    )
    room.tell(gone)
    expect(banner).to_contain_text("Nobody of the staff is here right now.")
    room.tell(scripts.person_changed("Dana", version=3))
    expect(banner).to_have_count(0)


@pytest.mark.parametrize("leads", [False, True], ids=["client", "staff"])
def test_after_a_break_it_is_said_that_the_microphone_is_off(enter: Enter, leads: bool) -> None:
    room = enter(scripts.snapshot(leads), LAPTOP).join()
    room.tell(scripts.room_changed(agenda=scripts.agenda(index=1)))
    room.tell(scripts.room_changed(version=3, agenda=scripts.agenda(index=2)))
    expect(room.page.get_by_text("The break is over. Your microphone is off.")).to_be_visible()
    expect(room.button("Unmute")).to_be_visible()
