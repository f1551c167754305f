// Runs before any script of the page, when the picture of the README is taken: a camera in front
// of which somebody drawn sits, and a microphone that hears a room.
// `SITTER` is replaced by a JSON object: {skin, hair, top, wall, light, cut, glasses, hertz}.
(() => {
  const sitter = SITTER;
  const [width, height] = [640, 360];

  const oval = (pen, colour, x, y, rx, ry) => {
    pen.fillStyle = colour;
    pen.beginPath();
    pen.ellipse(x, y, rx, ry, 0, 0, 2 * Math.PI);
    pen.fill();
  };

  const wall = (pen) => {
    const shade = pen.createLinearGradient(0, 0, width, height);
    shade.addColorStop(0, sitter.wall[0]);
    shade.addColorStop(1, sitter.wall[1]);
    pen.fillStyle = shade;
    pen.fillRect(0, 0, width, height);
    const glow = pen.createRadialGradient(sitter.light, 70, 8, sitter.light, 70, 150);
    glow.addColorStop(0, 'rgb(255 236 190 / .75)');
    glow.addColorStop(1, 'rgb(255 236 190 / 0)');
    pen.fillStyle = glow;
    pen.fillRect(0, 0, width, height);
  };

  const shoulders = (pen) => {
    pen.fillStyle = sitter.top;
    pen.beginPath();
    pen.moveTo(190, height);
    pen.bezierCurveTo(200, 282, 255, 262, 320, 262);
    pen.bezierCurveTo(385, 262, 440, 282, 450, height);
    pen.fill();
  };

  /** What of the hair is behind the face. */
  const BEHIND = {
    long: (pen) => {
      oval(pen, sitter.hair, 320, 160, 84, 96);
      pen.fillRect(240, 160, 160, 118);
    },
    bob: (pen) => oval(pen, sitter.hair, 320, 164, 82, 90),
    bun: (pen) => {
      oval(pen, sitter.hair, 320, 52, 32, 28);
      oval(pen, sitter.hair, 320, 136, 73, 78);
    },
    curls: (pen) => {
      for (let turn = 0; turn < 11; turn += 1) {
        const angle = Math.PI * (0.9 + turn * 0.12);
        oval(pen, sitter.hair, 320 + 62 * Math.cos(angle), 138 + 66 * Math.sin(angle), 27, 27);
      }
    },
    short: (pen) => oval(pen, sitter.hair, 320, 138, 71, 82),
    scarf: (pen) => {
      oval(pen, sitter.hair, 320, 158, 84, 104);
      oval(pen, sitter.hair, 320, 262, 96, 44);
    },
  };

  const fringe = (pen) => {
    if (sitter.cut === 'scarf') return;
    pen.save();
    pen.beginPath();
    pen.rect(240, 60, 160, sitter.cut === 'bob' ? 70 : 56);
    pen.clip();
    oval(pen, sitter.hair, 320, 140, 66, 76);
    pen.restore();
  };

  const face = (pen) => {
    const { skin } = sitter;
    pen.fillStyle = skin;
    pen.fillRect(296, 216, 48, 58);
    oval(pen, skin, 320, 266, 30, 18);
    oval(pen, 'rgb(0 0 0 / .12)', 320, 232, 26, 12);
    oval(pen, skin, 320, 166, 60, 74);
    oval(pen, '#26201d', 298, 164, 5, 6);
    oval(pen, '#26201d', 342, 164, 5, 6);
    pen.strokeStyle = 'rgb(60 25 20 / .75)';
    pen.lineWidth = 4;
    pen.lineCap = 'round';
    pen.beginPath();
    pen.arc(320, 190, 22, 0.2 * Math.PI, 0.8 * Math.PI);
    pen.stroke();
  };

  const glasses = (pen) => {
    pen.strokeStyle = '#22282b';
    pen.lineWidth = 4;
    for (const x of [297, 343]) {
      pen.beginPath();
      pen.arc(x, 164, 18, 0, 2 * Math.PI);
      pen.stroke();
    }
    pen.strokeRect(315, 160, 10, 1);
  };

  const draw = (pen) => {
    wall(pen);
    BEHIND[sitter.cut](pen);
    shoulders(pen);
    face(pen);
    fringe(pen);
    if (sitter.glasses) glasses(pen);
  };

  const camera = () => {
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const pen = canvas.getContext('2d');
    draw(pen);
    setInterval(() => draw(pen), 500);
    return canvas.captureStream(2).getVideoTracks()[0];
  };

  const microphone = () => {
    const audio = new AudioContext();
    void audio.resume();
    const out = audio.createMediaStreamDestination();
    const gain = new GainNode(audio, { gain: sitter.hertz ? 0.2 : 0 });
    const tone = new OscillatorNode(audio, { frequency: sitter.hertz || 1 });
    tone.connect(gain).connect(out);
    tone.start();
    return out.stream.getAudioTracks()[0];
  };

  const getUserMedia = async (wanted) =>
    new MediaStream([...(wanted?.audio ? [microphone()] : []), ...(wanted?.video ? [camera()] : [])]);
  const enumerateDevices = async () => [
    { kind: 'audioinput', deviceId: 'microphone', label: 'Microphone', groupId: '' },
    { kind: 'videoinput', deviceId: 'camera', label: 'Camera', groupId: '' },
  ];
  Object.assign(navigator.mediaDevices, { getUserMedia, enumerateDevices });
})();
