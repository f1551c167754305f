// Runs before any script of the page. Stands between the page and the gates before its decoders, so
// that a test can tell a gate of another owner than the page did, and count what is decoded.
(() => {
  window.RTCRtpScriptTransform = class extends RTCRtpScriptTransform {
    #gate;
    #owner = null;

    constructor(worker, { port }) {
      const { port1, port2 } = new MessageChannel();
      super(worker, { port: port2 }, [port2]);
      this.#gate = port1;
      port.onmessage = ({ data }) => {
        this.#owner = data;
        this.#gate.postMessage(data);
      };
    }

    /** From now the slot seems to be a stranger's, or again that of whom the page knows. */
    pretend(stranger) {
      this.#gate.postMessage(stranger ? this.#owner ^ 1 : this.#owner);
    }
  };

  const receiver = (name) => {
    const track = document
      .querySelector(`.tile[data-name="${CSS.escape(name)}"] video`)
      ?.srcObject.getVideoTracks()[0];
    const connected = window.__peers.filter((peer) => peer.connectionState === 'connected');
    return connected.flatMap((peer) => peer.getReceivers()).find((one) => one.track === track);
  };

  window.__gates = {
    pretend: (name, stranger) => receiver(name).transform.pretend(stranger),
    /** What came in for the picture of that name, and what of it reached the decoder. */
    counted: async (name) => {
      const stats = [...(await receiver(name).getStats()).values()];
      const { packetsReceived, framesDecoded } = stats.find(({ type }) => type === 'inbound-rtp');
      return { packetsReceived, framesDecoded };
    },
  };
})();
