// The commands a person can give in the room, without the ids that the connection adds.
import type { Command } from '../messages';

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** Every `room.*` command: what a facilitator's desk may send. */
export type RoomCommand = Without<Extract<Command, { type: `room.${string}` }>, 'id'>;

/** The person a command is about, or null: of the agenda, of the room. */
export function personOf(command: RoomCommand): string | null {
  return 'key' in command ? command.key : null;
}
