import { randomBytes } from "node:crypto";
import { H3 } from "h3";
import type { Locator, Page } from "playwright-core";
import { describe, expect } from "vitest";
import { itWith } from "../harness/requirement.ts";
import { register, startBusyConsoleApp, startConsoleApp } from "./console-app.ts";
import { openPeer } from "../harness/udp-peer.ts";
import { encodeBindingRequest } from "../../../src/wire/stun-binding.ts";
import { adminToken, secret, tokenFor } from "../harness/token.ts";
import { keepPicture, openPage, signIn } from "./browser.ts";

const itInBrowser = itWith("chromium");

function names(page: Page): Promise<string[]> {
  return page.locator("#sessions-rows .name").allTextContents();
}

/** What a screen reader hears of the chart of packets. */
async function packetsHeard(page: Page): Promise<string | null> {
  return page.locator("#packets-chart").getAttribute("aria-description");
}

/** The picture of the chart. */
function drawing(page: Page): Promise<string> {
  return page.evaluate(`document.querySelector("#packets-chart canvas").toDataURL()`);
}

function endButton(page: Page, name: string): Locator {
  return page.getByRole("button", { name: `End the session of ${name}` });
}

describe("the sign-in page", () => {
  itInBrowser("says what is wrong with a token, and lets an administrator in", async () => {
    const served = await startConsoleApp();
    const watched = await openPage(served.url);
    const { page } = watched;
    await page.goto("/relay");
    await keepPicture(watched, "sign-in");
    expect(await page.locator("#complaint").textContent()).toBe("");
    const enter = async (token: string): Promise<void> => {
      await page.getByLabel("Token").fill(token);
      await page.keyboard.press("Enter");
    };
    await enter("<b>no token</b>");
    await page.getByText("the token is not valid").waitFor();
    await enter(await tokenFor("alice", { scope: "relay:register" }));
    await page.getByText("you lack the scope relay:admin").waitFor();
    await keepPicture(watched, "sign-in-refused");
    await enter(await adminToken());
    await page.getByText("Live", { exact: true }).waitFor();
    expect(await page.evaluate("document.cookie")).toBe("");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Token").waitFor();
    expect(await page.context().cookies()).toEqual([]);
    expect([...watched.faults, ...watched.strangers]).toEqual([]);
  });
});

