import { describe, expect, it } from "vitest";
import { consolePage, signInPage } from "../../../src/console/pages.ts";

describe("the pages", () => {
  it("link to what lies in the console's folder, whatever is in front of it", () => {
    expect(consolePage("admin")).toContain('src="admin/main.js"');
    expect(signInPage("../admin", undefined)).toContain('action="../admin/session"');
    expect(consolePage("admin") + signInPage("admin", undefined)).not.toMatch(/\{\w+\}/);
  });

  it("have no script or style in their markup, which the policy would refuse", () => {
    const markup = consolePage("relay") + signInPage("relay", "no");
    expect(markup).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*src=)/);
  });

  it("show a complaint as text", () => {
    const page = signInPage("relay", `<img src=x onerror="alert('&')">`);
    expect(page).toContain("&lt;img src=x onerror=&quot;alert(&#39;&amp;&#39;)&quot;&gt;");
    expect(page).not.toContain("<img src=x");
  });

  it("show nothing of a relay before the user has signed in", () => {
    expect(signInPage("relay", undefined)).not.toMatch(/\d+\.\d+|native|dgram|quicpipe/);
  });
});
