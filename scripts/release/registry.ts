/** A registry that has the packages of a release, as if they were published, and all others of npm's. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { run } from "./command.ts";

const upstream = "https://registry.npmjs.org";

interface Published {
  readonly name: string;
  readonly bytes: Buffer;
  readonly manifest: { readonly version: string };
}

/** Opens the registry on loopback; it lasts until `close()`. */
export async function openRegistry(
  tarballs: readonly string[],
): Promise<{ readonly url: string; close(): void }> {
  const published = new Map(tarballs.map(readTarball).map((each) => [each.name, each]));
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url!.slice(1));
    const ours = published.get(path.replace(/\/-\.tgz$/, ""));
    if (ours && path.endsWith("/-.tgz")) response.end(ours.bytes);
    else if (ours) response.end(JSON.stringify(documentOf(ours, urlOf(server))));
    else if (path.startsWith("@quicpipe/")) response.writeHead(404).end("{}");
    else void passOn(path, response);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { url: urlOf(server), close: () => server.close() };
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function readTarball(path: string): Published {
  const manifest = JSON.parse(
    run("tar", ["-xzOf", path, "package/package.json"]),
  ) as Published["manifest"] & {
    readonly name: string;
  };
  return { name: manifest.name, bytes: readFileSync(path), manifest };
}

/** What a registry tells of a package. */
function documentOf({ name, bytes, manifest }: Published, url: string): object {
  const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  const dist = { integrity, tarball: `${url}/${encodeURIComponent(name)}/-.tgz` };
  const { version } = manifest;
  return { name, "dist-tags": { latest: version }, versions: { [version]: { ...manifest, dist } } };
}

async function passOn(path: string, response: ServerResponse): Promise<void> {
  try {
    const found = await fetch(`${upstream}/${path.replace("/", "%2f")}`);
    response.writeHead(found.status).end(Buffer.from(await found.arrayBuffer()));
  } catch {
    response.writeHead(502).end("{}");
  }
}
