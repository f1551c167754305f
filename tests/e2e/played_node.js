// A media node played inside the page, for tests of frontend/src/media in a real browser: it
// answers offers with a peer connection of its own, sends a colour and a tone into slots, and
// says whose packets they are. Browsers cannot stamp a CSRC, so that one reading is replaced.
(() => {
  const csrcs = new Map(); // receiver track id → CSRC of what it receives now
  const now = () => performance.timeOrigin + performance.now();
  RTCRtpReceiver.prototype.getContributingSources = function () {
    const source = csrcs.get(this.track.id);
    return source === undefined ? [] : [{ source, timestamp: now(), rtpTimestamp: 0 }];
  };

  const fingerprintOf = (sdp) => sdp.match(/a=fingerprint:(.*)/)[1];
  const gathered = (pc) =>
    new Promise((resolve) => {
      const look = () => pc.iceGatheringState === 'complete' && resolve();
      pc.addEventListener('icegatheringstatechange', look);
      look();
    });

  /** One browser's connection as the node sees it. */
  class PlayedNode {
    pc = null;
    answered = 0;
    #fingerprint = '';

    async answer(offer) {
      if (fingerprintOf(offer) !== this.#fingerprint) this.#start();
      this.#fingerprint = fingerprintOf(offer);
      await this.pc.setRemoteDescription({ type: 'offer', sdp: offer });
      for (const line of this.#slotLines()) line.direction = 'sendonly';
      await this.pc.setLocalDescription();
      await gathered(this.pc);
      this.answered += 1;
      return this.pc.localDescription.sdp;
    }

    #start() {
      this.pc?.close();
      this.pc = new RTCPeerConnection();
    }

    /** All but the first two, which are the browser's own microphone and camera. */
    #slotLines() {
      return this.pc.getTransceivers().slice(2);
    }

    slot(number, kind) {
      const lines = this.#slotLines().filter(({ receiver }) => receiver.track.kind === kind);
      return lines[number];
    }

    async fill(number, stream) {
      await this.slot(number, 'video').sender.replaceTrack(stream.getVideoTracks()[0] ?? null);
      await this.slot(number, 'audio').sender.replaceTrack(stream.getAudioTracks()[0] ?? null);
    }

    /** Packets of one of the browser's own two media tracks that have come in. */
    async packetsFrom(kind) {
      const stats = [...(await this.pc.getStats()).values()];
      const inbound = stats.find((entry) => entry.type === 'inbound-rtp' && entry.kind === kind);
      return inbound?.packetsReceived ?? 0;
    }
  }

  window.PlayedNode = PlayedNode;
  /** From now, what `stream`'s first track receives comes from the holder of this CSRC. */
  window.stampCsrc = (stream, csrc) => csrcs.set(stream.getTracks()[0].id, csrc);
})();