describe("the console", () => {
  itInBrowser("says what the second port has answered, where there is one", async () => {
    const served = await startConsoleApp({ host: "127.0.0.1", stunPort: 0 });
    const { stunPort: port } = served.relay.address();
    const watched = await openPage(served.url);
    await signIn(watched, await adminToken());
    const said = watched.page.locator("#second-port");
    await expect.poll(() => said.textContent()).toBe(`second port ${port}: 0 answered`);
    const peer = await openPeer();
    peer.send(encodeBindingRequest({ transactionId: randomBytes(12) }), {
      address: "127.0.0.1",
      port: port!,
    });
    await expect.poll(() => said.textContent()).toBe(`second port ${port}: 1 answered`);
    await keepPicture(watched, "second-port");
  });

  itInBrowser("shows who talks, and a graph that moves", async () => {
    const served = await startBusyConsoleApp();
    const watched = await openPage(served.url);
    const { page } = watched;
    await signIn(watched, await adminToken());
    await expect.poll(() => names(page)).toHaveLength(4);
    await expect.poll(() => packetsHeard(page)).toMatch(/^[1-9]\d+ in user space, 0 in the kernel$/);
    const [first, heard] = [await drawing(page), await packetsHeard(page)];
    await expect.poll(() => drawing(page)).not.toBe(first);
    await expect.poll(() => packetsHeard(page)).not.toBe(heard);
    expect(await page.locator("#figure-sessions").textContent()).toBe("4");
    expect(await page.locator("#drops").textContent()).toMatch(/^no-address\d/);
    expect(await page.locator("#xdp-reason").textContent()).toBe(served.relay.stats().xdp.reason);
    await page.getByText("What the doctor says: ").click();
    expect(await page.locator("#doctor li").count()).toBeGreaterThan(2);
    const bob = page.getByRole("row").filter({ hasText: "bob" });
    expect(await bob.textContent()).toMatch(/^bob127\.0\.0\.1:\d+user/);
    const dave = page.getByRole("row").filter({ hasText: "dave" });
    expect(await dave.textContent()).toMatch(/not proven yet/);
    await expect.poll(() => dave.textContent()).toMatch(/0 B[1-9]\d* s0 B/);
    await page.getByText("the relay cannot tell").waitFor();
    expect([...watched.faults, ...watched.strangers]).toEqual([]);
  });

  itInBrowser("filters and sorts the sessions", async () => {
    const served = await startBusyConsoleApp();
    const watched = await openPage(served.url);
    const { page } = watched;
    await signIn(watched, await adminToken());
    await expect.poll(() => names(page)).toHaveLength(4);
    // The busiest is at both ends of most of what is sent.
    await expect.poll(async () => (await names(page))[0]).toBe("alice");
    await page.getByLabel("Which sessions come first").selectOption("Oldest first");
    await expect.poll(() => names(page)).toEqual(["alice", "bob", "carol", "dave"]);
    const heading = page.getByRole("columnheader", { name: "Name" });
    await heading.getByRole("button").focus();
    await page.keyboard.press("Enter");
    expect(await heading.getAttribute("aria-sort")).toBe("ascending");
    await page.keyboard.press("Enter");
    expect(await heading.getAttribute("aria-sort")).toBe("descending");
    expect(await names(page)).toEqual(["dave", "carol", "bob", "alice"]);
    await page.getByLabel("Filter by name or address").fill("O");
    await expect.poll(() => names(page)).toEqual(["carol", "bob"]);
    await page.getByLabel("Filter by name or address").fill("nobody has this");
    await page.getByText("No session has this in its name or address.").waitFor();
    expect(watched.faults).toEqual([]);
  });

  itInBrowser("ends a session once that is confirmed, and it is over at once", async () => {
    const served = await startBusyConsoleApp();
    const watched = await openPage(served.url);
    const { page } = watched;
    await signIn(watched, await adminToken());
    await endButton(page, "bob").click();
    const dialog = page.getByRole("dialog");
    await keepPicture(watched, "revocation");
    await dialog.getByRole("button", { name: "Keep it" }).click();
    expect(served.relay.stats().registrations).toBe(4);
    await endButton(page, "bob").click();
    await page.keyboard.press("Escape");
    expect(served.relay.stats().registrations).toBe(4);
    await endButton(page, "bob").click();
    await dialog.getByRole("button", { name: "End session" }).click();
    await dialog.waitFor({ state: "hidden" });
    expect(served.relay.stats().registrations).toBe(3);
    await expect.poll(() => names(page)).not.toContain("bob");
    await expect.poll(() => page.locator("#figure-sessions").textContent()).toBe("3");
    expect(watched.faults).toEqual([]);
  });

  itInBrowser("shows a name that is made of markup as text, and runs nothing of it", async () => {
    const served = await startConsoleApp();
    const hostile = [
      `<img src=x onerror="window.ran=1">`,
      `"><script>window.ran=1</script>`,
      `</td></tr><iframe srcdoc="<script>parent.ran=1</script>">`,
      "javascript:window.ran=1",
      "{folder}",
      "\u202Egnp.exe",
    ];
    const shown = [...hostile.slice(0, -1), "\\u{202e}gnp.exe"];
    for (const name of hostile) await register(served, name);
    const watched = await openPage(served.url);
    const { page } = watched;
    await signIn(watched, await adminToken());
    await page.getByLabel("Which sessions come first").selectOption("Oldest first");
    await expect.poll(() => names(page)).toEqual(shown);
    await endButton(page, hostile[0]!).click();
    expect(await page.locator("#revocation-subject").textContent()).toBe(hostile[0]);
    expect(await page.locator("main img, main iframe, main script, dialog img").count()).toBe(0);
    expect(await page.evaluate("window.ran")).toBeUndefined();
    await keepPicture(watched, "markup");
    expect([...watched.faults, ...watched.strangers]).toEqual([]);
  });

  itInBrowser("shows a hundred sessions at first, and more when asked", async () => {
    const served = await startConsoleApp();
    for (let n = 1; n <= 130; n++) await register(served, `peer ${n}`);
    const watched = await openPage(served.url);
    const { page } = watched;
    await signIn(watched, await adminToken());
    await expect.poll(() => page.locator("#sessions-rows tr").count()).toBe(100);
    await page.getByRole("button", { name: "Show more" }).click();
    await expect.poll(() => page.locator("#sessions-rows tr").count()).toBe(130);
    await page.getByRole("button", { name: "Show more" }).waitFor({ state: "hidden" });
  });

  itInBrowser("says that nobody is there, and that nothing was dropped", async () => {
    const watched = await openPage((await startConsoleApp()).url);
    await signIn(watched, await adminToken());
    await watched.page.getByText("Nobody is registered.").waitFor();
    await watched.page.getByText("Nothing was dropped.").waitFor();
    await keepPicture(watched, "empty");
  });
});

