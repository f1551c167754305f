"""A page made to think that it is on a phone, or beside a headset: what its browser has and lacks."""

from playwright.sync_api import Page

MAIL_APP = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Mobile/15E148"
)
NO_CAPTURE = "Object.defineProperty(navigator, 'mediaDevices', { value: undefined });"
AGENT = "Object.defineProperty(navigator, 'userAgent', { value: '%s' });"

# a device's loudspeaker and a headset: a machine of the tests has neither
OUTPUTS = """(() => {
  const own = navigator.mediaDevices.enumerateDevices.bind(navigator.mediaDevices);
  const output = (deviceId, label) => ({ kind: 'audiooutput', deviceId, label, groupId: '' });
  window.__outputs = [output('default', 'Default'), output('s', 'Speakers'), output('h', 'Headset')];
  navigator.mediaDevices.enumerateDevices = async () =>
    [...(await own()).filter(({ kind }) => kind !== 'audiooutput'), ...window.__outputs];
  const plays = new WeakMap();
  Object.defineProperty(HTMLMediaElement.prototype, 'sinkId', {
    get() { return plays.get(this) ?? ''; },
  });
  HTMLMediaElement.prototype.setSinkId = async function (id) {
    const there = id === '' || window.__outputs.some(({ deviceId }) => deviceId === id);
    if (!there) throw new DOMException('', 'NotFoundError');
    plays.set(this, id);
  };
})();"""
# from now on every look finds a lossy way up, and the first slot's packets lost as well
LOSSY = """() => {
  let looks = 0;
  RTCPeerConnection.prototype.getStats = async () => {
    looks += 1;
    const inbound = (mid, lost) =>
      ({ type: 'inbound-rtp', mid, packetsReceived: 100 * looks, packetsLost: lost * looks });
    return new Map([
      { type: 'outbound-rtp', packetsSent: 100 * looks },
      { type: 'remote-inbound-rtp', packetsLost: 8 * looks },
      inbound('2', 30), inbound('4', 0), inbound('6', 0),
    ].map((entry, id) => [id, entry]));
  };
}"""
PLUGGED = "navigator.mediaDevices.dispatchEvent(new Event('devicechange'))"


def beside_a_headset(page: Page) -> None:
    """Loads the page in a browser that can choose between two outputs."""
    page.add_init_script(OUTPUTS)
    page.reload()


def lose_packets(page: Page) -> None:
    """Until the page says that its own connection is weak."""
    page.evaluate(LOSSY)
    page.locator("[data-banner=connection]").wait_for()


def unplug(page: Page, output: str) -> None:
    page.evaluate("id => { __outputs = __outputs.filter((one) => one.deviceId !== id) }", output)
    page.evaluate(PLUGGED)


def played_on(page: Page) -> set[str]:
    """The ids of the outputs that everybody's voices play on."""
    return set(page.locator("audio[data-slot]").evaluate_all("all => all.map((a) => a.sinkId)"))


def in_mail_app(page: Page, capture: bool = False) -> None:
    """Loads the page as the browser inside a mail app of an iPhone does."""
    page.add_init_script(AGENT % MAIL_APP)
    if not capture:
        page.add_init_script(NO_CAPTURE)
    page.reload()
