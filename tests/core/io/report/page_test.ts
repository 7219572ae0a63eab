import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { buildPage, escapeHtml, type Page } from "../../../../core/io/report/page.ts";

const EMPTY: Page = { title: "t", lead: "l", sections: [] };

Deno.test("buildPage() makes a page that needs no network and no script", () => {
  const html = buildPage({
    ...EMPTY,
    sections: [{
      heading: "h",
      figures: [{ title: "f", panels: [{ svg: '<svg class="chart"></svg>', description: "d" }] }],
    }],
  });
  assertMatch(html, /^<!DOCTYPE html>\n<html lang="en">/);
  assertMatch(html, /<meta name="viewport"/);
  assertEquals(/<script|https?:|src=|@import/.test(html), false);
  assertStringIncludes(html, "prefers-color-scheme: dark");
});

Deno.test("buildPage() escapes every text that it is given", () => {
  fc.assert(fc.property(fc.string(), (core) => {
    const evil = `<b>${core}&"'`;
    const html = buildPage({
      title: evil,
      lead: evil,
      tiles: [{ value: evil, label: evil }],
      sections: [{
        heading: evil,
        text: [evil],
        tables: [{ columns: [evil], rows: [[evil, evil]], caption: evil }],
        figures: [{
          title: evil,
          panels: [{ svg: "", description: evil, title: evil }],
          legend: [{ label: evil, color: evil }, { label: evil, color: evil }],
          caption: evil,
        }],
      }],
      footer: evil,
    });
    // A tile's number is set in bold by the page itself.
    assertEquals(html.split("<b>").length - 1, 1);
    const inEach = evil.split("<b>").length - 1;
    assertEquals(html.split("&#60;b&#62;").length - 1, 20 * inEach);
  }));
});

Deno.test("escapeHtml() leaves nothing that HTML reads as markup", () => {
  assertEquals(escapeHtml(`a<b>&"'c`), "a&#60;b&#62;&#38;&#34;&#39;c");
});

Deno.test("buildPage() keeps the names inside drawings apart", () => {
  const svg = '<svg class="chart"><clipPath id="clip0"/><g clip-path="url(#clip0)"/></svg>';
  const panels = [{ svg, description: "a" }, { svg, description: "b" }];
  const html = buildPage({
    ...EMPTY,
    sections: [{ heading: "h", figures: [{ title: "f", panels }] }],
  });
  const ids = [...html.matchAll(/ id="([^"]*)"/g)].map((m) => m[1]!);
  const uses = [...html.matchAll(/url\(#([^)]*)\)/g)].map((m) => m[1]!);
  assertEquals(ids, ["g0-clip0", "g1-clip0"]);
  assertEquals(uses, ids);
});

Deno.test("buildPage() marks row and column headings and lines numbers up right", () => {
  const html = buildPage({
    ...EMPTY,
    sections: [{
      heading: "",
      tables: [{ columns: ["", "value"], rows: [["loss", "0.1"]], numeric: true }],
    }],
  });
  assertStringIncludes(html, '<th scope="col" class="right">value</th>');
  assertStringIncludes(html, '<th scope="row">loss</th><td class="right">0.1</td>');
  assert(!html.includes("<h2>"));
});

Deno.test("buildPage() draws a legend only where there is something to tell apart", () => {
  const figure = (count: number): string =>
    buildPage({
      ...EMPTY,
      sections: [{
        heading: "h",
        figures: [{
          title: "f",
          panels: [],
          legend: Array.from({ length: count }, (_, i) => ({ label: `s${i}`, color: "red" })),
        }],
      }],
    });
  assertEquals(figure(1).includes('<ul class="legend">'), false);
  assertEquals(figure(2).includes('<ul class="legend">'), true);
});
