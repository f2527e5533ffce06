from __future__ import annotations

import pytest
from playwright.sync_api import expect

from debugpanel.exporters.database import DatabaseExporter
from debugpanel.testing import capture_trace
from tests.viewer.seeding import client_of_a_reader, plain_trace, rich_trace

pytestmark = [
    pytest.mark.needs_chromium,
    pytest.mark.django_db(transaction=True, databases=["default", "debugpanel"]),
]

LIST = "/admin/debugpanel/trace/"
LOOKS = [(width, scheme) for width in (1280, 375) for scheme in ("light", "dark")]


@pytest.fixture
def traces():
    """Real requests, recorded and stored as on a site, beside some that hold everything."""
    client = client_of_a_reader()
    with capture_trace() as captured:
        client.get("/admin/")
        client.get("/host/queries/9/")
    recorded = [*captured.traces, rich_trace(), plain_trace(ago_s=90, status=500, reason="error")]
    for trace in captured.traces:
        trace.reason = "random"
    exporter = DatabaseExporter()
    assert exporter.write(recorded) == len(recorded)
    exporter.close()
    return recorded


def addresses(traces):
    return [LIST, *(f"{LIST}{trace.hex_id}/change/" for trace in traces), f"{LIST}x/change/"]


def overflow(page):
    return page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_no_page_complains_under_the_strict_policy_or_scrolls_sideways(
    visit, traces, width, scheme
):
    reader = visit(width=width, scheme=scheme)
    for address in addresses(traces):
        page = reader.to(address)
        assert overflow(page) == 0, address
    assert [line for line in reader.complaints if "404" not in line] == []


def test_a_stored_request_is_found_and_opened(visit, traces):
    page = visit().to(LIST)
    page.fill("#searchbar", "/host/queries")
    page.press("#searchbar", "Enter")
    page.click("#result_list tbody th a")
    expect(page.locator("h1")).to_contain_text("host/queries")
    expect(page.locator("#dp-sql .dp-statements > li").first).to_be_visible()


def test_a_folded_row_opens_without_any_script(visit, traces):
    page = visit().to(f"{LIST}{traces[-2].hex_id}/change/")
    inside = page.locator(".dp-fold ol .dp-row")
    expect(inside.first).to_be_hidden()
    page.click(".dp-fold > summary")
    expect(inside.first).to_be_visible()
    assert inside.count() == 51


def test_bars_lie_inside_their_track(visit, traces):
    page = visit(width=375).to(f"{LIST}{traces[-2].hex_id}/change/")
    outside = page.evaluate(
        """[...document.querySelectorAll(".dp-waterfall rect")].filter(bar => {
            const track = bar.closest("svg").getBoundingClientRect();
            const box = bar.getBoundingClientRect();
            return track.width && (box.left < track.left - 1 || box.right > track.right + 1
                || box.width < 1);
        }).length"""
    )
    assert outside == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(visit, traces, scheme):
    page = visit(scheme=scheme).to(f"{LIST}{traces[-2].hex_id}/change/")
    assert page.evaluate(CONTRAST) == []


# Every text on the page whose contrast with its ground is below 4.5 (WCAG 1.4.3). A canvas turns
# any colour into numbers; grounds that let shine through are laid over each other.
CONTRAST = """
() => {
  const context = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const over = (colours) => {
    context.clearRect(0, 0, 1, 1);
    for (const colour of colours) { context.fillStyle = colour; context.fillRect(0, 0, 1, 1); }
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => rgb.map(part => part / 255)
    .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const grounds = (element) => {
    const found = [];
    for (let at = element; at; at = at.parentElement)
      found.unshift(getComputedStyle(at).backgroundColor);
    return found;
  };
  const failing = new Set();
  for (const element of document.querySelectorAll(".dp-page *")) {
    const hasText = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!hasText || !element.checkVisibility() || element.closest("svg")) continue;
    const ground = grounds(element), style = getComputedStyle(element);
    const pair = [light(over(ground)), light(over([...ground, style.color]))].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (ratio < 4.5) failing.add(`${element.className || element.tagName} ${ratio.toFixed(1)}`);
  }
  return [...failing];
}
"""
