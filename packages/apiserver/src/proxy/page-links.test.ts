import { expect, it } from "vitest";
import { rewriteLink, rewriteLinks, type ProxiedSite } from "./page-links.ts";

const site: ProxiedSite = { prefix: "/p/proxy", targetHost: "10.0.0.1:80", requestHost: "localhost:8001" };

it("leads links of the site through the proxy, and no others", () => {
  const cases: Record<string, string> = {
    "/login?next=/": "/p/proxy/login?next=/",
    "http://10.0.0.1:80/a": "/p/proxy/a",
    "//10.0.0.1:80/a": "/p/proxy/a",
    "http://localhost:8001/a": "http://localhost:8001/p/proxy/a",
    "/p/proxy/a": "/p/proxy/a",
    "a/b": "a/b",
    "#top": "#top",
    "http://example.com/a": "http://example.com/a",
    "http://10.0.0.1:80": "http://10.0.0.1:80",
    "mailto:a@example.com": "mailto:a@example.com",
    "": "",
  };
  for (const [link, wanted] of Object.entries(cases)) expect(rewriteLink(link, site)).toBe(wanted);
});

it("finds links where they stand in pages, and leaves everything else as it is", () => {
  const page = `<!doctype html><!-- <a href="/no"> --><HTML><head><title><a href="/no"></title>
<script src='/app.js'>if (1 < 2) "<a href='/no'>"</script><LINK rel=x HREF=/style.css></head>
<body data-x="/no" background = "/b.png"><a title="<" href="/a?b=1&amp;c">/no</a><img src="/i.png"/><form action="">1 < 2</form></body>`;
  expect(rewriteLinks(page, site)).toBe(
    page
      .replace("'/app.js'", "'/p/proxy/app.js'")
      .replace("=/style.css", "=/p/proxy/style.css")
      .replace('"/b.png"', '"/p/proxy/b.png"')
      .replace('"/a?b', '"/p/proxy/a?b')
      .replace('"/i.png"', '"/p/proxy/i.png"'),
  );
});

it("gives up on markup that has no end, without looking at it again and again", () => {
  for (const broken of ['<a href="/x', "<!-- <a href='/x'>", "<a href", "<", "<a =", "<script><a href='/x'>"])
    expect(rewriteLinks(broken, site)).toBe(broken);
  const many = '<a "'.repeat(200_000);
  expect(rewriteLinks(many, site)).toBe(many);
  const unclosed = "<a ".repeat(200_000);
  expect(rewriteLinks(unclosed, site)).toBe(unclosed);
});
