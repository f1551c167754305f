import { expect, it } from 'vitest';
import { type Tile, View } from './view';

const SMALL: Tile = { slot: 0, width: 160, height: 96 };
const LARGE: Tile = { slot: 1, width: 640, height: 368 };

/** A server that answers when it is told to. */
function server() {
  const received: Tile[][] = [];
  const waiting: (() => void)[] = [];
  const view = new View((tiles) => {
    received.push(tiles);
    return new Promise<void>((answer) => waiting.push(answer));
  });
  const answer = async () => {
    waiting.shift()?.();
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  };
  return { view, received, answer };
}

it('sends what is visible once', async () => {
  const { view, received, answer } = server();
  view.see([SMALL]);
  await answer();
  view.see([SMALL]);
  expect(received).toEqual([[SMALL]]);
});

it('sends the newest after the reply, and leaves out what was between', async () => {
  const { view, received, answer } = server();
  view.see([SMALL]);
  view.see([SMALL, LARGE]);
  view.see([LARGE]);
  expect(received).toEqual([[SMALL]]);
  await answer();
  expect(received).toEqual([[SMALL], [LARGE]]);
});

it('says it again to a connection that is open again', async () => {
  const { view, received, answer } = server();
  view.see([]);
  await answer();
  view.opened();
  expect(received).toEqual([[], []]);
});

it('says nothing before anything was seen', () => {
  const { view, received } = server();
  view.opened();
  expect(received).toEqual([]);
});
