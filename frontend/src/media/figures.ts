/**
 * The figures of an echo: what the probe reports of this person's sound, and what this browser
 * measured of the sound that came back. Pure.
 */

/** The answer of `echo/report/`. The probe's own round trip is to the node and is not shown. */
export interface ProbeReport {
  readonly received: number;
  readonly lost: number;
  readonly jitter_ms: number;
  readonly heard: boolean;
}

export interface Direction {
  readonly received: number;
  readonly lost: number;
  readonly jitterMs: number;
}

export interface Figures {
  readonly uplink: Direction;
  readonly downlink: Direction;
  readonly roundTripMs: number | null;
  readonly relayed: boolean;
  readonly heard: boolean;
}

/** One entry of RTCStatsReport, as far as it is read. */
interface Entry {
  readonly id: string;
  readonly type: string;
  readonly packetsReceived?: number;
  readonly packetsLost?: number;
  readonly jitter?: number;
  readonly roundTripTime?: number;
  readonly currentRoundTripTime?: number;
  readonly nominated?: boolean;
  readonly state?: string;
  readonly localCandidateId?: string;
  readonly candidateType?: string;
}

const NOTHING: Direction = { received: 0, lost: 0, jitterMs: 0 };

/** `stats`: the values of `RTCPeerConnection.getStats()`. */
export function figuresOf(report: ProbeReport | null, stats: Iterable<object>): Figures {
  const entries = [...stats] as Entry[];
  const inbound = entries.find((entry) => entry.type === 'inbound-rtp');
  const pair = entries.find(
    (entry) => entry.type === 'candidate-pair' && entry.nominated && entry.state === 'succeeded',
  );
  const local = entries.find((entry) => entry.id === pair?.localCandidateId);
  const remote = entries.find((entry) => entry.type === 'remote-inbound-rtp');
  const seconds = pair?.currentRoundTripTime ?? remote?.roundTripTime ?? null;
  return {
    uplink: report ? direction(report.received, report.lost, report.jitter_ms) : NOTHING,
    downlink: inbound
      ? direction(inbound.packetsReceived, inbound.packetsLost, (inbound.jitter ?? 0) * 1000)
      : NOTHING,
    roundTripMs: seconds === null ? null : seconds * 1000,
    relayed: local?.candidateType === 'relay',
    heard: report?.heard ?? false,
  };
}

/** Duplicates can make a browser count fewer than none as lost. */
function direction(received = 0, lost = 0, jitterMs = 0): Direction {
  return { received, lost: Math.max(0, lost), jitterMs };
}