/** After which silence the page takes a stream for lost, and when it asks anew. */
const [silenceMs, retryMs] = [5000, 3000];

describe("the stream of figures", () => {
  itInBrowser("is said to be lost when it breaks, and comes back by itself", async () => {
    const served = await startConsoleApp();
    const watched = await openPage(served.url);
    const { page } = watched;
    await page.clock.install();
    await signIn(watched, await adminToken());
    await served.takeDown();
    await page.getByText("Connection lost, trying again").waitFor();
    await keepPicture(watched, "lost");
    await served.bringBack();
    await page.clock.fastForward(retryMs);
    await page.getByText("Live", { exact: true }).waitFor();
  });

  itInBrowser("says so where its scripts do not load, and not where they do", async () => {
    const { url } = await startConsoleApp();
    const overdue = "The scripts of this page did not load";
    const [broken, whole] = [await openPage(url), await openPage(url)];
    await broken.page.route("**/feed.js", (route) => route.fulfill({ status: 500, body: "" }));
    for (const { page } of [broken, whole]) {
      await page.goto("/relay");
      await page.getByLabel("Token").fill(await adminToken());
      await page.keyboard.press("Enter");
    }
    await whole.page.getByText("Live", { exact: true }).waitFor();
    await broken.page.getByText(overdue).waitFor();
    expect(await whole.page.getByText(overdue).isVisible()).toBe(false);
  });

  itInBrowser("is taken for lost when it falls silent, and asked for anew", async () => {
    let asked = 0;
    const app = new H3({ silent: true }).use("/relay/events", (_event, next) => {
      // A stream that is open and brings nothing, as of a relay that was unplugged.
      if (++asked > 1) return next();
      return new Response(new ReadableStream(), { headers: { "content-type": "text/event-stream" } });
    });
    const { page } = await openPage((await startConsoleApp({}, app)).url);
    await page.clock.install();
    await page.goto("/relay");
    await page.getByLabel("Token").fill(await adminToken());
    await page.keyboard.press("Enter");
    await page.getByText("Connecting").waitFor();
    await page.clock.fastForward(silenceMs);
    await page.getByText("Connection lost, trying again").waitFor();
    await page.clock.fastForward(retryMs);
    await page.getByText("Live", { exact: true }).waitFor();
    expect(asked).toBe(2);
  });

  itInBrowser("ends with the token, which the page says", async () => {
    const served = await startConsoleApp({
      auth: { secret, clockTolerance: 0 },
    });
    const watched = await openPage(served.url);
    // The browser is warm, and the token's life long enough to be seen in a busy machine.
    await watched.page.goto("/relay");
    await signIn(watched, await adminToken({ exp: Math.floor(Date.now() / 1000) + 8 }));
    await watched.page.getByText("Signed out: load the page again").waitFor();
    expect(watched.faults).toEqual([]);
  });
});

describe("the design", () => {
  itInBrowser("is light or dark as the system is, and changes with it", async () => {
    const served = await startBusyConsoleApp();
    const watched = await openPage(served.url, { colorScheme: "light" });
    const { page } = watched;
    await signIn(watched, await adminToken());
    await expect.poll(() => packetsHeard(page)).toMatch(/^[1-9]/);
    const background = (): Promise<string> =>
      page.evaluate("getComputedStyle(document.body).backgroundColor");
    const [light, drawn] = [await background(), await drawing(page)];
    await keepPicture(watched, "light", true);
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await background()).not.toBe(light);
    await expect.poll(() => drawing(page)).not.toBe(drawn);
    await keepPicture(watched, "dark", true);
    expect(watched.faults).toEqual([]);
  });

  itInBrowser("fits a phone, with nothing wider than its screen", async () => {
    const served = await startBusyConsoleApp();
    await register(served, `a peer with a name that is ${"very ".repeat(30)}long`);
    const watched = await openPage(served.url, {
      viewport: { width: 360, height: 780 },
      isMobile: true,
      hasTouch: true,
      deviceScaleFactor: 2,
    });
    const { page } = watched;
    await signIn(watched, await adminToken());
    await expect.poll(() => names(page)).toHaveLength(5);
    await expect.poll(() => packetsHeard(page)).toMatch(/^[1-9]/);
    await page.getByText("What the doctor says: ").tap();
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    for (const button of await page.getByRole("button").all())
      if (await button.isVisible()) expect((await button.boundingBox())!.height).toBeGreaterThanOrEqual(36);
    await page.evaluate("scrollTo(0, 0)");
    await keepPicture(watched, "phone", true);
    await endButton(page, "alice").tap();
    await keepPicture(watched, "phone-revocation");
    expect(watched.faults).toEqual([]);
  });
});
