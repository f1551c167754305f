// What the agenda shows at an instant: pure functions of (the server's view, now).
// `now` is always the server's clock in milliseconds, already corrected for the browser's offset.
import type { AgendaView, SegmentView } from '../messages';

const MINUTE = 60_000;

/** The segment that is on, or null before the start and after the end. */
export function currentSegment(agenda: AgendaView): SegmentView | null {
  if (agenda.phase === 'not_started' || agenda.phase === 'ended') return null;
  return agenda.segments[agenda.index] ?? null;
}

export function isBreakSegment(segment: SegmentView): boolean {
  return segment.kind === 'break';
}

export function nextSegment(agenda: AgendaView): SegmentView | null {
  if (agenda.phase === 'not_started') return agenda.segments[0] ?? null;
  return agenda.segments[agenda.index + 1] ?? null;
}

/** Milliseconds left of the current segment, negative in overrun. It does not change while paused. */
export function leftMs(agenda: AgendaView, now: number): number {
  if (agenda.phase === 'paused') return agenda.left_ms;
  return agenda.left_ms - Math.max(0, now - agenda.read_ms);
}

/** As a client reads it: whole minutes, never a running clock. */
export function leftInMinutes(agenda: AgendaView, now: number): string {
  if (!currentSegment(agenda)) return '';
  if (agenda.phase === 'paused') return 'paused';
  const left = leftMs(agenda, now);
  if (left <= 0) return 'moving on soon';
  return left < MINUTE ? 'less than a minute' : `${Math.ceil(left / MINUTE)} min left`;
}

/** As a facilitator reads it: minutes and seconds, and how much over. */
export function leftInSeconds(agenda: AgendaView, now: number): string {
  if (!currentSegment(agenda)) return '';
  const left = leftMs(agenda, now);
  const words = left < 0 ? `${asClock(-left)} over` : `${asClock(left)} left`;
  return agenda.phase === 'paused' ? `paused, ${words}` : words;
}

/** 708000 → "11:48"; 4210000 → "1:10:10". Part seconds are not shown. */
export function asClock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown
    .map((part, place) => (place ? String(part).padStart(2, '0') : String(part)))
    .join(':');
}

/** Planned length of a segment in whole minutes. */
export function lengthInMinutes(segment: SegmentView): number {
  return Math.round((segment.ends_ms - segment.starts_ms) / MINUTE);
}

/** The share of a segment that is over, 0 to 1. The bar steps once a minute. */
export function shareDone(agenda: AgendaView, place: number, now: number): number {
  const segment = agenda.segments[place];
  if (!segment || agenda.phase === 'not_started') return 0;
  if (agenda.phase === 'ended' || place < agenda.index) return 1;
  if (place > agenda.index) return 0;
  const left = Math.max(0, Math.ceil(leftMs(agenda, now) / MINUTE) * MINUTE);
  const length = Math.max(1, segment.ends_ms - segment.starts_ms);
  return Math.min(1, Math.max(0, 1 - left / length));
}

/** Segments for the bar: all of a short evening, else those of the current block. */
export function barSegments(agenda: AgendaView): { segment: SegmentView; place: number }[] {
  const all = agenda.segments.map((segment, place) => ({ segment, place }));
  if (all.length <= 5) return all;
  const block = (agenda.segments[agenda.index] ?? agenda.segments[0])?.block;
  return all.filter(({ segment }) => segment.block === block);
}

/** "in 4 minutes", "in a moment"; empty when the instant has passed. */
export function fromNow(ms: number, now: number): string {
  const minutes = Math.ceil((ms - now) / MINUTE);
  if (minutes <= 0) return '';
  if (minutes > 90) return '';
  return minutes === 1 ? 'in a minute' : `in ${minutes} minutes`;
}

/** How long something has lasted: "40 s", "5 min". */
export function since(ms: number, now: number): string {
  const seconds = Math.max(0, Math.floor((now - ms) / 1000));
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`;
}
