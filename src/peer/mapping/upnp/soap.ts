import { elementOf, type UpnpService } from "./description.ts";
import type { UpnpRequest } from "./http.ts";

/** An action of a service, and its arguments in order. */
export interface SoapAction {
  readonly name: string;
  readonly arguments: Readonly<Record<string, string | number>>;
}

/** Encodes a call of an action (UDA 1.1 §3.1.1). Arguments are our own, and need no escapes. */
export function encodeAction({ type }: UpnpService, { name, arguments: values }: SoapAction): UpnpRequest {
  const elements = Object.entries(values).map(([key, value]) => `<${key}>${value}</${key}>`);
  const body =
    '<?xml version="1.0"?>' +
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"' +
    ' s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">' +
    `<s:Body><u:${name} xmlns:u="${type}">${elements.join("")}</u:${name}></s:Body></s:Envelope>`;
  const headers = {
    "content-type": 'text/xml; charset="utf-8"',
    "content-length": String(Buffer.byteLength(body)),
    soapaction: `"${type}#${name}"`,
  };
  return { method: "POST", headers, body };
}

/** A router's answer to an action: its fault, or what else it says. */
export interface SoapAnswer {
  /** Code of UPnP (UDA 1.1 §3.1.3); `undefined` if the action succeeded. */
  readonly fault?: number | undefined;
  /** The text of one of its elements. */
  readonly value: (element: string) => string | undefined;
}

/** Parses the answer to an action; `undefined` if it is neither a fault nor an answer to it. */
export function parseAnswer(body: string, { name }: SoapAction): SoapAnswer | undefined {
  const value = (element: string): string | undefined => elementOf(body, element);
  const code = value("errorCode");
  if (code !== undefined && /^\d{3}$/.test(code)) return { fault: Number(code), value };
  return body.includes(`:${name}Response`) ? { value } : undefined;
}
