// Runs around colours.js. On a machine without a sound card Firefox starts no AudioContext, so the
// tone is its own fake device's, and what is heard is read from what the receiver says of it.
(() => {
  const own = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

  window.__addVoice = () => {
    const picture = navigator.mediaDevices.getUserMedia;
    navigator.mediaDevices.getUserMedia = async (constraints) => {
      const voice = constraints?.audio ? (await own({ audio: plain })).getTracks() : [];
      const face = constraints?.video ? (await picture({ video: true })).getTracks() : [];
      return new MediaStream([...voice, ...face]);
    };
  };

  const receiverOf = (track) =>
    window.__peers
      .flatMap((peer) => (peer.connectionState === 'connected' ? peer.getReceivers() : []))
      .find((receiver) => receiver.track === track);

  /** How loud it is in the tile of that name now, 0 to 1; null where nothing comes in. */
  window.__loudness = (name) => {
    const tile = document.querySelector(`[data-name="${CSS.escape(name)}"]`);
    const voice = document.querySelector(`audio[data-slot="${tile?.dataset.slot}"]`);
    const track = (tile?.querySelector('audio') ?? voice)?.srcObject?.getAudioTracks()[0];
    const [newest] = receiverOf(track)?.getSynchronizationSources() ?? [];
    const age = newest ? performance.timeOrigin + performance.now() - newest.timestamp : Infinity;
    return age < 1000 ? (newest.audioLevel ?? null) : null;
  };
})();
