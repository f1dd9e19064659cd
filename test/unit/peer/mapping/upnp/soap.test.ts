import { expect, it } from "vitest";
import { encodeAction, parseAnswer } from "../../../../../src/peer/mapping/upnp/soap.ts";

const type = "urn:schemas-upnp-org:service:WANIPConnection:1";
const service = { type, controlUrl: new URL("http://192.168.1.1/ctl") };
const action = { name: "DeletePortMapping", arguments: { NewRemoteHost: "", NewExternalPort: 4433 } };

it("an action has the form of UDA 1.1 §3.1.1", () => {
  const { method, headers, body } = encodeAction(service, action);
  expect(method).toBe("POST");
  expect(headers).toMatchObject({
    soapaction: `"${type}#DeletePortMapping"`,
    "content-length": String(body!.length),
  });
  expect(body).toContain(
    `<s:Body><u:DeletePortMapping xmlns:u="${type}">` +
      "<NewRemoteHost></NewRemoteHost><NewExternalPort>4433</NewExternalPort></u:DeletePortMapping></s:Body>",
  );
});

it("an answer has values, or a fault", () => {
  const success =
    '<s:Body><u:DeletePortMappingResponse xmlns:u="x"><A>1</A></u:DeletePortMappingResponse></s:Body>';
  expect(parseAnswer(success, action)?.fault).toBeUndefined();
  expect(parseAnswer(success, action)?.value("A")).toBe("1");
  const fault = "<s:Fault><detail><UPnPError><errorCode>714</errorCode></UPnPError></detail></s:Fault>";
  expect(parseAnswer(fault, action)?.fault).toBe(714);
});

it.each(["", "<html>Not Found</html>", "<errorCode>many</errorCode>", "<u:OtherResponse>"])(
  "%j is no answer",
  (body) => {
    expect(parseAnswer(body, action)).toBeUndefined();
  },
);
