// The browser's own reducer, as a program: a JSON list of lists of messages comes in, and for
// each what a page that gets them, one by one, knows of the room at the end.
import { registerHooks } from 'node:module';

// The sources name each other without an extension, as the bundler has it.
registerHooks({
  resolve(name, context, next) {
    const source = name.startsWith('.') && !/\.\w+$/u.test(name);
    return next(source ? `${name}.ts` : name, context);
  },
});

const folder = new URL('../../frontend/src/room/', import.meta.url);
const { reduce } = await import(new URL('reduce.ts', folder).href);
const { opening, liveOf } = await import(new URL('state.ts', folder).href);

function known(messages) {
  const joined = reduce(opening(true), { kind: 'joined' });
  const page = messages.reduce((state, event) => reduce(state, { kind: 'event', event }), joined);
  const { room, me, participants, waiting, parts } = liveOf(page.screen);
  return { room, me, participants, waiting, parts };
}

let text = '';
for await (const piece of process.stdin) text += piece;
process.stdout.write(JSON.stringify(JSON.parse(text).map(known)));
