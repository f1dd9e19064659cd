import { expect, it } from "vitest";
import { placeLookMs } from "../../../../../src/defaults/index.ts";
import { HostView } from "../../../../../src/peer/path/seeking/host-view.ts";

type Read = NonNullable<ConstructorParameters<typeof HostView>[0]>;

/** A view of a host, whose address the test sets, and how often its system was asked. */
function viewOf(host: { address: string; asked: number }): HostView {
  const read = (): ReturnType<Read> => {
    host.asked++;
    const { address } = host;
    return { eth0: [{ address, cidr: `${address}/24` }] as ReturnType<Read>[string] };
  };
  return new HostView(read);
}

it("A host's system is asked once a second at most, however often its addresses are", () => {
  const host = { address: "192.0.2.1", asked: 0 };
  const view = viewOf(host);
  for (let nowMs = 0; nowMs < 3 * placeLookMs; nowMs += 10) view.addresses(nowMs);
  expect(host.asked).toBe(3);
});

it("The lists are the same ones until an address has changed, which a change of the network shows at once", () => {
  const host = { address: "192.0.2.1", asked: 0 };
  const view = viewOf(host);
  const first = view.addresses(0);
  expect(first).toEqual({ ips: ["192.0.2.1"], subnets: ["192.0.2.1/24"] });
  expect(view.addresses(placeLookMs)).toBe(first);
  host.address = "192.0.2.2";
  expect(view.addresses(placeLookMs + 1)).toBe(first);
  view.lookAgain();
  expect(view.addresses(placeLookMs + 1).ips).toEqual(["192.0.2.2"]);
});
