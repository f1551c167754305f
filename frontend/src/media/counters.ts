/**
 * What a peer connection has counted so far, as getStats gives it: packets of each slot, packets
 * that this browser sent, the round trip. Pure; judges nothing.
 */

/** Of one slot: its sound and its picture. */
export interface SlotCounters {
  readonly received: number;
  readonly lost: number;
  /** Of the picture. */
  readonly frames: number;
  readonly frozenSeconds: number;
}

export interface Counters {
  /** Packets that this browser sent, and those of them that the node missed. */
  readonly sent: number;
  readonly missed: number;
  readonly roundTripMs: number | null;
  readonly slots: readonly SlotCounters[];
}

/** One entry of RTCStatsReport, as far as it is read. */
interface Entry {
  readonly type: string;
  readonly mid?: string;
  readonly nominated?: boolean;
  readonly state?: string;
  readonly packetsReceived?: number;
  readonly packetsLost?: number;
  readonly packetsSent?: number;
  readonly framesDecoded?: number;
  readonly totalFreezesDuration?: number;
  readonly currentRoundTripTime?: number;
  readonly roundTripTime?: number;
}

/** `mids`: of each slot, its sound's and its picture's. */
export function countersOf(
  stats: Iterable<object>,
  mids: readonly (readonly (string | null)[])[],
): Counters {
  const entries = [...stats] as Entry[];
  const of = (type: string) => entries.filter((entry) => entry.type === type);
  const inbound = of('inbound-rtp');
  return {
    sent: sum(of('outbound-rtp'), 'packetsSent'),
    missed: sum(of('remote-inbound-rtp'), 'packetsLost'),
    roundTripMs: roundTrip(of('candidate-pair'), of('remote-inbound-rtp')),
    slots: mids.map((lines) => ofSlot(inbound.filter(({ mid }) => mid && lines.includes(mid)))),
  };
}

function ofSlot(entries: readonly Entry[]): SlotCounters {
  return {
    received: sum(entries, 'packetsReceived'),
    lost: sum(entries, 'packetsLost'),
    frames: sum(entries, 'framesDecoded'),
    frozenSeconds: sum(entries, 'totalFreezesDuration'),
  };
}

/** The newest of the connection's own checks; the media's reports where a browser has none. */
function roundTrip(pairs: readonly Entry[], reports: readonly Entry[]): number | null {
  const used = pairs.find((pair) => pair.nominated && pair.state === 'succeeded');
  const seconds =
    used?.currentRoundTripTime ?? reports.find((one) => one.roundTripTime)?.roundTripTime;
  return seconds === undefined ? null : seconds * 1000;
}

type Count =
  | 'packetsReceived'
  | 'packetsLost'
  | 'packetsSent'
  | 'framesDecoded'
  | 'totalFreezesDuration';

function sum(entries: readonly Entry[], name: Count): number {
  return entries.reduce((all, entry) => all + (entry[name] ?? 0), 0);
}
