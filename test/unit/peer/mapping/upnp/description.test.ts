import * as fc from "fast-check";
import { expect, it } from "vitest";
import { elementOf, findService } from "../../../../../src/peer/mapping/upnp/description.ts";

const location = new URL("http://192.168.1.1:5000/igd/rootDesc.xml");

function service(name: string, controlUrl: string): string {
  const type = `urn:schemas-upnp-org:service:${name}`;
  return `<service>\n <serviceType>${type}</serviceType>\n <controlURL>${controlUrl}</controlURL>\n</service>`;
}

function controlUrlIn(...services: string[]): string | undefined {
  const description = `<?xml version="1.0"?><root><device>${services.join("")}</device></root>`;
  return findService(description, location)?.controlUrl.href;
}

it("the service that maps ports is found among others, at the router", () => {
  expect(
    controlUrlIn(service("Layer3Forwarding:1", "/l3"), service("WANIPConnection:1", "/ctl?a=1&amp;b=2")),
  ).toBe("http://192.168.1.1:5000/ctl?a=1&b=2");
  expect(controlUrlIn(service("WANPPPConnection:1", "ctl"))).toBe("http://192.168.1.1:5000/igd/ctl");
});

it("of several services the best counts", () => {
  const [ppp, first, second] = ["WANPPPConnection:1", "WANIPConnection:1", "WANIPConnection:2"].map((name) =>
    service(name, `/${name}`),
  );
  expect(controlUrlIn(ppp!, second!, first!)).toBe("http://192.168.1.1:5000/WANIPConnection:2");
  expect(controlUrlIn(ppp!, first!)).toBe("http://192.168.1.1:5000/WANIPConnection:1");
});

it("a service elsewhere, or without a place, is none", () => {
  expect(controlUrlIn(service("WANIPConnection:1", "http://203.0.113.1/ctl"))).toBeUndefined();
  expect(controlUrlIn(service("WANIPConnection:1", "//203.0.113.1/ctl"))).toBeUndefined();
  expect(controlUrlIn(service("WANIPConnection:1", "x".repeat(600)))).toBeUndefined();
  expect(controlUrlIn("<service><controlURL>/ctl</controlURL></service>")).toBeUndefined();
  expect(controlUrlIn()).toBeUndefined();
});

it("a description that never closes what it opens is read to its end once", () => {
  expect(findService("<service><serviceType>".repeat(3000), location)).toBeUndefined();
});

it("whatever comes as a description, the service is at the router", () => {
  const part = fc.constantFrom(
    "<service>",
    "</service>",
    "<serviceType>",
    "</serviceType>",
    "urn:schemas-upnp-org:service:WANIPConnection:1",
    "<controlURL>",
    "</controlURL>",
    "//203.0.113.1/",
    "http://203.0.113.1/",
    "/ctl",
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
      const found = findService(parts.join(""), location);
      expect(found === undefined || found.controlUrl.hostname === "192.168.1.1").toBe(true);
    }),
  );
});

it("the text of an element is what is between its tags, without the blanks around it", () => {
  expect(elementOf("<a>\n 1 </a><a>2</a>", "a")).toBe("1");
  expect(elementOf("<a>1<b>2</b></a>", "a")).toBeUndefined();
});
