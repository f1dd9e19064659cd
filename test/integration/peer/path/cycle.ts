import type { DirectWay } from "../../nat-lab/wire/ways.ts";
import type { Connected } from "./populated-lab.ts";

/**
 * Cuts the direct way of two peers that use it, both ways unless given, waits until they are on the relay, heals it and waits until
 * they are direct again. Returns for how long nothing arrived at the cut, in ms.
 */
export async function cycle({ pair, alice, bob }: Connected, way?: DirectWay): Promise<number> {
  await alice.report();
  pair.cut(way);
  await Promise.all([alice.lost(), bob.lost()]);
  const { worstGapMs } = await alice.report();
  pair.heal();
  await Promise.all([alice.selected(), bob.selected()]);
  return worstGapMs!;
}
