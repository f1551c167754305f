// Runs before any script of the page, in the browser tests only. Gives the page a camera of one
// colour and a microphone of one tone, and lets the test read both back from other people's tiles.
// `LOOK` is replaced by a JSON object: {colour, hertz, refuse: {audio?: name, video?: name}}.
(() => {
  const look = LOOK;
  const COLOURS = {
    red: [255, 0, 0], lime: [0, 255, 0], blue: [0, 0, 255], yellow: [255, 255, 0],
    magenta: [255, 0, 255], cyan: [0, 255, 255], orange: [255, 140, 0], white: [255, 255, 255],
    black: [0, 0, 0],
  };
  const SHARE = 0.6; // of the picture that must be of one colour
  const SILENT_DB = -70;
  const peers = [];
  const analysers = new WeakMap();
  let context = null;

  const audioContext = () => {
    context ??= new AudioContext({ sampleRate: 48000 });
    void context.resume();
    return context;
  };

  // ---- what this browser sends ----------------------------------------------------------------

  /** 640×360 of the colour; a small square that moves keeps frames coming. */
  const camera = () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
    const pen = canvas.getContext('2d');
    let frame = 0;
    const draw = () => {
      frame += 1;
      pen.fillStyle = look.colour;
      pen.fillRect(0, 0, 640, 360);
      pen.fillStyle = 'black';
      pen.fillRect((frame * 7) % 600, 320, 30, 30);
    };
    draw();
    const timer = setInterval(draw, 1000 / 24);
    const track = canvas.captureStream(24).getVideoTracks()[0];
    onStop(track, () => clearInterval(timer));
    return track;
  };

  const microphone = () => {
    const audio = audioContext();
    const oscillator = new OscillatorNode(audio, { frequency: look.hertz });
    const gain = new GainNode(audio, { gain: 0.3 });
    const out = audio.createMediaStreamDestination();
    oscillator.connect(gain).connect(out);
    oscillator.start();
    const track = out.stream.getAudioTracks()[0];
    onStop(track, () => oscillator.stop());
    return track;
  };

  const onStop = (track, callback) => {
    const stop = track.stop.bind(track);
    track.stop = () => {
      callback();
      stop();
    };
  };

  const refuse = (kind, constraints) => {
    const name = constraints?.[kind] ? look.refuse[kind] : undefined;
    if (name !== undefined) throw new DOMException(`no ${kind} here`, name);
  };

  /** Takes the place of getUserMedia: no device, and no processing, which would mangle a tone. */
  const getUserMedia = async (constraints) => {
    refuse('audio', constraints);
    refuse('video', constraints);
    const tracks = [];
    if (constraints?.audio) tracks.push(microphone());
    if (constraints?.video) tracks.push(camera());
    return new MediaStream(tracks);
  };

  const device = (kind, deviceId, label) =>
    ({ kind, deviceId, label, groupId: '', toJSON: () => ({ kind, deviceId, label }) });
  const enumerateDevices = async () => [
    ...(look.refuse.audio ? [] : [device('audioinput', 'tone', 'A tone')]),
    ...(look.refuse.video ? [] : [device('videoinput', 'colour', 'A colour')]),
  ];
  if (navigator.mediaDevices) {
    Object.assign(navigator.mediaDevices, { getUserMedia, enumerateDevices });
  }

  /** What the settings of the site say: a device that is blocked is blocked by one of them. */
  const kinds = { microphone: 'audio', camera: 'video' };
  if (navigator.permissions) {
    navigator.permissions.query = async ({ name }) => ({
      state: look.refuse[kinds[name]] === 'NotAllowedError' ? 'denied' : 'granted',
    });
  }

  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...given) {
      super(...given);
      peers.push(this);
    }
  };

  // ---- what the test reads back ---------------------------------------------------------------

  const tile = (name) => document.querySelector(`[data-name="${CSS.escape(name)}"]`);

  const nearest = (red, green, blue) => {
    const distance = ([r, g, b]) => (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
    const by = ([, a], [, b]) => distance(a) - distance(b);
    return Object.entries(COLOURS).sort(by)[0][0];
  };

  /** The colour of most of the element's picture; null without one that can be seen. */
  const colourOf = (video) => {
    const seen = video?.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    if (!seen || video.readyState < 2 || video.videoWidth === 0) return null;
    const [width, height] = [32, 18];
    const canvas = new OffscreenCanvas(width, height);
    const pen = canvas.getContext('2d', { willReadFrequently: true });
    pen.drawImage(video, 0, 0, width, height);
    const { data } = pen.getImageData(0, 0, width, height);
    const counts = {};
    for (let i = 0; i < data.length; i += 4) {
      const name = nearest(data[i], data[i + 1], data[i + 2]);
      counts[name] = (counts[name] ?? 0) + 1;
    }
    const [name, count] = Object.entries(counts).sort(([, a], [, b]) => b - a)[0];
    return count >= SHARE * width * height ? name : null;
  };

  const analyserOf = (stream) => {
    if (!analysers.has(stream)) {
      const audio = audioContext();
      const analyser = new AnalyserNode(audio, { fftSize: 8192, smoothingTimeConstant: 0 });
      audio.createMediaStreamSource(stream).connect(analyser);
      analysers.set(stream, analyser);
    }
    return analysers.get(stream);
  };

  /** The strongest frequency of the element's sound in hertz; null in silence. */
  const toneOf = (element) => {
    const stream = element?.srcObject;
    if (!stream || stream.getAudioTracks().length === 0) return null;
    const analyser = analyserOf(stream);
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(bins);
    let loudest = 0;
    bins.forEach((db, bin) => { if (db > bins[loudest]) loudest = bin; });
    if (!(bins[loudest] > SILENT_DB)) return null;
    return (loudest * analyser.context.sampleRate) / analyser.fftSize;
  };

  /** Statistics of the newest peer connection that is connected; null without one. */
  const statistics = async () => {
    const connected = peers.filter((peer) => peer.connectionState === 'connected').at(-1);
    return connected ? await connected.getStats() : null;
  };

  const remotePort = async () => {
    const stats = await statistics();
    const transport = [...(stats?.values() ?? [])].find(({ type }) => type === 'transport');
    const pair = stats?.get(transport?.selectedCandidatePairId);
    return stats?.get(pair?.remoteCandidateId)?.port ?? null;
  };

  const packetsReceived = async () => {
    const inbound = [...((await statistics())?.values() ?? [])]
      .filter(({ type }) => type === 'inbound-rtp');
    return inbound.reduce((sum, stream) => sum + stream.packetsReceived, 0);
  };

  // A voice stays in one element a slot, outside the tiles; the tile says which slot is its own.
  const voice = (place) =>
    place?.querySelector('audio') ??
    document.querySelector(`audio[data-slot="${place?.dataset.slot}"]`);

  window.__peers = peers;
  window.__colours = {
    tileColour: (name) => colourOf(tile(name)?.querySelector('video')),
    tileTone: (name) => toneOf(voice(tile(name))),
    remotePort,
    packetsReceived,
  };
})();
