// Runs in a page before its own scripts: what a phone does to the page when a call comes and ends
// (WebKit: the flags of a track lie afterwards, and nothing is captured). `call.begin()` takes the
// devices and hides the page; `call.end(says)`
// brings the page back, and `says` so to the tracks or not. Nothing opens a device but the page.
(() => {
  const open = [];
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await ask(wanted);
    open.push(...stream.getTracks());
    return stream;
  };
  let visible = 'visible';
  Object.defineProperty(document, 'visibilityState', { get: () => visible });
  Object.defineProperty(document, 'hidden', { get: () => visible === 'hidden' });
  const show = (state) => {
    visible = state;
    document.dispatchEvent(new Event('visibilitychange'));
  };
  const taken = [];
  window.call = {
    begin() {
      for (const track of open.splice(0).filter(({ readyState }) => readyState === 'live')) {
        track.stop();
        track.lies = { muted: true };
        Object.defineProperty(track, 'muted', { get: () => track.lies.muted });
        Object.defineProperty(track, 'readyState', { value: 'live' });
        track.dispatchEvent(new Event('mute'));
        taken.push(track);
      }
      show('hidden');
    },
    end(says) {
      for (const track of taken.splice(0)) {
        track.lies.muted = false;
        if (says) track.dispatchEvent(new Event('unmute'));
      }
      show('visible');
    },
  };
})();
