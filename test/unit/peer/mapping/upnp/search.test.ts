import * as fc from "fast-check";
import { expect, it } from "vitest";
import { encodeSearch, parseSearchAnswer } from "../../../../../src/peer/mapping/upnp/search.ts";

const router = "192.168.1.1";

function answer(location: string, status = "HTTP/1.1 200 OK"): Buffer {
  return Buffer.from(`${status}\r\nCACHE-CONTROL: max-age=120\r\nLocation: ${location}\r\nEXT:\r\n\r\n`);
}

it("a search has the form of UDA 1.1 §1.3.2", () => {
  expect(Buffer.from(encodeSearch()).toString()).toBe(
    'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\n' +
      "ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n",
  );
});

it("an answer tells where the description is", () => {
  const location = "http://192.168.1.1:5000/rootDesc.xml";
  expect(parseSearchAnswer(answer(location), router)?.href).toBe(location);
});

it.each([
  "http://192.168.1.2:5000/rootDesc.xml",
  "http://192.168.1.1.example.com/",
  "http://192.168.1.1@203.0.113.1/",
  "https://192.168.1.1/",
  "file:///etc/passwd",
  "/rootDesc.xml",
  "",
])("a description at %j is not one at the router", (location) => {
  expect(parseSearchAnswer(answer(location), router)).toBeUndefined();
});

it("an answer without success, without a place, or longer than a frame does not count", () => {
  const location = "http://192.168.1.1/";
  expect(parseSearchAnswer(answer(location, "HTTP/1.1 404 Not Found"), router)).toBeUndefined();
  expect(parseSearchAnswer(answer(location, "NOTIFY * HTTP/1.1"), router)).toBeUndefined();
  expect(parseSearchAnswer(Buffer.from("HTTP/1.1 200 OK\r\n\r\n"), router)).toBeUndefined();
  expect(parseSearchAnswer(answer(location + "x".repeat(1500)), router)).toBeUndefined();
});

it("whatever bytes come, a place is at the router", () => {
  fc.assert(
    fc.property(fc.oneof(fc.webUrl(), fc.string()), (location) => {
      const url = parseSearchAnswer(answer(location), router);
      expect(url === undefined || url.hostname === router).toBe(true);
    }),
  );
});
