/**
 * What a websocket's close code means for the browser: reconnect by itself, or stay closed until
 * the person asks for it. Owns this table; mirrors CLOSE_CODES of the server's messages and the
 * codes of RFC 6455 §7.4.1. Knows no socket.
 */

export type Return =
  | 'now' // an accident: the first attempt is made at once
  | 'spread' // the server goes away or is overloaded: everyone reconnects, but not at once
  | 'never'; // a decision: reconnecting would undo it, or repeat it for ever

const RETURNS: Readonly<Record<number, Return>> = {
  1001: 'spread', // going away: a restart
  1012: 'spread', // service restart
  1013: 'spread', // try again later
  4400: 'never', // message.malformed: the same message would be malformed again
  4401: 'never', // permission.signed_out
  4403: 'never', // seat.not_on_roster
  4404: 'never', // room.unknown
  4408: 'now', // connection.silent
  4409: 'never', // connection.replaced: two tabs would take the seat from each other for ever
  4410: 'never', // room.ended
  4411: 'never', // seat.removed
  4412: 'never', // connection.left
  4429: 'spread', // message.too_many
  4503: 'spread', // store.down
};

/**
 * Whether and how to reconnect after `code`. An unknown code of the network (1xxx) is an
 * accident; an unknown code of the application (4xxx) counts as a decision.
 */
export function returnAfter(code: number): Return {
  return RETURNS[code] ?? (code >= 4000 ? 'never' : 'now');
}
