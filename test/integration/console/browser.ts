import { createHash, X509Certificate } from "node:crypto";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, onTestFinished } from "vitest";
import { testCertificate } from "../harness/certificate.ts";
import { projectPath } from "../harness/child.ts";

/** A page, with what it did that a page of the console must not do. */
export interface WatchedPage {
  readonly page: Page;
  /** Requests to other origins. */
  readonly strangers: string[];
  /** Errors of scripts and violations of the content security policy. */
  readonly faults: string[];
}

let browser: Promise<Browser> | undefined;

/** One browser for all tests of a file. */
function openBrowser(): Promise<Browser> {
  browser ??= launch();
  return browser;
}

async function launch(): Promise<Browser> {
  const { certificate } = await testCertificate();
  const key = new X509Certificate(certificate).publicKey.export({ type: "spki", format: "der" });
  const pin = createHash("sha256").update(key).digest("base64");
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", `--ignore-certificate-errors-spki-list=${pin}`],
  });
}

afterAll(async () => {
  await (await browser)?.close();
});

/** Opens a page in a profile of its own; closed when the test ends. */
export async function openPage(origin: string, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await (
    await openBrowser()
  ).newContext({ baseURL: origin, viewport: { width: 1280, height: 900 }, ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const strangers: string[] = [];
  const faults: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(`${origin}/`)) strangers.push(request.url());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    if (/Content Security Policy|Trusted/i.test(message.text())) faults.push(message.text());
  });
  return { page, strangers, faults };
}

/** Goes to the console and signs in. */
export async function signIn({ page }: WatchedPage, token: string): Promise<void> {
  await page.goto("/relay");
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Live", { exact: true }).waitFor();
}

/** Keeps a picture of the page, of what the test saw. */
export async function keepPicture({ page }: WatchedPage, name: string, fullPage = false): Promise<void> {
  const path = projectPath(`test/integration/console/screenshots/${name}.png`);
  await page.screenshot({ path, fullPage });
}
